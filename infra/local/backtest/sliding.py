"""Series made whole day after day, without looking at all of their values again each day.

A value that is interpolated follows from its two neighbours alone, so what `cleaning` fills in of
a stretch of a line is that stretch of the whole line filled in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from automoney.market.cleaning import fill_known, fill_series
from automoney.market.readings import Filled, Reading
from automoney.market.series import SERIES, Series
from automoney.stores.memory.readings import Line, MemoryReadings


@dataclass(frozen=True, slots=True)
class _Whole:
    """A line of real readings, where each stands in it, and the same filled in."""

    readings: list[Reading]
    index: dict[datetime, int]
    filled: tuple[Reading, ...]
    place: dict[datetime, int]

    @classmethod
    def of(cls, series: Series, line: Line) -> "_Whole":
        readings = line.readings
        filled = fill_known(series, tuple(readings), as_of=line.known[-1])
        return cls(
            readings,
            {one.period: at for at, one in enumerate(readings)},
            filled,
            {one.period: at for at, one in enumerate(filled)},
        )

    def stretch(self, known: Sequence[Reading]) -> tuple[Reading, ...] | None:
        """The filled stretch that `known` is the real part of; None if it is none of this line."""
        first, last = known[0], known[-1]
        start = self.index.get(first.period, -1)
        stop = start + len(known)
        if not (start >= 0 and stop <= len(self.readings)):
            return None
        if self.readings[start] is not first or self.readings[stop - 1] is not last:
            return None
        return self.filled[self.place[first.period] : self.place[last.period] + 1]


@dataclass(frozen=True, slots=True)
class SlidingFill:
    """Meets `series_as_of.Fill` for what `MemoryReadings.history` says; the same as `fill_series`.

    Only lines with one vintage a period, each known in its order, are filled beforehand.
    """

    lines: dict[tuple[str, str | None, str], _Whole] = field(default_factory=dict)
    plain: frozenset[tuple[str, str | None, str]] = frozenset()

    @classmethod
    def over(cls, readings: MemoryReadings) -> "SlidingFill":
        """Fills the lines of `readings`, which are not to change any more."""
        plain = {
            (name, asset, source): line
            for (name, asset), lines in readings.lines.items()
            for source, line in lines.items()
            if line.plain
        }
        whole = {
            key: _Whole.of(SERIES[key[0]], line)
            for key, line in plain.items()
            if SERIES[key[0]].fill is Filled.INTERPOLATED
        }
        return cls(whole, frozenset(plain))

    def __call__(
        self, series: Series, readings: Sequence[Reading], *, as_of: datetime
    ) -> tuple[Reading, ...]:
        if not readings:
            return fill_series(series, readings, as_of=as_of)
        key = (series.name, readings[0].asset, readings[0].source)
        whole = self.lines.get(key)
        if whole is not None:
            found = whole.stretch(readings)
            if found is not None:
                return found
        elif key in self.plain:
            return fill_known(series, tuple(readings), as_of=as_of)
        return fill_series(series, readings, as_of=as_of)
