"""Glassnode does not answer, and then nor does what stands in for it (description 9.1).

The first run is at 20:00.  Then Glassnode shows a page that says sorry, and an hour later Coin
Metrics does the same, so that on-chain values get older and older.  Two days on they are used with
their age; beyond three days the run at 04:00 has to do without.  Then both answer again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from automoney import wiring
from infra.local.drills.stage import Stage, staged

TITLE = "Glassnode does not answer (description 9.1)"

_ASSET = "BTC"  # of the other one Glassnode has nothing in its recorded years
_START = datetime(2020, 4, 20, 20, tzinfo=UTC)
_DAYS = 3 + 4 / 24  # from 20:00 on, to a midnight
_OLD, _STALE, _MENDED = 48, 56, 60  # hours from the first slot: cached, too old, whole again
_USUAL, _DEGRADED = "40/40/20", "50/20/30"


async def drill() -> Stage:
    async with staged(days=_DAYS, start=_START, assets=(_ASSET,)) as stage:
        whole = await stage.run(0)
        keyed = stage.runtime.world.glassnode_until is not None
        first = "glassnode" if keyed else "coinmetrics"
        stage.check(
            "Before: on-chain values are fresh, and the agents weigh 40/40/20",
            _weights(whole) == _USUAL and _by(whole) == {first},
            f"weights {_weights(whole)}, on-chain values by {', '.join(_by(whole))}",
        )
        await _fallback(stage, keyed=keyed)
        await _cached(stage)
        await _degraded(stage, whole)
        await _mended(stage)
    return stage


async def _fallback(stage: Stage, *, keyed: bool) -> None:
    if not keyed:
        return  # this world has no Glassnode, and is asked through Coin Metrics anyway
    await _break(stage, "glassnode")
    await stage.play(1)
    health = (await stage.get("/api/health"))["sources"]["collect_onchain"]
    stage.check(
        "Glassnode fails alone: Coin Metrics is asked instead",
        (health["outcome"], health["source"]) == ("ok", "coinmetrics"),
        f"the collection at {health['at']} was {health['outcome']} from {health['source']}",
    )


async def _cached(stage: Stage) -> None:
    await _break(stage, "coinmetrics")
    await stage.play(_OLD)
    health = (await stage.get("/api/health"))["sources"]["collect_onchain"]
    warned = [one.subject for one in stage.alerts if "collect_onchain failed" in one.subject]
    stage.check(
        "Coin Metrics fails too: three failures in a row are a warning",
        health["outcome"] == "failed" and "3 times" in (warned or [""])[0],
        f"{health['failedInARow']} failures in a row; {len(warned)} warnings,"
        f" the first: {(warned or ['none'])[0]}",
    )
    run, market = await stage.run(_OLD), await stage.get(f"/api/market/{_ASSET}")
    ages = [one["ageHours"] for one in _onchain(run)]
    cached = wiring.redis().get("market:data:onchain:latest")
    stage.check(
        "The values of last time are used, cached in Redis, and tell their age",
        _weights(run) == _USUAL and min(ages) > 24 and bool(market["onchain"]) and bool(cached),
        f"the run of {run['slot']} took {len(ages)} values of {min(ages):g} to {max(ages):g} h at"
        f" weights {_weights(run)}; the API shows {', '.join(market['onchain'])};"
        f" Redis has {'them' if cached else 'nothing'}",
    )


async def _degraded(stage: Stage, whole: Mapping[str, Any]) -> None:
    await stage.play(_STALE)
    run = await stage.run(_STALE)
    asset, term = run["assets"][_ASSET], _terms(run)["onchain"]
    stale = [one["name"] for one in _onchain(run) if one["stale"]]
    stage.check(
        "Older than three days they are stale, and the run is marked degraded",
        run["status"] == "judged" and asset["degraded"] and bool(stale),
        f"run of {run['slot']}: {run['status']}, degraded {asset['degraded']};"
        f" stale: {', '.join(stale)}",
    )
    stage.check(
        "On-chain counts 20 % in place of 40 %, macro 50 %, technical 30 %",
        _weights(run) == _DEGRADED,
        f"weights {_weights(whole)} -> {_weights(run)}",
    )
    slot, judged = _time(run["slot"]), _time(term["judgedAt"])
    stage.check(
        "The last good on-chain score is used again, with its age",
        term["usedAgain"] and judged < slot,
        f"score {term['score']:+.2f}, judged at {term['judgedAt']},"
        f" {(slot - judged).total_seconds() / 3600:g} h before",
    )
    others = [_terms(run)[agent] for agent in ("macro", "technical")]
    stage.check(
        "The other agents judge as ever",
        not any(one["usedAgain"] for one in others),
        ", ".join(f"{one['agent']} {one['score']:+.2f} of {one['judgedAt']}" for one in others),
    )


async def _mended(stage: Stage) -> None:
    await stage.client.delete(_faults(stage))
    stage.say("both answer again")
    await stage.play(_MENDED)
    run = await stage.run(_MENDED)
    stage.check(
        "Mended: the next run judges by fresh values at 40/40/20 again",
        _weights(run) == _USUAL and not run["assets"][_ASSET]["degraded"],
        f"run of {run['slot']}: weights {_weights(run)}, on-chain by {', '.join(_by(run))}",
    )


async def _break(stage: Stage, source: str) -> None:
    """A page for people where JSON is due: what a service shows while it is down."""
    answer = await stage.client.post(_faults(stage), json={"source": source, "kind": "html"})
    answer.raise_for_status()
    stage.say(f"{source} is broken")


def _faults(stage: Stage) -> str:
    url = stage.runtime.world.environment["AUTOMONEY_GLASSNODE_URL"]
    return f"{url.rpartition('/')[0]}/_faults"


def _weights(run: Mapping[str, Any]) -> str:
    """Macro, on-chain and technical in percent."""
    return "/".join(f"{float(one['weight']) * 100:.0f}" for one in _terms(run).values())


def _terms(run: Mapping[str, Any]) -> dict[str, Any]:
    return {one["agent"]: one for one in run["weighing"][_ASSET]["terms"]}


def _onchain(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in run["data"] if one["source"] == "onchain"]


def _by(run: Mapping[str, Any]) -> set[str]:
    return {one["by"] for one in _onchain(run)}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
