"""What a person sees while a backfill runs: bars on a terminal, plain lines elsewhere."""

import time
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from automoney.workflows.backfill import Report

_BETWEEN_LINES = 1.0  # seconds, for each job


def name(report: Report) -> str:
    return f"{report.source} {report.what}"


class Display(Protocol):
    """Where a backfill tells what it does; `Watcher` and `Waits` in one."""

    def notice(self, text: str) -> None: ...
    def came(self, report: Report) -> None: ...
    def ended(self, report: Report) -> None: ...
    def waits(self, source: str, seconds: float, reason: str) -> None: ...
    def close(self) -> None: ...


class Bars:
    """A bar a job, on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rows]:>7,} rows"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(file=stream, highlight=False),
        )
        self._tasks: dict[str, TaskID] = {}
        self._open: dict[str, str] = {}  # which job of a source is on
        self._progress.start()

    def notice(self, text: str) -> None:
        self._progress.console.print(Text(text))

    def came(self, report: Report) -> None:
        self._open[report.source] = name(report)
        self._update(report, "")

    def ended(self, report: Report) -> None:
        self._open.pop(report.source, None)
        note = f"failed: {report.error}" if report.error else ""
        self._update(report, note, done=report.error is None)

    def waits(self, source: str, seconds: float, reason: str) -> None:
        job = self._open.get(source)
        if job in self._tasks:
            self._progress.update(self._tasks[job], note=f"waits {seconds:.0f} s: {reason}")

    def close(self) -> None:
        self._progress.stop()

    def _update(self, report: Report, note: str, *, done: bool = False) -> None:
        job = name(report)
        if job not in self._tasks:
            self._tasks[job] = self._progress.add_task(job, total=1.0, rows=0, note="")
        self._progress.update(
            self._tasks[job],
            completed=1.0 if done else report.share,
            rows=report.fetched,
            note=note,
        )


@dataclass
class Lines:
    """A line now and then, where nothing can be drawn."""

    stream: TextIO
    _told: dict[str, float] = field(default_factory=dict, init=False)

    def notice(self, text: str) -> None:
        self._print(text)

    def came(self, report: Report) -> None:
        job, now = name(report), time.monotonic()
        if now - self._told.get(job, -_BETWEEN_LINES) >= _BETWEEN_LINES:
            self._told[job] = now
            self._print(f"{job}: {report.share:.0%}, {report.fetched:,} rows")

    def ended(self, report: Report) -> None:
        outcome = f"failed: {report.error}" if report.error else "done"
        self._print(f"{name(report)}: {outcome}, {report.fetched:,} rows, {report.seconds:.1f} s")

    def waits(self, source: str, seconds: float, reason: str) -> None:
        self._print(f"{source}: waits {seconds:.0f} s: {reason}")

    def close(self) -> None:
        """Nothing is open."""

    def _print(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


def display_on(stream: TextIO) -> Display:
    """Bars on a terminal, lines elsewhere."""
    return Bars(stream) if stream.isatty() else Lines(stream)
