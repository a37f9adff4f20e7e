"""How measurements are told: as a table, as JSON, and as docs/benchmarks.md."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.result import Benchmark, Result

Measured = Mapping[str, Sequence[Result]]  # by the benchmark's name
COLUMNS = ("what", "value", "unit", "goal", "met")


def as_json(measured: Measured, *, quick: bool) -> dict[str, Any]:
    return {
        "quick": quick,
        **_where(),
        "results": [
            {"benchmark": name, **asdict(result)}
            for name, results in measured.items()
            for result in results
        ],
    }


def print_table(measured: Measured) -> None:
    console = Console()
    for name, results in measured.items():
        table = Table(*COLUMNS, title=name, title_justify="left")
        table.columns[1].justify = "right"
        for result in results:
            table.add_row(*_cells(result), style="bold red" if result.met is False else "")
        console.print(table)


def as_markdown(measured: Measured, benchmarks: Mapping[str, Benchmark]) -> str:
    """The whole of docs/benchmarks.md; says nothing of when or where but what a reader needs."""
    where = _where()
    lines = [
        "# Benchmarks",
        "",
        "`./dev bench` measures all of this again, `./dev bench NAME` one part of it, and",
        "`./dev bench --write` makes this page from one run. What each side does, and how it is",
        "timed, stands at the head of the module in `benchmarks/`.",
        "",
        f"This run: Python {where['python']}, {where['processors']} processors "
        f"({where['architecture']}).",
    ]
    for name, results in measured.items():
        about = benchmarks[name].about.rstrip(".")
        lines += ["", f"## {name}", "", f"{about[0].upper()}{about[1:]}.", ""]
        lines += ["| " + " | ".join(COLUMNS) + " |", "|---|--:|---|---|---|"]
        lines += ["| " + " | ".join(_cells(result)) + " |" for result in results]
    return "\n".join(lines) + "\n"


def _where() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
    }


def _cells(result: Result) -> tuple[str, ...]:
    met = {True: "yes", False: "no", None: ""}[result.met]
    return result.what, readable(result.value), result.unit, result.goal, met


def readable(value: float) -> str:
    """Three digits that count, or all before the point: 0.0123, 4.56, 12,345."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
