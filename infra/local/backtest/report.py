"""A backtest as one page of HTML: no network, no library, dark or light, on a phone as well."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from automoney.errors import InvalidInput
from automoney.trading.judgement import Judgement, Signal
from automoney.trading.orders import Fill
from infra.local.backtest.figures import Figures, drawdowns
from infra.local.backtest.result import Compared, Result
from infra.local.backtest.screen import FIGURES, TITLES, money
from infra.local.backtest.spans import CHOSEN_UNTIL

_PAGE = Path(__file__).with_name("report.html")
_WAYS = ("strategy", "buy and hold", "DCA")


def write_report(result: Result, file: Path) -> None:
    """Write the page, whole or not at all.  Raises InvalidInput where that can't be done."""
    # In a script block only `</` could end it early, and `\/` is the same to JSON.
    data = json.dumps(report_data(result), ensure_ascii=False).replace("</", "<\\/")
    half = file.with_name(f".{file.name}.half")
    try:
        half.write_text(_PAGE.read_text("utf-8").replace("__DATA__", data), "utf-8")
        half.replace(file)
    except OSError as error:
        raise InvalidInput("--report", str(file), f"a file to write: {error.strerror}") from error


def report_data(result: Result) -> dict[str, Any]:
    """What the page draws: plain JSON, times in milliseconds since 1970."""
    plan, told = result.played.plan, result.as_json()
    whole = result.whole
    ways = (whole.strategy, whole.buy_and_hold, whole.dca)
    fills = list(whole.strategy.course.fills)
    strategy = plan.strategy
    return {
        "title": f"{strategy.name}: {plan.begins:%Y-%m-%d} to {plan.ends:%Y-%m-%d}",
        "about": f"{', '.join(result.assets)}, {told['slots']} slots, {told['judged']} judged,"
        f" {told['aborted']['count']} aborted. Paper money on recorded prices: no advice to invest,"
        " and the past promises nothing.",
        "split": _milliseconds(CHOSEN_UNTIL),
        "thresholds": [float(strategy.sell_below), float(strategy.buy_above)],
        "times": [_milliseconds(one.at) for one in whole.strategy.days],
        "equity": [
            {"name": name, "values": [round(one.equity, 2) for one in way.days]}
            for name, way in zip(_WAYS, ways, strict=True)
        ],
        "drawdown": [
            {
                "name": name,
                "values": [-round(100 * one, 2) for one in drawdowns([d.equity for d in way.days])],
                "fill": way is whole.strategy,
            }
            for name, way in zip(_WAYS, ways, strict=True)
        ],
        "assets": [_asset(result, asset, fills) for asset in result.assets],
        "figures": _figures((whole, *result.parts)),
        "costs": _costs(result.assets, fills),
        "trades": _trades(fills),
        "again": "The same command over the same data makes the same decisions, to the byte."
        f" {result.hindsight.sentence}",
        "sha256": told["decisions_sha256"],
    }


def _asset(result: Result, asset: str, fills: Sequence[Fill]) -> dict[str, Any]:
    judged = list(_first_of_each_day(result, asset))
    views = [one.views[asset] for one in judged]
    agents = [(agent, [view.scores[agent].value for view in views]) for agent in _agents(judged)]
    return {
        "name": asset,
        "times": [_milliseconds(one.slot_at) for one in judged],
        "price": [float(view.mark.price) for view in views],
        "trades": [
            {
                "at": _milliseconds(fill.at),
                "value": float(fill.price),
                "side": fill.side.value,
                "words": f"{fill.at:%Y-%m-%d %H:%M} {fill.side.value} {fill.quantity} {asset}"
                f" at {money(fill.price)}",
            }
            for fill in fills
            if fill.asset == asset
        ],
        "scores": [
            {"name": name, "values": values}
            for name, values in (("conviction", [float(v.conviction) for v in views]), *agents)
        ],
    }


def _first_of_each_day(result: Result, asset: str) -> Iterator[Judgement]:
    judged = (run.judgement for run in result.played.runs)
    known = (one for one in judged if one is not None and asset in one.views)
    for _, of_day in groupby(known, key=lambda one: one.slot_at.date()):
        yield next(of_day)


def _agents(judged: Sequence[Judgement]) -> list[str]:
    return [
        agent
        for one in judged[:1]
        for view in list(one.views.values())[:1]
        for agent in view.scores
    ]


def _figures(compared: Sequence[Compared]) -> dict[str, Any]:
    rows: list[list[str]] = []
    for one in compared:
        begins, ends = one.span.begins, one.span.ends
        rows.append([f"{TITLES[one.span.name]}: {begins:%Y-%m-%d} to {ends:%Y-%m-%d}"])
        found: list[Figures] = [
            one.strategy.figures,
            one.buy_and_hold.figures,
            one.dca.figures,
        ]
        rows += [[name, *map(said, found)] for name, said in FIGURES]
    return {
        "about": "Daily equity, 365 days a year, risk-free money earns 0; fees and slippage are"
        " paid by all three.",
        "head": ["", *_WAYS],
        "rows": rows,
    }


def _costs(assets: Sequence[str], fills: Sequence[Fill]) -> dict[str, Any]:
    rows = []
    for asset in assets:
        own = [fill for fill in fills if fill.asset == asset]
        rows.append(_cost_row(asset, own))
    return {
        "about": "Slippage is what the fills were worse than the first price after the slot.",
        "head": ["", "trades", "turnover", "fees", "slippage"],
        "rows": [*rows, _cost_row("all", fills)],
    }


def _cost_row(name: str, fills: Sequence[Fill]) -> list[str]:
    none = Decimal(0)
    return [
        name,
        str(len(fills)),
        money(sum((fill.notional for fill in fills), none)),
        money(sum((fill.fee for fill in fills), none)),
        money(sum((_slippage(fill) for fill in fills), none)),
    ]


def _slippage(fill: Fill) -> Decimal:
    worse = fill.price - fill.mark_price
    return fill.quantity * (worse if fill.side is Signal.BUY else -worse)


def _trades(fills: Sequence[Fill]) -> dict[str, Any]:
    return {
        "about": "Each filled in whole at the first price after its slot." if fills else "None.",
        "head": ["time (UTC)", "asset", "side", "quantity", "price", "worth", "fee"],
        "rows": [
            [
                f"{fill.at:%Y-%m-%d %H:%M}",
                fill.asset,
                fill.side.value,
                f"{fill.quantity:f}",
                money(fill.price),
                money(fill.notional),
                money(fill.fee),
            ]
            for fill in fills
        ],
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
