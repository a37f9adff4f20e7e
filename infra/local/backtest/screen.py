"""The result of a backtest as tables for a person."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from infra.local.backtest.figures import Figures
from infra.local.backtest.result import Compared, Result

TITLES = {
    "whole": "The whole span",
    "chosen_on": "The span that the rules were chosen on",
    "after": "The span after it",
}


def show(result: Result, console: Console) -> None:
    """Print everything."""
    told = result.as_json()
    plan = result.played.plan
    console.print(
        f"[bold]{plan.strategy.name}[/] on {', '.join(result.assets)} from {told['from']} to"
        f" {told['to']}: {told['slots']} slots, {told['judged']} judged,"
        f" {told['aborted']['count']} aborted, {told['skipped']['count']} skipped\n"
    )
    for compared in (result.whole, *result.parts):
        console.print(_table(compared))
    for status in ("aborted", "skipped"):
        for reason, count in told[status]["reasons"].items():
            console.print(f"{status} {count} times: {reason}")
    console.print(
        f"\nDecisions {told['decisions_sha256'][:16]}….  {result.hindsight.sentence}"
        f"  {told['candles']} hourly candles in {told['seconds']} s"
        f" ({told['candles_per_s']} a second), read in {told['load_seconds']} s."
    )


def _table(compared: Compared) -> Table:
    span = compared.span
    title = f"{TITLES[span.name]}: {span.begins:%Y-%m-%d} to {span.ends:%Y-%m-%d}"
    table = Table("", "strategy", "buy and hold", "DCA", title=title)
    found = [compared.strategy.figures, compared.buy_and_hold.figures, compared.dca.figures]
    for name, said in FIGURES:
        table.add_row(name, *map(said, found))
    return table


def _ratio(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def money(amount: Decimal) -> str:
    """To the cent."""
    return f"{amount:,.2f}"


FIGURES: Sequence[tuple[str, Callable[[Figures], str]]] = (
    ("return", lambda one: f"{one.return_pct:+,.2f} %"),
    ("largest drawdown", lambda one: f"{one.max_drawdown_pct:.2f} %"),
    ("Sharpe", lambda one: _ratio(one.sharpe)),
    ("Sortino", lambda one: _ratio(one.sortino)),
    ("exposure", lambda one: f"{one.exposure_pct:.1f} %"),
    ("start equity", lambda one: money(one.start_equity)),
    ("final equity", lambda one: money(one.final_equity)),
    ("fees", lambda one: money(one.fees_paid)),
    ("trades", lambda one: str(one.trades)),
)
"""The figures that are shown, by name, and how each is said."""
