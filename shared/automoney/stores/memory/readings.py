"""Readings with their vintages in memory.

What is known of a series changes a few times a day and is asked for at every slot, so the same
answer is the same object: whoever works something out of it may remember what it was.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from automoney.market.readings import Reading

type Key = tuple[str, str | None]
"""(series, asset)."""

_NEVER = datetime.max.replace(tzinfo=UTC)


def known_at(reading: Reading) -> datetime:
    """When a run may use it: once it was published and had been seen."""
    return max(reading.available_at, reading.vintage)


@dataclass(slots=True)
class Line:
    """All readings of one series from one source, by period and vintage.

    `known` is when each may be used.  In a `plain` line there is one vintage a period and they came
    to be known in order, so what is known at a moment is a slice.
    """

    readings: list[Reading]
    known: list[datetime] = field(init=False)
    plain: bool = field(init=False)
    _all: tuple[Reading, ...] = field(init=False)
    _periods: list[datetime] = field(init=False)
    _moments: list[datetime] = field(init=False)  # at which something comes to be known
    _found: tuple[int, int] = field(default=(0, 0), init=False)
    _slice: tuple[Reading, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self.readings.sort(key=lambda one: (one.period, one.vintage))
        self.known = [known_at(one) for one in self.readings]
        self._all = tuple(self.readings)  # a slice of it is what is told
        self._periods = [one.period for one in self.readings]
        self._moments = sorted(self.known)
        self.plain = self._moments == self.known and all(
            before < after for before, after in pairwise(self._periods)
        )

    def as_of(self, since: datetime, as_of: datetime) -> tuple[Reading, ...]:
        """The newest vintage known at `as_of` of each period from `since` on, oldest first."""
        if self.plain:
            found = bisect_left(self._periods, since), bisect_right(self.known, as_of)
            if found != self._found:
                self._found, self._slice = found, self._all[found[0] : found[1]]
            return self._slice
        newest = {
            one.period: one
            for one, known in zip(self.readings, self.known, strict=True)
            if known <= as_of and one.period >= since
        }
        return tuple(newest.values())

    def next_after(self, as_of: datetime) -> datetime:
        """When the next reading comes to be known."""
        index = bisect_right(self._moments, as_of)
        return self._moments[index] if index < len(self._moments) else _NEVER


@dataclass(frozen=True, slots=True)
class _Told:
    """What `history` said last of some series: it holds from `at` to before `until`."""

    since: datetime
    at: datetime
    until: datetime
    found: Mapping[str, tuple[Reading, ...]]


@dataclass(frozen=True, slots=True)
class MemoryReadings:
    """Meets `ports.Readings`."""

    lines: dict[Key, dict[str, Line]] = field(default_factory=dict)  # by series, then source
    _told: dict[tuple[tuple[str, ...], str | None], _Told] = field(
        default_factory=dict, init=False, repr=False
    )

    def put_readings(self, readings: Iterable[Reading]) -> int:
        arriving: dict[tuple[Key, str], list[Reading]] = {}
        for one in readings:
            arriving.setdefault(((one.series, one.asset), one.source), []).append(one)
        kept = 0
        self._told.clear()
        for (key, source), given in arriving.items():
            line = self.lines.get(key, {}).get(source)
            merged = _merged(line.readings if line else [], given)
            kept += len(merged) - (len(line.readings) if line else 0)
            if merged:
                self.lines.setdefault(key, {})[source] = Line(merged)
        return kept

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        asked = (tuple(names), asset)
        told = self._told.get(asked)
        if told is None or told.since != since or not told.at <= as_of < told.until:
            told = self._told[asked] = self._history(*asked, since, as_of)
        return told.found

    def _history(
        self, names: tuple[str, ...], asset: str | None, since: datetime, as_of: datetime
    ) -> _Told:
        found, until = {}, _NEVER
        for name in names:
            known = []
            for line in self.lines.get((name, asset), {}).values():
                until = min(until, line.next_after(as_of))
                known.append(line.as_of(since, as_of))
            newest = max((one for one in known if one), key=_newest, default=())
            if newest:
                found[name] = newest
        return _Told(since, as_of, until, found)

    def last_period(self, source: str) -> datetime | None:
        return max(
            (
                line.readings[-1].period
                for lines in self.lines.values()
                for name, line in lines.items()
                if name == source
            ),
            default=None,
        )


def _newest(known: tuple[Reading, ...]) -> tuple[datetime, datetime, str]:
    """Levels of two sources do not mix, so the source with the newest period is taken alone."""
    last = known[-1]
    return last.period, last.vintage, last.source


def _merged(stored: Sequence[Reading], given: Iterable[Reading]) -> list[Reading]:
    """`stored` and those of `given` that differ from the vintage of their period before them."""
    vintages: dict[datetime, dict[datetime, Reading]] = {}
    for one in stored:
        vintages.setdefault(one.period, {})[one.vintage] = one
    for one in sorted(given, key=lambda one: one.vintage):
        of_period = vintages.setdefault(one.period, {})
        earlier = [vintage for vintage in of_period if vintage <= one.vintage]
        if not earlier or of_period[max(earlier)].value != one.value:
            of_period.setdefault(one.vintage, one)
    return [one for of_period in vintages.values() for one in of_period.values()]
