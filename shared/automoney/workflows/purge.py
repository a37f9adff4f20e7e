"""Purge: drop what is not kept (description 3.3.2), what is over, and what is orphaned in Redis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from automoney.market.tracking import KEPT_FOR
from automoney.observability import logger
from automoney.ports import Candles, Leftovers, MarketCache, Marks
from automoney.schedule import Slot

MARKS_KEPT = timedelta(days=3)
BUDGETS_KEPT = timedelta(days=2)  # longer than any span that calls are counted over
EVENTS_KEPT = timedelta(days=7)  # how long a client may stay away and still miss nothing
SPENDING_KEPT = timedelta(days=35)  # money of a day or a run, long after both are over


@dataclass(frozen=True, slots=True)
class Purge:
    """Drops what of `assets` and the rest nobody reads any more.

    The market's data goes by the slot, what sources asked of us by `wall`, which they go by.
    """

    assets: Sequence[str]
    marks: Marks
    candles: Candles
    leftovers: Leftovers
    cache: MarketCache

    def run(self, slot: Slot, *, wall: datetime) -> dict[str, Any]:
        """`purged` says how many of each went, and how many bytes the keys of the cache took.

        Without Redis only Postgres is purged, and `cache` says `unreachable`.
        """
        purged = {
            "marks": self.marks.purge(before=slot.at - MARKS_KEPT),
            **{
                f"{timeframe.value}Candles": self.candles.purge(timeframe, before=slot.at - kept)
                for timeframe, kept in KEPT_FOR.items()
            },
            "breakers": self.leftovers.purge_breakers(before=wall),
            "budgets": self.leftovers.purge_budgets(before=wall - BUDGETS_KEPT),
            "events": self.leftovers.purge_events(before=slot.at - EVENTS_KEPT),
            "spending": self.leftovers.purge_spending(before=wall - SPENDING_KEPT),
        }
        keys = self.cache.purge(self.assets)
        if keys is None:
            logger.warning("the cache was not purged: it does not answer")
            return {"purged": purged, "cache": "unreachable"}
        purged |= {
            "unknownKeys": keys.unknown,
            "undyingKeys": keys.undying,
            "garbledKeys": keys.garbled,
            "bytes": keys.bytes,
        }
        return {"purged": purged, "cache": "ok"}
