"""Backfill: load history in jobs that can be killed anywhere and gone on with later.

A job is one series of one source.  What it has loaded is a span without holes, kept as two rows of
progress that are written in one transaction with the rows they tell of.  A later run asks only for
what its own span has before or after that one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from automoney.errors import SourceUnavailable
from automoney.observability import logger
from automoney.ports import Backfills


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end`, both aware UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return max(self.end - self.start, timedelta(0))


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one transaction brought: `span` of the job is loaded with it.

    `fetched` rows came from the source, `filled` were put into gaps between them; of all these
    `new` were not stored yet, `changed` were stored differently, and `anomalies` are flagged.
    """

    span: Span
    fetched: int = 0
    new: int = 0
    changed: int = 0
    filled: int = 0
    anomalies: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """How a job went, so far or in the end: sums over its chunks.

    `source` and `what` name it; `wanted` is the span that it lacked at the start, `loaded` how much
    of that is done.  `error` says why it stopped early, `left_out` what its source did not give.
    """

    source: str
    what: str
    wanted: timedelta
    loaded: timedelta = timedelta(0)
    start: datetime | None = None
    end: datetime | None = None
    fetched: int = 0
    new: int = 0
    changed: int = 0
    filled: int = 0
    anomalies: int = 0
    seconds: float = 0.0
    error: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """How much of it is done, 0..1."""
        return min(self.loaded / self.wanted, 1.0) if self.wanted else 1.0

    def plus(self, chunk: Chunk) -> "Report":
        start, end = chunk.span.start, chunk.span.end
        return replace(
            self,
            loaded=self.loaded + chunk.span.length,
            start=min(start, self.start or start),
            end=max(end, self.end or end),
            fetched=self.fetched + chunk.fetched,
            new=self.new + chunk.new,
            changed=self.changed + chunk.changed,
            filled=self.filled + chunk.filled,
            anomalies=self.anomalies + chunk.anomalies,
        )


class Incomplete(SourceUnavailable):
    """The source gave part of what was asked: what came is kept, and all is asked for again."""


class Job(Protocol):
    """One series of one source."""

    @property
    def source(self) -> str: ...

    @property
    def what(self) -> str:
        """Which series, in a word or two."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """What the source will not give, such as a metric that its plan does not hold."""

    def lacks(self) -> timedelta:
        """How much of the wanted span is not loaded yet."""

    def load(self) -> AsyncIterator[Chunk]:
        """Load what is missing, a transaction at a time.  Raises SourceUnavailable."""


class Watcher(Protocol):
    """Who is told how it goes."""

    def came(self, report: Report) -> None:
        """A job has begun, or come further."""

    def ended(self, report: Report) -> None:
        """A job is done, or has given up with `error`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a job is loaded already; `backfills` keeps both of its ends."""

    backfills: Backfills
    job: str

    @property
    def since_job(self) -> str:
        """The row that keeps where the loaded span starts; `job` itself keeps where it ends."""
        return f"{self.job} since"

    def loaded(self, wanted: Span, *, bridge: bool) -> Span:
        """The loaded span; an empty one where to begin, if nothing is loaded that `wanted` joins.

        With `bridge` a hole between it and a later `wanted` is to be loaded too.
        """
        nothing = Span(wanted.start, wanted.start)
        since = self.backfills.reached(self.since_job)
        until = self.backfills.reached(self.job)
        if since is None or until is None or until <= since:
            return nothing
        apart = wanted.end < since or (until < wanted.start and not bridge)
        return nothing if apart else Span(since, until)

    def begin(self, at: datetime) -> None:
        """Note an empty span at `at`; cut short between its two steps, it notes nothing loaded."""
        until = self.backfills.reached(self.job)
        ends = (self.since_job, self.job)
        for end in ends if until is None or until < at else ends[::-1]:
            self.backfills.put_candles(end, (), reached=at)


async def backfill(
    jobs: Sequence[Job], *, watcher: Watcher, timer: Callable[[], float]
) -> tuple[Report, ...]:
    """Run `jobs`, those of one source in turn and the sources side by side.

    A job whose source gives up ends with an `error` in its report; the others go on.  `timer` gives
    seconds from any start.
    """
    by_source: dict[str, list[Job]] = {}
    for job in jobs:
        by_source.setdefault(job.source, []).append(job)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_in_turn(found, watcher, timer)) for found in by_source.values()]
    return tuple(report for task in tasks for report in task.result())


async def _in_turn(
    jobs: Sequence[Job], watcher: Watcher, timer: Callable[[], float]
) -> list[Report]:
    return [await _run(job, watcher, timer) for job in jobs]


async def _run(job: Job, watcher: Watcher, timer: Callable[[], float]) -> Report:
    began = timer()
    report = Report(job.source, job.what, job.lacks())
    watcher.came(report)
    try:
        async for chunk in job.load():
            report = report.plus(chunk)
            watcher.came(report)
            await asyncio.sleep(0)  # the others' turn, and Ctrl-C's: storing waits for nobody
    except SourceUnavailable as error:
        logger.warning("backfill job failed", extra={"source": job.source, "error": str(error)})
        report = replace(report, error=str(error))
    report = replace(report, seconds=timer() - began, left_out=job.left_out)
    watcher.ended(report)
    return report
