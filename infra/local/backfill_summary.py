"""What came of a backfill: for machines, for people, and for the exit status."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from automoney.encoding import plain
from automoney.workflows.backfill import Report, Span
from infra.local.recompute import Comparison

_WIDTH = 110  # characters, where it is no terminal's


def summary(
    world: str, span: Span, reports: Sequence[Report], compared: Sequence[Comparison]
) -> dict[str, Any]:
    """What came of it as one JSON-ready object."""
    return {
        "world": world,
        "from": plain(span.start),
        "to": plain(span.end),
        "jobs": [_report(report) for report in reports],
        "indicators": [{**asdict(one), "agrees": one.agrees} for one in compared],
        "rows": {
            name: sum(getattr(report, name) for report in reports)
            for name in ("fetched", "new", "changed")
        },
        "failed": sum(report.error is not None for report in reports),
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "source": report.source,
        "what": report.what,
        "fetched": report.fetched,
        "new": report.new,
        "changed": report.changed,
        "from": plain(report.start),
        "to": plain(report.end),
        "filled": report.filled,
        "anomalies": report.anomalies,
        "seconds": round(report.seconds, 2),
        "left_out": list(report.left_out),
        "error": report.error,
    }


def complain(result: dict[str, Any]) -> int:
    """Say what failed, a line each; the exit status."""
    failed = [one for one in result["jobs"] if one["error"]]
    for one in failed:
        print(f"./dev: {one['source']} {one['what']}: {one['error']}", file=sys.stderr)
    if failed:
        print("./dev: the same command tries again what failed", file=sys.stderr)
    off = [one for one in result["indicators"] if not one["agrees"]]
    for one in off:
        what = f"{one['of']} of {one['asset']} {one['timeframe']}"
        print(f"./dev: {what} is {one['worst']:.1e} off pandas-ta", file=sys.stderr)
    return 1 if failed or off else 0


def show(result: Mapping[str, Any], stream: TextIO) -> None:
    """The summary as tables."""
    console = Console(file=stream, width=None if stream.isatty() else _WIDTH, highlight=False)
    titles = ("new", "changed", "from", "to", "filled", "anomalies", "seconds")
    jobs = Table("job", title=f"{result['world'].upper()} history", box=SIMPLE)
    for title in ("rows", *titles):
        jobs.add_column(title, justify="right")
    for one in result["jobs"]:
        jobs.add_row(
            f"{one['source']} {one['what']}{' (failed)' if one['error'] else ''}",
            *(f"{one[column]:,}" for column in ("fetched", "new", "changed")),
            *((one[column] or "")[:10] for column in ("from", "to")),
            *(f"{one[column]:,}" for column in ("filled", "anomalies", "seconds")),
        )
    console.print(jobs)
    for one in result["jobs"]:
        for text in one["left_out"] if not one["error"] else ():
            console.print(f"{one['source']} does not offer {text}")
    if result["indicators"]:
        console.print(_indicators(result["indicators"]))
    rows = result["rows"]
    console.print(
        f"{rows['fetched']:,} rows fetched, {rows['new']:,} new, {rows['changed']:,} changed,"
        f" in {result['seconds']} s"
    )


def _indicators(found: Sequence[Mapping[str, Any]]) -> Table:
    titles = ("asset", "timeframe", "bars", "worst difference", "of")
    table = Table(*titles, title="Indicators beside pandas-ta", box=SIMPLE)
    for one in found:
        worst = f"{one['worst']:.1e}" if one["worst"] is not None else "too few bars"
        table.add_row(one["asset"], one["timeframe"], f"{one['bars']:,}", worst, one["of"] or "")
    return table
