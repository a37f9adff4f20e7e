"""What the person at the terminal sees: a line for each thing that happened.

Colours where the output is a terminal, plain lines elsewhere, JSON lines for machines.
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from automoney.encoding import plain

_STYLES = {"ok": "green", "judged": "bold cyan", "failed": "bold red", "aborted": "bold red"}


class Screen(Protocol):
    """Where a runtime tells what it does."""

    def notice(self, text: str) -> None:
        """Something about the runtime itself."""

    def problem(self, text: str) -> None:
        """Something that needs a person's eye."""

    def tick(self, at: datetime, name: str, answer: Mapping[str, Any], seconds: float) -> None:
        """A function ran for the slot `at` and gave `answer`."""


class Lines:
    """For people."""

    def __init__(self, stream: TextIO, *, colours: bool = True) -> None:
        plain_only = None if colours else True
        self._console = Console(file=stream, highlight=False, soft_wrap=True, no_color=plain_only)

    def notice(self, text: str) -> None:
        self._console.print(Text(text))

    def problem(self, text: str) -> None:
        self._console.print(Text(f"! {text}", style="bold red"))

    def tick(self, at: datetime, name: str, answer: Mapping[str, Any], seconds: float) -> None:
        outcome = str(answer.get("outcome", "ok"))
        line = Text(f"{at:%Y-%m-%d %H:%M}  ", style="dim")
        line.append(f"{name:<18}", style="default not dim")
        line.append(f"{outcome:<8}", style=_STYLES.get(outcome, "yellow"))
        line.append(f"{told(answer)}  ", style="default not dim")
        line.append(f"{seconds * 1000:.0f} ms")
        self._console.print(line)


class JsonLines:
    """For machines: one object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def notice(self, text: str) -> None:
        self._print({"event": "notice", "text": text})

    def problem(self, text: str) -> None:
        self._print({"event": "problem", "text": text})

    def tick(self, at: datetime, name: str, answer: Mapping[str, Any], seconds: float) -> None:
        self._print(
            {
                "event": "tick",
                "slot": plain(at),
                "function": name,
                "ms": round(seconds * 1000, 1),
                "answer": dict(answer),
            }
        )

    def _print(self, line: Mapping[str, Any]) -> None:
        print(json.dumps(plain(line)), file=self._stream, flush=True)


class Bar:
    """How far a play has come, on standard error; nothing where that is not a terminal."""

    def __init__(self, days: float) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[day]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("playing", total=days, day="")
        self._from: datetime | None = None

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def notice(self, text: str) -> None:
        """Not shown."""

    def problem(self, text: str) -> None:
        self._progress.console.print(Text(f"! {text}", style="bold red"))

    def tick(self, at: datetime, name: str, answer: Mapping[str, Any], seconds: float) -> None:
        if name == "prices":
            self._from = self._from or at
            done = (at - self._from) / timedelta(days=1)
            self._progress.update(self._task, completed=done, day=f"{at:%Y-%m-%d}")


def told(answer: Mapping[str, Any]) -> str:
    """A function's answer in a few words."""
    parts = []
    for asset, price in answer.get("prices", {}).items():
        parts.append(f"{asset} {float(price):,.2f}")
    for asset, conviction in answer.get("convictions", {}).items():
        parts.append(f"{asset} conviction {float(conviction):+.1f}")
    if answer.get("anomalies"):
        parts.append(f"{answer['anomalies']} anomalies")
    if "new" in answer:
        parts.append(f"{answer['new']} new of {answer['rows']} readings")
    if "source" in answer:
        parts.append(f"from {answer['source']}")
    if "served" in answer:
        parts.append(f"{_counted(answer['served'], 'user')}, {_counted(answer['trades'], 'trade')}")
    if "purged" in answer:
        gone = [f"{count} {what}" for what, count in answer["purged"].items() if count]
        parts.append(", ".join(gone) or "nothing to purge")
    parts += (str(answer[name]) for name in ("reason", "error") if answer.get(name))
    return ", ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
