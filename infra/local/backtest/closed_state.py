"""The indicator state of a timeframe's closed bars, which goes on from slot to slot."""

from dataclasses import dataclass, field
from datetime import datetime

from automoney.market.candles import Timeframe
from automoney.market.indicators import IndicatorState
from automoney.market.tracking import tracked_since
from infra.local.backtest.candle_history import RecordedCandles
from infra.local.world.bars import DURATIONS, SCALE, floor
from infra.local.world.clock import Micros, micros

_NEVER: Micros = 2**62


@dataclass(slots=True)
class ClosedState:
    """The closed bars of `timeframe` that are known at some moment, in one running state.

    `bars` are those it is built from: `state` has taken in those before the index `taken`, `known`
    of them are known, and `until` is where the newest whole bar ends.
    """

    timeframe: Timeframe
    bars: RecordedCandles
    state: IndicatorState = field(default_factory=IndicatorState)
    until: Micros | None = None
    known: int = 0
    taken: int = 0
    _since: datetime | None = None
    _first: int = 0
    _at: Micros = _NEVER
    _changes: Micros = -1

    def go_to(self, as_of: datetime, at: Micros) -> bool:
        """Take in what is known by then, or begin anew if it is earlier; whether anything changed.

        Both arguments are the same moment.
        """
        since = tracked_since(self.timeframe, as_of)
        if since == self._since and self._at <= at < self._changes:
            return False
        if since != self._since or at < self._at:
            self._since, self.state, self.until = since, IndicatorState(), None
            self._first = self.taken = self.bars.columns.opened_before(micros(since))
        self._at, self.known = at, self.bars.known_by(at)
        self._changes = self.bars.known_at(self.known)
        if self.known > self.taken:
            newest_end = self.bars.columns.ends[self.known - 1]
            if self.timeframe is Timeframe.W1:
                self._take_weeks(floor(newest_end, DURATIONS[Timeframe.W1]))
            else:
                self._take(self.taken, self.known)
                self.until = newest_end
        return True

    @property
    def rest(self) -> tuple[int, int]:
        """What is known but not taken in, the days of the open week: from, and up to before."""
        return self.taken, max(self.known, self.taken)

    @property
    def known_until(self) -> Micros | None:
        """Where the newest bar ends that is known; None if there is none."""
        return self.bars.columns.ends[self.known - 1] if self.known > self._first else None

    def _take_weeks(self, until: Micros) -> None:
        """Take in the days before `until`, a week as one bar."""
        columns = self.bars.columns
        stop = columns.opened_before(until)
        while self.taken < stop:
            week = floor(columns.opens[self.taken], DURATIONS[Timeframe.W1])
            end = min(columns.opened_before(week + DURATIONS[Timeframe.W1]), stop)
            self.state.update(
                max(columns.high[self.taken : end]) / SCALE,
                min(columns.low[self.taken : end]) / SCALE,
                columns.close[end - 1] / SCALE,
            )
            self.taken = end
        if self.state.bars:
            self.until = until

    def _take(self, first: int, stop: int) -> None:
        columns, update = self.bars.columns, self.state.update
        highs, lows = columns.high[first:stop], columns.low[first:stop]
        for high, low, close in zip(highs, lows, columns.close[first:stop], strict=True):
            update(high / SCALE, low / SCALE, close / SCALE)
        self.taken = stop
