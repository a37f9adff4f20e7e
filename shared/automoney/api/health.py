"""How it is doing: the stores, and how old each source's last answer is.  Needs no token."""

from typing import Any

from fastapi import APIRouter

from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services

router = APIRouter(tags=["health"])

_EXAMPLE = {
    "status": "ok",
    "world": "live",
    "marketTime": "2025-11-05T12:01:30Z",
    "database": "ok",
    "cache": "ok",
    "sources": {
        "collect_prices": {
            "source": "binance",
            "outcome": "ok",
            "at": "2025-11-05T12:00:00Z",
            "ageSeconds": 90,
        }
    },
}


@router.get("/health", summary="How the system is doing", responses=example(_EXAMPLE))
async def health(services: Here) -> Reply:
    """`degraded` when a store does not answer or a collector's last try failed."""
    database, cache = services.check_database(), services.check_cache()
    sources = _sources(services) if database else {}
    failed = [name for name, one in sources.items() if one["outcome"] != "ok"]
    return Reply(
        {
            "status": "ok" if database and cache and not failed else "degraded",
            "world": services.settings.world,
            "marketTime": services.market_clock(),
            "database": "ok" if database else "unreachable",
            "cache": "ok" if cache else "unreachable",
            "sources": sources,
        }
    )


def _sources(services: Services) -> dict[str, dict[str, Any]]:
    """Per collector its newest try.  Why one failed stays in the log: anyone may ask for this."""
    now = services.market_clock()
    return {
        collector: {
            "source": newest["source"],
            "outcome": newest["outcome"],
            "at": newest["slot_at"],
            "ageSeconds": int((now - newest["slot_at"]).total_seconds()),
        }
        for collector, newest in sorted(services.collections.health().items())
    }
