"""`./dev drill NAME`: break a part of a runtime of its own, and tell which promises were kept.

Progress goes to standard error, what was seen to standard output.
"""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from rich.console import Console
from rich.text import Text

from automoney.encoding import dumps
from infra.local.drills import glassnode, llm, redis
from infra.local.drills.stage import Stage

_DRILLS: dict[str, tuple[str, Callable[[], Coroutine[Any, Any, Stage]]]] = {
    "glassnode": (glassnode.TITLE, glassnode.drill),
    "redis": (redis.TITLE, redis.drill),
    "llm": (llm.TITLE, llm.drill),
}
NAMES = tuple(_DRILLS)


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(given: Namespace) -> int:
    """Drill; 1 if any promised step was not seen."""
    import uvloop

    title, drill = _DRILLS[given.name]
    began = monotonic()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stage = runner.run(drill())
    seconds = round(monotonic() - began, 1)
    if given.json:
        print(dumps(_told(given.name, stage, seconds)))
    else:
        _show(title, stage, seconds)
    return 0 if stage.ok else 1


def _told(name: str, stage: Stage, seconds: float) -> dict[str, object]:
    return {
        "drill": name,
        "ok": stage.ok,
        "world": stage.world,
        "seconds": seconds,
        "steps": stage.steps,
        "alerts": stage.alerts,
    }


def _show(title: str, stage: Stage, seconds: float) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{title}, in a {stage.world} market: {seconds} s\n", style="bold"))
    for step in stage.steps:
        mark = Text("✓ ", style="green") if step.ok else Text("✗ ", style="bold red")
        console.print(mark + Text(step.promise))
        console.print(Text(f"    {step.seen}", style="dim"))
    console.print(Text("\nAlerts"))
    for alert in stage.alerts:
        console.print(Text(f"    {alert}"))
    missed = sum(1 for step in stage.steps if not step.ok)
    verdict = f"{missed} of {len(stage.steps)} promised steps were not seen."
    console.print(Text(f"\n{verdict if missed else 'Every promised step was seen.'}"))
