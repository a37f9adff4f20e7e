"""An explained execution as a note for a person: rich on a terminal, plain text elsewhere."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TextIO

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from automoney.encoding import dumps
from automoney.workflows.freshness import in_units

_WIDTH = 110  # characters, where it is no terminal's


def show(told: Mapping[str, Any], stream: TextIO) -> None:
    """Print what `Explainer.explain` gathered, and `others` who took part."""
    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        console = Console(file=stream, highlight=False, width=_WIDTH)
    first, *rest = told["summary"]
    console.print(Text(first, "bold"))
    for sentence in rest:
        console.print(Text(sentence))
    if told["part"]:
        _part(console, told["part"], told["others"])
    elif told["others"]:
        console.print(Text(f"Took part (--user NAME): {', '.join(told['others'])}"))
    shown: dict[str, str] = {}
    for asset, view in (told["assets"] or {}).items():
        _view(console, asset, view, told["weighing"][asset], shown)
    if told["data"]:
        console.print(_inputs(told["data"]))
    if told["steps"]:
        console.print(_steps(told["steps"]))
    if told["models"]:
        console.print(_models(told))
    _receipts(console, told["receipts"])


def _view(
    console: Console,
    asset: str,
    view: Mapping[str, Any],
    weighed: Mapping[str, Any],
    shown: dict[str, str],
) -> None:
    """One asset's scores; `shown` keeps whose factors were told already, for macro's are shared."""
    degraded = ", DEGRADED" if view["degraded"] else ""
    _title(console, f"{asset} at {_number(view['price'])}: {_signed(view['conviction'])}{degraded}")
    for term in weighed["terms"]:
        score = view["scores"][term["agent"]]
        console.print(Text(_opinion(term, score)))
        told_of = shown.setdefault(dumps(score["factors"]), asset)
        if told_of != asset:
            console.print(Text(f"  by the same factors as for {told_of}"))
            continue
        console.print(Text(f"  {score['reasoning']}"))
        console.print(_factors(score["factors"]))
    console.print(Text(f"Weights ({weighed['weights']}): {weighed['why']}."))


def _factors(factors: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("factor", "value", "points", "age", "", box=SIMPLE, pad_edge=False)
    for one in factors:
        table.add_row(
            one["name"],
            "-" if one["value"] is None else f"{one['value']:,.4g}",
            f"{one['contribution']:+.2f}",
            _hours(one["ageHours"]),
            one["note"],
        )
    return table


def _opinion(term: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    marks = [score["model"] or score["judge"]]
    marks += ["degraded"] * score["degraded"] + ["fell back on the rules"] * score["fellBack"]
    marks += [f"judged {score['judgedAt']}"] * term["usedAgain"]
    return (
        f"{term['agent']} {_signed(score['score'])}, confidence {score['confidence']:.2f}"
        f" ({', '.join(marks)}), weight {term['weight']}; from {', '.join(score['sources'])}"
    )


def _part(console: Console, part: Mapping[str, Any], others: Iterable[str]) -> None:
    _title(console, f"What it meant for {part['userId']}")
    decided = Table("asset", "decision", "rule", "share", "to", "order", box=SIMPLE, pad_edge=False)
    for one in part["decisions"]:
        order = one["order"]
        outcome = f"{order['status']}: {order['detail']}" if order["detail"] else order["status"]
        shares = (_percent(one["weight"]), _percent(one["targetWeight"]))
        decided.add_row(one["asset"], one["signal"], one["rule"], *shares, outcome)
    console.print(decided)
    if part["trades"]:
        names = ("trade", "quantity", "price", "mark", "slippage", "fee", "at")
        trades = Table(*names, box=SIMPLE, pad_edge=False)
        for one in part["trades"]:
            amounts = ("price", "markPrice", "slippage", "fee")
            trades.add_row(
                f"{one['action']} {one['asset']}",
                one["quantity"],
                *(_number(one[name]) for name in amounts),
                one["at"],
            )
        console.print(trades)
    books = Table("portfolio", "total", "cash", "realised", "unrealised", "fees", box=SIMPLE)
    for label in ("before", "after"):
        worth = part[label]
        figures = ("totalValue", "cash", "realisedPnl", "unrealisedPnl", "fees")
        books.add_row(label, *(_number(worth[name]) for name in figures))
    console.print(books)
    if part["paused"]:
        console.print(Text(f"Paused: {part['paused']}."))
    if others := list(others):
        console.print(Text(f"Took part as well (--user NAME): {', '.join(others)}"))


def _inputs(data: Iterable[Mapping[str, Any]]) -> Table:
    names = ("input", "of", "value", "age", "limit", "source", "")
    table = Table(*names, title="What it was made from", box=SIMPLE, pad_edge=False)
    for one in data:
        marks = [name for name in ("stale", "proxy", "anomalous") if one[name]]
        marks += [one["filled"]] if one["filled"] else []
        table.add_row(
            one["name"],
            one["asset"] or "all",
            f"{Decimal(str(one['value'])):,.8g}",
            _hours(one["ageHours"]),
            _hours(one["limitHours"]),
            one["by"],
            ", ".join(marks),
        )
    return table


def _steps(steps: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("step", "ms", "", title="How the run went", box=SIMPLE, pad_edge=False)
    for one in steps:
        table.add_row(one["name"], f"{one['milliseconds']:.1f}", one["detail"])
    return table


def _models(told: Mapping[str, Any]) -> Table:
    names = ("model", "outcome", "tokens in", "out", "dollars", "ms", "request")
    title = f"Models that were asked: {told['cost']} dollars"
    table = Table(*names, title=title, box=SIMPLE, pad_edge=False)
    for one in told["models"]:
        table.add_row(
            f"{one['provider']}/{one['model']}",
            one["error"] or one["outcome"],
            *(str(one[name]) for name in ("inputTokens", "outputTokens", "cost", "milliseconds")),
            one["request"][:16],
        )
    return table


def _receipts(console: Console, receipts: Mapping[str, Any]) -> None:
    for one in receipts.values():
        if one is not None:
            place = f"Receipt {one['number']} of {one['chain']}, {one['bytes']:,} bytes"
            console.print(Text(f"{place}: sha256 {one['sha256']}", "dim"))
            console.print(Text(f"  link {one['link']}", "dim"))


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold cyan"))


def _hours(hours: float | None) -> str:
    return "?" if hours is None else in_units(timedelta(hours=hours))


def _signed(number: object) -> str:
    return f"{Decimal(str(number)):+.2f}"


def _number(text: str) -> str:
    return f"{Decimal(text):,.2f}"


def _percent(share: str) -> str:
    return f"{Decimal(share) * 100:.1f} %"
