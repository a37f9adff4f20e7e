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


@dataclass(slots=True)
class _Stretch:
    """Closed bars inside the open one, added up: a `tracking.Part`."""

    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal | None
    anomalous: bool


@dataclass(slots=True)
class _Sum:
    """Bars added up in whole numbers."""

    open: int
    high: int
    low: int
    volume: int
    anomalous: bool

    def and_then(self, later: "_Sum") -> "_Sum":
        """With the bars that follow."""
        return _Sum(
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            self.volume + later.volume,
            self.anomalous or later.anomalous,
        )

    def part(self) -> _Stretch:
        """In prices."""
        return _Stretch(
            price(self.open), price(self.high), price(self.low), price(self.volume), self.anomalous
        )


@dataclass(slots=True)
class _Frame:
    """One asset's timeframe: its closed state, and what follows from it until the next bar closes.

    `rest` adds up the days of the open week, `first_hour` is the index of the first hour after
    what is known.
    """

    closed: ClosedState
    hours: RecordedCandles
    opens: datetime | None = None
    known_until: datetime | None = None
    rest: _Sum | None = None
    first_hour: int = 0

    def go_to(self, as_of: datetime, at: Micros) -> None:
        """Bring everything to `at`."""
        closed = self.closed
        if not closed.go_to(as_of, at):
            return
        known_until = closed.known_until
        if known_until is None:
            return
        self.known_until = moment(known_until)
        first, stop = closed.rest
        self.rest = _added(closed.bars, first, stop) if first < stop else None
        self.opens = None if closed.until is None else moment(closed.until)
        if self.opens is None and self.rest is not None:  # the first bar of all is still open
            self.opens = closed.timeframe.open_time(moment(closed.bars.columns.opens[first]))
        self.first_hour = self.hours.columns.opened_before(known_until)

    def inside(self, at: Micros) -> _Sum | None:
        """What has closed inside the open bar by `at`."""
        first, stop = self.first_hour, self.hours.known_by(at, self.first_hour)
        if first >= stop:
            return self.rest
        hours = _added(self.hours, first, stop)
        return hours if self.rest is None else self.rest.and_then(hours)


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
        inside = frame.inside(at)
        parts = [] if inside is None else [inside.part()]
        bar = open_bar(timeframe, frame.opens, parts, mark)
        return Outlook(bar, frame.closed.state.peek(*prices(bar)), frame.known_until)

    def _frame(self, asset: str, timeframe: Timeframe) -> _Frame:
        assert timeframe in TRACKED, "no other timeframe has indicators"
        closed = ClosedState(timeframe, self.stored[asset, built_from(timeframe)])
        frame = _Frame(closed, self.stored[asset, Timeframe.H1])
        self._frames[asset, timeframe] = frame
        return frame


def _added(bars: RecordedCandles, first: int, stop: int) -> _Sum:
    columns = bars.columns
    return _Sum(
        columns.open[first],
        max(columns.high[first:stop]),
        min(columns.low[first:stop]),
        sum(columns.volume[first:stop]),
        bars.has_anomaly(first, stop),
    )
