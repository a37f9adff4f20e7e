"""How it is doing: the stores, and how old each source's last answer is.  Needs no token."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter

from automoney.api.examples import HEALTH
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.ports import CacheUse, Tally

router = APIRouter(tags=["health"])

_DAY = timedelta(days=1)


@router.get("/health", summary="How the system is doing", responses=example(HEALTH))
async def health(services: Here) -> Reply:
    """`degraded` when a store does not answer or a collector's last try failed.

    `success24h` is the share of a collector's slots of the last day at which a source gave data.
    `cache` counts reads since it was first used: `hitRate` is null before the first.
    """
    database, use = services.check_database(), services.cache.use()
    sources = _sources(services) if database else {}
    failed = [name for name, one in sources.items() if one["outcome"] != "ok"]
    return Reply(
        {
            "status": "ok" if database and use is not None and not failed else "degraded",
            "world": services.settings.world,
            "marketTime": services.market_clock(),
            "database": "ok" if database else "unreachable",
            "cache": _cache(use),
            "sources": sources,
        }
    )


def _cache(use: Mapping[str, CacheUse] | None) -> dict[str, Any]:
    kinds = (use or {}).values()
    whole = CacheUse(
        sum(one.hits for one in kinds),
        sum(one.misses for one in kinds),
        sum(one.rebuilds for one in kinds),
        sum(one.failures for one in kinds),
    )
    return {
        "status": "unreachable" if use is None else "ok",
        **_counts(whole),
        "kinds": {kind: _counts(one) for kind, one in (use or {}).items()},
    }


def _counts(use: CacheUse) -> dict[str, Any]:
    return {
        "hits": use.hits,
        "misses": use.misses,
        "rebuilds": use.rebuilds,
        "failures": use.failures,
        "hitRate": None if use.hit_rate is None else round(use.hit_rate, 4),
    }


def _sources(services: Services) -> dict[str, dict[str, Any]]:
    """Per collector its newest try.  Why one failed stays in the log: anyone may ask for this."""
    now = services.market_clock()
    tallies = services.collections.success(since=now - _DAY, by=now)
    return {
        collector: {
            "source": newest["source"],
            "outcome": newest["outcome"],
            "at": newest["slot_at"],
            "ageSeconds": _age(newest["slot_at"], now),
            **_run_of_failures(collector, newest, now, services),
            "success24h": _rounded(tallies.get(collector)),
        }
        for collector, newest in sorted(services.collections.health().items())
    }


def _run_of_failures(
    collector: str, newest: Mapping[str, Any], now: datetime, services: Services
) -> dict[str, Any]:
    """How long it has been failing, which is looked up only when it is."""
    if newest["outcome"] == "ok":
        return {"failedInARow": 0, "okAgeSeconds": _age(newest["slot_at"], now)}
    ok = services.collections.last_ok(collector, as_of=now)
    return {
        "failedInARow": services.collections.failed_in_a_row(collector, up_to=now),
        "okAgeSeconds": None if ok is None else _age(ok, now),
    }


def _age(moment: datetime, now: datetime) -> int:
    return int((now - moment).total_seconds())


def _rounded(tally: Tally | None) -> float | None:
    return None if tally is None or tally.share is None else round(tally.share, 4)
