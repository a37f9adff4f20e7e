"""A recording as it stood at a moment: what came later is not there, nor is any trace of it.

What is known when is taken from the recording's own tables and bars, never from the code that a
backtest or a live run decides with: whoever peeks there finds nothing here.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from automoney.market.candles import Timeframe
from automoney.market.readings import Reading
from automoney.market.series import SERIES
from automoney.sources import fred_series
from automoney.stores.memory.readings import Line, MemoryReadings
from infra.local.backtest.market import RecordedMarket
from infra.local.world.bars import Bar, Bars, Tape
from infra.local.world.clock import Micros, micros, moment
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording
from infra.local.world.tables import Table

_NO_PRICE = 1  # a hundred-millionth: whoever went by it would be found out


@dataclass(frozen=True, slots=True)
class _Row:
    """The readings of one line in the order in which they came to be there, and when they did."""

    readings: list[Reading]
    there_at: list[Micros]


@dataclass(frozen=True, slots=True)
class Scissors:
    """Cuts `recording`, whose readings a run has as `readings`."""

    recording: Recording
    market: RecordedMarket
    rows: Mapping[tuple[str, str | None, str], _Row]

    @classmethod
    def over(cls, recording: Recording, market: RecordedMarket) -> "Scissors":
        """For the whole recording, and the market that was made of it."""
        rows = {}
        for (series, asset), lines in market.readings.lines.items():
            for source, line in lines.items():
                out = _out(recording, series, asset, source)
                there = [(max(out[one.period], micros(one.vintage)), one) for one in line.readings]
                there.sort(key=itemgetter(0))
                rows[series, asset, source] = _Row(
                    [one for _, one in there], [at for at, _ in there]
                )
        return cls(recording, market, rows)

    def before(self, at: datetime) -> RecordedMarket:
        """The market with all that was there at `at`, and nothing else."""
        ladders = {
            asset: _cut(ladder, micros(at)) for asset, ladder in self.recording.ladders.items()
        }
        return RecordedMarket.over(ladders, self._readings(micros(at)), self.market.begins, at)

    def from_then_on(self, at: datetime) -> RecordedMarket:
        """The market with only what was traded at `at` or later."""
        ladders = {}
        for asset, ladder in self.recording.ladders.items():
            bars = ladder.tape.bars
            later = bars.cut(bars.opened_before(micros(at)), len(bars))
            ladders[asset] = _ladder(ladder, {}, later)
        return RecordedMarket.over(ladders, MemoryReadings(), at, self.market.ends)

    def _readings(self, at: Micros) -> MemoryReadings:
        found = MemoryReadings()
        for (series, asset, source), row in self.rows.items():
            count = bisect_right(row.there_at, at)
            if count:
                found.lines.setdefault((series, asset), {})[source] = Line(row.readings[:count])
        return found


def _out(
    recording: Recording, series: str, asset: str | None, source: str
) -> dict[datetime, Micros]:
    """By period when the recording lets out a value of the series."""
    table = _table(recording, series, asset, source)
    return {moment(period): at for period, at in zip(table.periods, table.known_at, strict=True)}


def _table(recording: Recording, series: str, asset: str | None, source: str) -> Table:
    group = SERIES[series].group
    if group == "macro":
        return recording.macro[fred_series.SERIES[series].series_id]
    if group == "sentiment":
        assert recording.sentiment is not None, "a reading of it is there"
        return recording.sentiment
    assert asset is not None, "on-chain values are about an asset"
    table = recording.glassnode if source == "glassnode" else recording.onchain
    return table[asset]


def _cut(ladder: Ladder, at: Micros) -> Ladder:
    bars = {frame: one.cut(0, one.closed(at)) for frame, one in ladder.bars.items()}
    return _ladder(ladder, bars, _tape(ladder.tape.bars, at))


def _tape(bars: Bars, at: Micros) -> Bars:
    """The finest bars that were over, and of the one in progress its open.

    The collector's tick of the slot comes a moment after it and sees that something is traded at
    it, so the bar that begins there is there, too; but nobody may go by its price, so it has none.
    """
    pieces = [bars.cut(0, bars.closed(at))]
    for index in range(bars.closed(at), bars.opened_before(at + 1)):
        bar = bars[index]
        price = bar.open if bar.opened < at else _NO_PRICE
        pieces.append(Bars.of([Bar(bar.opened, bar.end, price, price, price, price, 0)]))
    return Bars.joined(pieces)


def _ladder(ladder: Ladder, bars: Mapping[Timeframe, Bars], tape: Bars) -> Ladder:
    kept = {frame: bars.get(frame, Bars.of(())) for frame in ladder.bars}
    return Ladder(ladder.asset, {}, kept, Tape(tape, [], []))
