"""The prices of a recording as the price collector's ticks would have seen them.

Every five minutes a tick sees the newest trade: the open of the finest bar in progress, or, where
no bar is, the last close.  It also keeps the close of each hour that is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from automoney.errors import SourceUnavailable
from automoney.market.candles import Mark
from infra.local.backtest.candle_history import RecordedCandles, jumped, price
from infra.local.backtest.searching import first_from
from infra.local.world.as_of import MILLISECOND
from infra.local.world.bars import Bars
from infra.local.world.clock import HOUR, Micros, micros, moment

type _Price = tuple[int, Micros, bool]
"""In hundred-millionths, when it was traded, and whether it is anomalous."""

_LONGEST_OUTAGE = 48 * HOUR  # as far as `sources.binance` looks for a first trade


class RecordedTape:
    """One asset's marks: `bars` are its finest, `hours` its stored hours."""

    __slots__ = (
        "_at",
        "_following",
        "_hour_ends",
        "_moment",
        "_opens",
        "_over",
        "asset",
        "bars",
        "hours",
        "source",
    )

    def __init__(self, asset: str, source: str, bars: Bars, hours: RecordedCandles) -> None:
        self.asset, self.source, self.bars, self.hours = asset, source, bars, hours
        # Lists are searched three times as fast as arrays, whose numbers are made when looked at.
        self._opens, self._hour_ends = bars.opens.tolist(), hours.columns.ends.tolist()
        self._moment: datetime | None = None
        self._at = self._following = self._over = 0

    def before(self, as_of: datetime) -> Mark | None:
        """The newest that a tick at or before `as_of` had kept, strictly before it."""
        self._go_to(as_of)
        seen, hour = self._seen(self._at), self._hour()
        if seen is None or (hour is not None and hour[1] > seen[1]):
            return None if hour is None else self._mark(*hour)
        return self._mark(*seen)

    def first_trade(self, after: datetime) -> Mark:
        """The first price at or after `after`; SourceUnavailable if there is none for two days."""
        self._go_to(after)
        at, index = self._at, self._following
        if index < len(self._opens) and self._opens[index] < at + _LONGEST_OUTAGE:
            opened = self._opens[index]
            traded = after if opened == at else moment(opened)
            return Mark(self.asset, price(self.bars.open[index]), traded, self.source)
        raise SourceUnavailable(self.source, f"no trade of {self.asset} at or after {after}")

    def _go_to(self, time: datetime) -> None:
        """Find out how many bars opened before, and how many hours are over.

        A slot is asked about twice.
        """
        if time is not self._moment:
            self._moment, self._at = time, micros(time)
            self._following = first_from(self._opens, self._at, self._following)
            self._over = first_from(self._hour_ends, self._at + 1, self._over)

    def _seen(self, at: Micros) -> _Price | None:
        bars, opens = self.bars, self._opens
        following = self._following
        if not following:
            return None
        index = following - 1
        opened, end = bars.open[index], bars.ends[index]
        begins = following < len(opens) and opens[following] == at
        if end < at or (end == at and not begins):  # a tick found no bar
            close = bars.close[index]
            return close, end - MILLISECOND, jumped(close, opened)
        anomalous = index > 0 and jumped(opened, self._last_seen_before(index))
        return opened, opens[index], anomalous

    def _last_seen_before(self, index: int) -> int:
        """The price that ticks saw last before the bar of that index."""
        bars = self.bars
        gap = bars.ends[index - 1] < self._opens[index]
        return bars.close[index - 1] if gap else bars.open[index - 1]

    def _hour(self) -> _Price | None:
        hours, ends = self.hours, self._hour_ends
        index = self._over - 1
        while index >= 0 and hours.is_filled(index):
            index -= 1
        if index < 0:
            return None
        return hours.columns.close[index], ends[index] - MILLISECOND, hours.is_anomalous(index)

    def _mark(self, number: int, at: Micros, anomalous: bool) -> Mark:
        return Mark(self.asset, price(number), moment(at), self.source, anomalous)


@dataclass(frozen=True, slots=True)
class RecordedTrades:
    """Meets `ports.Trades`."""

    tapes: Mapping[str, RecordedTape]

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        return self.now(asset, after)

    def now(self, asset: str, after: datetime) -> Mark:
        """`first_trade`, for who does not have to wait for it."""
        return self.tapes[asset].first_trade(after)
