"""What the outside gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading


class PriceSource(Protocol):
    """An exchange or aggregator that quotes prices.  All raise SourceUnavailable."""

    @property
    def name(self) -> str: ...

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        """The last traded price of each asset, stamped with the time the source gives it."""

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        """Candles oldest first: the newest `limit`, or `limit` from `start` on.

        The last one may still be open: the caller cuts by `close_time`.
        """


class Trades(Protocol):
    """Where fills get their price."""

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        """The first trade at or after `after`; SourceUnavailable while there is none."""


class SeriesSource(Protocol):
    """A source of readings (on-chain, macro or sentiment).  Raises SourceUnavailable."""

    @property
    def name(self) -> str: ...

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """All readings whose period starts at or after `since`, oldest first in each series.

        `now` (the slot) becomes their `vintage`.  Missing values are left out, not filled.
        """
