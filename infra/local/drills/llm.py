"""No language model answers (description 9.3): first one of two providers fails, then both do.

The models are served on loopback in the providers' own wire formats.  The rules are not in the
order of fallback here, or they would judge and nothing would stop.  The first time the models come
back by themselves and a probe finds them; the second time ops resume the strategy.
"""

import asyncio
from typing import Any

from automoney.model_settings import ModelSettings
from automoney.trading.strategies import HODL_WAVE
from infra.local.drills.model_server import BEDROCK, BEDROCK_MODEL, OPENAI, ModelServer
from infra.local.drills.stage import Stage, staged
from infra.local.runtime import DEMO_USER

TITLE = "No language model answers (description 9.3)"

_DAYS = 2.0
_LEFT_ALONE = 1.1  # seconds that a failed provider is left alone here, and a little more
_MODEL = ModelSettings().openai_model
_PAUSE = f"/api/strategies/{HODL_WAVE.id}/pause"
_RESUME = f"/api/strategies/{HODL_WAVE.id}/resume"


async def drill() -> Stage:
    with ModelServer() as models:
        async with staged(days=_DAYS, environment=models.environment) as stage:
            run = await stage.run(0)
            stage.check(
                "Before: a model judges",
                run["status"] == "judged" and _judges(run) == {f"{OPENAI}/{_MODEL}"},
                f"run of {run['slot']}: judged by {', '.join(_judges(run))}, for ${run['cost']}",
            )
            await _one_fails(stage, models)
            await _all_fail(stage, models)
            await _stays_paused(stage, models)
            await _probe(stage, models)
            await _by_hand(stage, models)
    return stage


async def _one_fails(stage: Stage, models: ModelServer) -> None:
    models.down = frozenset({OPENAI})
    stage.say(f"{OPENAI} is down")
    await stage.play(4)
    run = await stage.run(4)
    stage.check(
        "One provider fails: the next one is asked",
        run["status"] == "judged" and _judges(run) == {f"{BEDROCK}/{BEDROCK_MODEL}"},
        f"run of {run['slot']}: judged by {', '.join(_judges(run))}",
    )


async def _all_fail(stage: Stage, models: ModelServer) -> None:
    models.down = frozenset({OPENAI, BEDROCK})
    stage.say("both are down")
    await asyncio.sleep(_LEFT_ALONE)
    await stage.play(8)
    run = await stage.run(8)
    stage.check(
        "All fail: the run is aborted, and nobody's money moves",
        run["status"] == "aborted" and run["part"] is None,
        f"run of {run['slot']}: {run['status']}, {run['reason']}",
    )
    pause = (await stage.get(_PAUSE))["strategy"]
    stage.check(
        "The strategy is paused by the engine, with the reason",
        pause["paused"] and pause["author"] == "engine",
        f"paused since {pause['since']} by {pause['author']}: {pause['reason']}",
    )
    scores = await stage.get("/api/agents/scores")
    stage.check(
        "The last scores are shown, marked stale",
        scores["stale"] and scores["executionId"].endswith("T04:00Z"),
        f"scores of {scores['executionId']}, stale {scores['stale']}",
    )


async def _stays_paused(stage: Stage, models: ModelServer) -> None:
    asked = models.asked.total()
    for hours in (12, 16):
        await asyncio.sleep(_LEFT_ALONE)
        await stage.play(hours)
    missing = [(await stage.run(hours)).get("status") for hours in (12, 16)]
    probes = models.asked.total() - asked
    stage.check(
        "The next slots are not judged; each is a probe whether a model answers",
        missing == [404, 404] and 2 <= probes <= 4,
        f"no run at {stage.slot(12):%H:%M} and {stage.slot(16):%H:%M}; {probes} requests of some"
        " tokens to the models",
    )
    paused = [one for one in stage.critical() if "paused" in one]
    stage.check(
        "Somebody is woken, once (critical alert)",
        len(paused) == 1,
        "; ".join(paused) or "nobody",
    )
    failing = [one for one in stage.critical() if "failed 5 times in a row" in one]
    stage.check(
        "Five failures of a provider in a row are a critical alert of their own",
        len(failing) == len(set(failing)) > 0,
        "; ".join(failing) or "none came",
    )


async def _probe(stage: Stage, models: ModelServer) -> None:
    models.down = frozenset()
    stage.say("both answer again")
    await asyncio.sleep(_LEFT_ALONE)
    await stage.play(20)
    run, pause = await stage.run(20), (await stage.get(_PAUSE))["strategy"]
    scores = await stage.get("/api/agents/scores")
    ended = pause["log"][0]
    stage.check(
        "A model answers: the probe resumes the strategy, and that slot is judged",
        not pause["paused"] and ended["endedBy"] == "engine" and run["status"] == "judged",
        f"resumed at {ended['ended']} by {ended['endedBy']} ({ended['endedBecause']}); run of"
        f" {run['slot']}: {run['status']}",
    )
    stage.check(
        "Scores are not stale any more",
        not scores["stale"] and scores["executionId"] == run["executionId"],
        f"scores of {scores['executionId']}, stale {scores['stale']}",
    )


async def _by_hand(stage: Stage, models: ModelServer) -> None:
    models.down = frozenset({OPENAI, BEDROCK})
    stage.say("both are down again")
    await stage.play(24)
    before = (await stage.get(_PAUSE))["strategy"]
    models.down = frozenset()
    stage.say("both answer again, and ops do not wait for the probe")
    headers = stage.bearer(DEMO_USER, "ops")
    wish = {"reason": "the models are back", "scope": "strategy"}
    answer = await stage.client.post(_RESUME, json=wish, headers=headers)
    after = answer.json()["strategy"]
    await asyncio.sleep(_LEFT_ALONE)
    await stage.play(28)
    run = await stage.run(28)
    stage.check(
        "Ops resume it by hand, and the next slot is judged",
        before["paused"] and not after["paused"] and run["status"] == "judged",
        f"paused again at {before['since']}; resumed by {after['log'][0]['endedBy']}; run of"
        f" {run['slot']}: {run['status']} by {', '.join(_judges(run))}",
    )


def _judges(run: dict[str, Any]) -> set[str]:
    """The models whose scores counted; `rules` where it was them."""
    assets = (run.get("assets") or {}).values()
    return {score["model"] or "rules" for one in assets for score in one["scores"].values()}
