"""Open bars and their indicators slot after slot: each bar is taken in once, when it closes.

The same bars go into the same `IndicatorState` and the same `open_bar` as in a live run, which
reads them back from stores; only what lies inside the open bar is added up beforehand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from automoney.market.candles import Mark, Timeframe
from automoney.market.indicators import prices
from automoney.market.snapshot import Outlook
from automoney.market.tracking import TRACKED, built_from, open_bar
from automoney.workflows.outlooks import check_days, no_bar
from infra.local.backtest.candle_history import RecordedCandles, price
from infra.local.backtest.closed_state import ClosedState
from infra.local.world.bars import DURATIONS
from infra.local.world.clock import Micros, micros, moment

type Key = tuple[str, Timeframe]


class _Stretch:
    """Closed bars inside the open one, added up: a `tracking.Part` that goes on from bar to bar.

    Prices are compared as whole numbers; as decimals they are made anew only when they change.
    """

    __slots__ = ("_high", "_low", "_volume", "anomalous", "high", "low", "open", "volume")

    def __init__(self, bars: RecordedCandles, first: int, stop: int) -> None:
        """The bars from `first` to before `stop`, of which there is at least one."""
        columns = bars.columns
        self._high, self._low = columns.high[first], columns.low[first]
        self._volume, self.anomalous = 0, False
        self.open = price(columns.open[first])
        self.high, self.low = price(self._high), price(self._low)
        self.volume: Decimal | None = None
        self.add(bars, first, stop)

    def add(self, bars: RecordedCandles, first: int, stop: int) -> None:
        """And those that follow, at least one."""
        columns = bars.columns
        high, low = max(columns.high[first:stop]), min(columns.low[first:stop])
        if high > self._high:
            self._high, self.high = high, price(high)
        if low < self._low:
            self._low, self.low = low, price(low)
        self._volume += sum(columns.volume[first:stop])
        self.volume = price(self._volume)
        self.anomalous = self.anomalous or bars.has_anomaly(first, stop)


@dataclass(slots=True)
class _Frame:
    """One asset's timeframe: its closed state, and what follows from it until the next bar closes.

    `inside` adds up what has closed in the open bar: the days of a week, and the hours before
    `next_hour`, the index of the first one that has not been added.
    """

    closed: ClosedState
    hours: RecordedCandles
    opens: datetime | None = None
    known_until: datetime | None = None
    inside: _Stretch | None = None
    next_hour: int = 0
    at: Micros = 0

    def go_to(self, as_of: datetime, at: Micros) -> None:
        """Bring everything to `at`."""
        if self.closed.go_to(as_of, at) or at < self.at:
            self._begin()
        self.at = at
        first, stop = self.next_hour, self.hours.known_by(at, self.next_hour)
        if first < stop:
            if self.inside is None:
                self.inside = _Stretch(self.hours, first, stop)
            else:
                self.inside.add(self.hours, first, stop)
            self.next_hour = stop

    def _begin(self) -> None:
        """Begin with what of the open bar is known by the bars that `closed` has."""
        closed = self.closed
        known_until = closed.known_until
        if known_until is None:
            self.known_until, self.inside, self.next_hour = None, None, 0
            return
        self.known_until = moment(known_until)
        first, stop = closed.rest
        self.inside = _Stretch(closed.bars, first, stop) if first < stop else None
        self.opens = None if closed.until is None else moment(closed.until)
        if self.opens is None and first < stop:  # the first bar of all is still open
            self.opens = closed.timeframe.open_time(moment(closed.bars.columns.opens[first]))
        self.next_hour = self.hours.columns.opened_before(known_until)


@dataclass(frozen=True, slots=True)
class RecordedOutlooks:
    """Meets `outlooks.Outlooks`; quick for slots that are asked for in their order."""

    stored: Mapping[Key, RecordedCandles]
    _frames: dict[Key, _Frame] = field(default_factory=dict, init=False, repr=False)

    def outlook(self, mark: Mark, timeframe: Timeframe, as_of: datetime) -> Outlook:
        asset, at = mark.asset, micros(as_of)
        frame = self._frames.get((asset, timeframe)) or self._frame(asset, timeframe)
        frame.go_to(as_of, at)
        until = frame.closed.until
        if timeframe is Timeframe.W1:
            check_days(asset, frame.known_until, as_of)
        elif until is None or at - until >= 2 * DURATIONS[timeframe]:
            raise no_bar(asset, timeframe, as_of)
        assert frame.opens is not None, "whoever knows no closed bar has been refused"
        parts = () if frame.inside is None else (frame.inside,)
        bar = open_bar(timeframe, frame.opens, parts, mark)
        return Outlook(bar, frame.closed.state.peek(*prices(bar)), frame.known_until)

    def _frame(self, asset: str, timeframe: Timeframe) -> _Frame:
        assert timeframe in TRACKED, "no other timeframe has indicators"
        closed = ClosedState(timeframe, self.stored[asset, built_from(timeframe)])
        frame = _Frame(closed, self.stored[asset, Timeframe.H1])
        self._frames[asset, timeframe] = frame
        return frame
