"""A recording as it stood at a moment: what came later is not there, nor is any trace of it.

What is known when is taken from the recording's own tables and bars, never from the code that a
backtest or a live run decides with: whoever peeks there finds nothing here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automoney.market.candles import Timeframe
from automoney.stores.memory.readings import MemoryReadings
from infra.local.backtest.market import RecordedMarket
from infra.local.lookahead.rows import Rows
from infra.local.world.bars import Bar, Bars, Tape
from infra.local.world.clock import Micros, micros
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording

_NO_PRICE = 1  # a hundred-millionth: whoever went by it would be found out
# The oldest bars and rows are left away as well, which is quicker.  Whoever looked further back
# than a run does would not find them, and be reported.
_FINE = {Timeframe.M5: 0, Timeframe.H1: 2_000, Timeframe.H4: 2_000}  # more than 1,440: see tracking
_TAPE = 600  # bars: two days of the finest
_LONGEST_WAIT = timedelta(days=3)  # for a trade: longer than any fill waits


@dataclass(frozen=True, slots=True)
class Scissors:
    """Cuts `recording`, with on-chain values from the source named `onchain`."""

    recording: Recording
    begins: datetime
    onchain: str
    _rows: Rows = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", Rows(self.recording, self.onchain))

    def before(self, at: datetime) -> RecordedMarket:
        """The market with all that was there at `at`, and nothing else."""
        ladders = {
            asset: _cut(ladder, micros(at)) for asset, ladder in self.recording.ladders.items()
        }
        return RecordedMarket.over(ladders, self._rows.readings(at), self.begins, at)

    def from_then_on(self, at: datetime) -> RecordedMarket:
        """The market with only what was traded at `at` or later, as long as an order waits."""
        ladders = {}
        for asset, ladder in self.recording.ladders.items():
            bars = ladder.tape.bars
            stop = bars.opened_before(micros(at + _LONGEST_WAIT))
            ladders[asset] = _ladder(ladder, {}, bars.cut(bars.opened_before(micros(at)), stop))
        return RecordedMarket.over(ladders, MemoryReadings(), at, self.recording.ends)


def _cut(ladder: Ladder, at: Micros) -> Ladder:
    bars = {}
    for frame, one in ladder.bars.items():
        stop = one.closed(at)
        first = stop - _FINE[frame] if frame in _FINE else 0
        bars[frame] = one.cut(max(first, 0), stop)
    return _ladder(ladder, bars, _tape(ladder.tape.bars, at))


def _tape(bars: Bars, at: Micros) -> Bars:
    """The finest bars that were over, and of the one in progress its open.

    The collector's tick of the slot comes a moment after it and sees that something is traded at
    it, so the bar that begins there is there, too; but nobody may go by its price, so it has none.
    """
    stop = bars.closed(at)
    pieces = [bars.cut(max(stop - _TAPE, 0), stop)]
    for index in range(stop, bars.opened_before(at + 1)):
        bar = bars[index]
        price = bar.open if bar.opened < at else _NO_PRICE
        pieces.append(Bars.of([Bar(bar.opened, bar.end, price, price, price, price, 0)]))
    return Bars.joined(pieces)


def _ladder(ladder: Ladder, bars: Mapping[Timeframe, Bars], tape: Bars) -> Ladder:
    kept = {frame: bars.get(frame, Bars.of(())) for frame in ladder.bars}
    return Ladder(ladder.asset, {}, kept, Tape(tape, [], []))
