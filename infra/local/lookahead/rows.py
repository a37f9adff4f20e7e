"""Readings made of a recording's rows: of those that were out at a moment, and of no others."""

from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter

from automoney.market.readings import Reading
from automoney.market.series import SERIES
from automoney.sources import fred_series
from automoney.stores.memory.readings import Line, MemoryReadings
from infra.local.backtest.series import stored_readings
from infra.local.world.clock import Micros, micros
from infra.local.world.recording import Recording
from infra.local.world.tables import Table

_ENOUGH = 800  # rows of a line, the newest: more days than any judge looks back

type _Line = list[tuple[Micros, Reading]]
"""Each with the moment from which on it was there."""


@dataclass(slots=True)
class Rows:
    """Readings as a run at some moment has them; moments are best asked for in their order.

    Each step makes readings of the rows that came out since the one before, and of no others: so
    nothing that is later than a moment has any part in the readings of that moment, however they
    are made.
    """

    recording: Recording
    onchain: str
    _made: Micros = -1
    _lines: dict[tuple[str, str | None, str], _Line] = field(default_factory=dict)

    def readings(self, at: datetime) -> MemoryReadings:
        """What was there at `at`."""
        now = micros(at)
        if now < self._made:
            self._made, self._lines = -1, {}
        self._take(now)
        found = MemoryReadings()
        for (series, asset, source), line in self._lines.items():
            count = bisect_right(line, now, key=itemgetter(0))
            if count:
                newest = [one for _, one in line[max(count - _ENOUGH, 0) : count]]
                found.lines.setdefault((series, asset), {})[source] = Line(newest)
        return found

    def _take(self, now: Micros) -> None:
        """Make what came out after the last step, up to `now`."""
        after, self._made = self._made, now

        def new(table: Table) -> Table:
            stop = table.known(now)
            first = max(table.known(after), stop - _ENOUGH)
            columns = {name: column[first:stop] for name, column in table.columns.items()}
            return Table(table.periods[first:stop], table.known_at[first:stop], columns)

        cut = _over_tables(self.recording, new)
        made = stored_readings(cut, tuple(cut.ladders), onchain=self.onchain)
        for (series, asset), lines in made.lines.items():
            for source, line in lines.items():
                out = _out(cut, series, asset, source)
                kept = self._lines.setdefault((series, asset, source), [])
                for one in line.readings:
                    # Not before the collector had seen it either, which revisions tell by.
                    there = max(out[micros(one.period)], micros(one.vintage))
                    insort(kept, (there, one), key=itemgetter(0))


def _over_tables(recording: Recording, change: Callable[[Table], Table]) -> Recording:
    sentiment = recording.sentiment
    return replace(
        recording,
        onchain={asset: change(table) for asset, table in recording.onchain.items()},
        glassnode={asset: change(table) for asset, table in recording.glassnode.items()},
        macro={name: change(table) for name, table in recording.macro.items()},
        sentiment=None if sentiment is None else change(sentiment),
    )


def _out(recording: Recording, series: str, asset: str | None, source: str) -> dict[Micros, Micros]:
    """By period when the recording lets out a value of the series."""
    table = _table(recording, series, asset, source)
    return dict(zip(table.periods, table.known_at, strict=True))


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
