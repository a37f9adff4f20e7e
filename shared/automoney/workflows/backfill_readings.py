"""Backfill of readings: one answer holds a whole series, and is kept a quarter at a time."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from automoney.market.readings import Reading
from automoney.market.series import series_of
from automoney.ports import Backfills, SeriesSource
from automoney.workflows.backfill import Chunk, Incomplete, Reach, Span
from automoney.workflows.collect_series import DEPTHS

# A source that shows a value sooner than usual dates it now; asked as of later it keeps to its
# usual lag, of two months at most, and history looks the same whenever it is loaded.
_LATER = timedelta(days=62)
_NOT_OFFERED = frozenset({402, 403, 404})  # a plan without the metric: asking again is no use


@dataclass(slots=True)
class ReadingJob:
    """Readings of `group`, of `asset` if they are an asset's, with periods that `wanted` covers.

    Only what could be known by the end of `wanted` is kept.  Nobody saw it then, so it is taken as
    seen when it was published.  Of periods that an earlier run has loaded a short stretch is asked
    for again: what differs now is a revision, seen at `now`, the time of the world that is asked.
    """

    series: SeriesSource
    group: str
    asset: str | None
    wanted: Span
    now: datetime
    backfills: Backfills
    left_out: tuple[str, ...] = field(default=(), init=False)

    @property
    def source(self) -> str:
        return self.series.name

    @property
    def what(self) -> str:
        return f"{self.asset} {self.group}" if self.asset else self.group

    @property
    def reach(self) -> Reach:
        return Reach(self.backfills, f"{self.source} {self.what}")

    def lacks(self) -> timedelta:
        loaded = self._loaded()
        earlier = Span(self.wanted.start, loaded.start).length
        return earlier + Span(loaded.end, self.wanted.end).length

    async def load(self) -> AsyncIterator[Chunk]:
        loaded = self._loaded()
        if not self.lacks():
            return
        if not loaded.length:
            self.reach.begin(loaded.start)
        again = max(loaded.start, loaded.end - DEPTHS[self.group].again)
        before = self.wanted.start < loaded.start
        since, until = self.wanted.start if before else again, max(loaded.end, self.wanted.end)
        found, missing = await self._fetch(since, until)
        known = [one for one in found if loaded.start <= one.period < loaded.end]
        later = [one for one in found if loaded.end <= one.period]
        earlier = [one for one in found if self.wanted.start <= one.period < loaded.start]
        if missing:
            stays = self.reach.since_job
            yield self._keep(stays, [*earlier, *later], loaded.start, _empty(loaded.start))
            raise Incomplete(self.source, f"gave only a part: {'; '.join(missing)}")
        if known:
            yield self._see_again(known, loaded.end)
        at = loaded.end
        for end, rows in _quarters(later, Span(at, self.wanted.end)):
            yield self._keep(self.reach.job, rows, end, Span(at, end))
            at = end
        at = loaded.start
        for start, rows in _quarters_back(earlier, Span(self.wanted.start, at)):
            yield self._keep(self.reach.since_job, rows, start, Span(start, at))
            at = start

    def _loaded(self) -> Span:
        """Of what is loaded everything is there that had come out by its end.

        An earlier part that is asked for in a world before that end could not be made so, then.
        """
        loaded = self.reach.loaded(self.wanted, bridge=True)
        ahead = self.wanted.start < loaded.start and self.now < loaded.end
        return _empty(self.wanted.start) if ahead else loaded

    async def _fetch(self, since: datetime, until: datetime) -> tuple[list[Reading], list[str]]:
        """What came and is usable, oldest first, and what went missing though it is on offer."""
        names = {series.name for series in series_of(self.group)}
        assets = (self.asset,) if self.asset else ()
        with _noting_what_is_left_out(self.source) as noted:
            answer = await self.series.readings(assets, since=since, now=self.now + _LATER)
        self.left_out = tuple(text for text, _ in noted)
        found = [one for one in answer if one.series in names and one.available_at <= until]
        missing = [text for text, status in noted if status not in _NOT_OFFERED]
        return sorted(found, key=lambda one: one.period), missing

    def _see_again(self, known: Sequence[Reading], loaded_until: datetime) -> Chunk:
        """Of periods loaded before: what had come out by then may be revised, the rest is late."""
        seen = [one for one in known if one.available_at <= loaded_until]
        late = [one for one in known if one.available_at > loaded_until]
        seen = [replace(one, vintage=self.now) for one in seen]
        changed = self.backfills.put_readings(self.reach.job, seen, reached=loaded_until)
        chunk = self._keep(self.reach.job, late, loaded_until, _empty(loaded_until))
        return replace(chunk, fetched=len(known), changed=changed)

    def _keep(self, job: str, rows: Sequence[Reading], reached: datetime, span: Span) -> Chunk:
        kept = [replace(one, vintage=one.available_at, vintage_assumed=True) for one in rows]
        new = self.backfills.put_readings(job, kept, reached=reached)
        flagged = sum(one.anomalous for one in kept)
        return Chunk(span, fetched=len(kept), new=new, anomalies=flagged)


def _empty(at: datetime) -> Span:
    return Span(at, at)


def _quarter(moment: datetime) -> datetime:
    """When the quarter of the year that holds `moment` began."""
    first = moment.month - (moment.month - 1) % 3
    return moment.replace(month=first, day=1, hour=0, minute=0, second=0, microsecond=0)


def _next_quarter(start: datetime) -> datetime:
    return _quarter(start + timedelta(days=93))


def _by_quarter(readings: Iterable[Reading]) -> list[tuple[datetime, list[Reading]]]:
    quarters = groupby(readings, key=lambda one: _quarter(one.period))
    return [(start, list(rows)) for start, rows in quarters]


def _quarters(readings: Sequence[Reading], span: Span) -> Iterator[tuple[datetime, list[Reading]]]:
    """The readings of `span` in order, with up to where each part covers it."""
    parts = _by_quarter(readings)
    for start, rows in parts[:-1]:
        yield _next_quarter(start), rows
    if span.length:
        yield span.end, parts[-1][1] if parts else []


def _quarters_back(
    readings: Sequence[Reading], span: Span
) -> Iterator[tuple[datetime, list[Reading]]]:
    """The readings of `span` newest part first, with down to where each part covers it."""
    parts = _by_quarter(readings)
    yield from parts[:0:-1]
    if span.length:
        yield span.start, parts[0][1] if parts else []


class _Notes(logging.Handler):
    """Keeps what a source says that it goes on without, and the status that it was refused with."""

    def __init__(self, source: str) -> None:
        super().__init__(logging.WARNING)
        self.source = source
        self.noted: list[tuple[str, int | None]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and record.args[:1] == (self.source,):
            _, name, reason = record.args
            self.noted.append((f"{name}: {reason}", getattr(record, "status", None)))


@contextmanager
def _noting_what_is_left_out(source: str) -> Iterator[list[tuple[str, int | None]]]:
    """A source that gets only a part goes on and says so in its log; here that is not enough."""
    notes = _Notes(source)
    logger = logging.getLogger("automoney.sources")
    logger.addHandler(notes)
    try:
        yield notes.noted
    finally:
        logger.removeHandler(notes)
