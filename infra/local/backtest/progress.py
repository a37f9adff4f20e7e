"""A progress bar on standard error that follows the market's time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

_STEPS = 100  # drawing takes longer than a slot


@contextmanager
def progress_bar(
    title: str, begins: datetime, ends: datetime
) -> Iterator[Callable[[datetime], None]]:
    """Call what this gives with moments that rise from `begins` to `ends`."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}")
    console = Console(file=sys.stderr)
    # Without a thread that draws: a process may be forked meanwhile.
    bar = Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, auto_refresh=False
    )
    with bar:
        task = bar.add_task(title, total=_STEPS, day="")
        step, following = (ends - begins) / _STEPS, begins

        def progress(at: datetime) -> None:
            nonlocal following
            if at >= following:
                following = at + step
                done = (at - begins) / step
                bar.update(task, completed=done, day=f"{at:%Y-%m-%d}", refresh=True)

        yield progress
