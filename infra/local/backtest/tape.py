"""The prices of a recording as the price collector's ticks would have seen them.

Every five minutes a tick sees the newest trade: the open of the finest bar in progress, or, where
no bar is, the last close.  It also keeps the close of each hour that is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.errors import SourceUnavailable
from automoney.market.candles import Mark
from infra.local.backtest.candle_history import (
    RecordedCandles,
    jumped,
    opened_at,
    price,
)
from infra.local.world.as_of import MILLISECOND
from infra.local.world.bars import Bars
from infra.local.world.clock import Micros, micros, moment

type _Price = tuple[int, Micros, bool]
"""In hundred-millionths, when it was traded, and whether it is anomalous."""

_LONGEST_OUTAGE = timedelta(hours=48)  # as far as `sources.binance` looks for a first trade


@dataclass(frozen=True, slots=True)
class RecordedTape:
    """One asset's marks: `bars` are its finest, `hours` its stored hours."""

    asset: str
    source: str
    bars: Bars
    hours: RecordedCandles

    def before(self, as_of: datetime) -> Mark | None:
        """The newest that a tick at or before `as_of` had kept, strictly before it."""
        at = micros(as_of)
        seen, hour = self._seen(at), self._hour(at)
        if seen is None or (hour is not None and hour[1] > seen[1]):
            return None if hour is None else self._mark(*hour)
        return self._mark(*seen)

    def first_trade(self, after: datetime) -> Mark:
        """The first price at or after `after`; SourceUnavailable if there is none for two days."""
        index = self.bars.opened_before(micros(after))
        if index < len(self.bars) and self.bars.opens[index] < micros(after + _LONGEST_OUTAGE):
            return self._mark(self.bars.open[index], self.bars.opens[index], False)
        raise SourceUnavailable(self.source, f"no trade of {self.asset} at or after {after}")

    def _seen(self, at: Micros) -> _Price | None:
        bars = self.bars
        index = bars.opened_before(at) - 1
        if index < 0:
            return None
        opened, end = bars.open[index], bars.ends[index]
        if end < at or (end == at and not opened_at(bars, index + 1, at)):  # a tick found no bar
            close = bars.close[index]
            return close, end - MILLISECOND, jumped(close, opened)
        anomalous = index > 0 and jumped(opened, self._last_seen_before(index))
        return opened, bars.opens[index], anomalous

    def _last_seen_before(self, index: int) -> int:
        """The price that ticks saw last before the bar of that index."""
        bars = self.bars
        gap = bars.ends[index - 1] < bars.opens[index]
        return bars.close[index - 1] if gap else bars.open[index - 1]

    def _hour(self, at: Micros) -> _Price | None:
        hours = self.hours
        bars = hours.columns
        index = bars.closed(at) - 1
        while index >= 0 and hours.is_filled(index):
            index -= 1
        if index < 0:
            return None
        return bars.close[index], bars.ends[index] - MILLISECOND, hours.is_anomalous(index)

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
