"""The rules' answers, topic by topic: sentences over facts, and not a number that is not one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from automoney.market.series import SERIES
from automoney.workflows.chat.asked import Asked, Topic
from automoney.workflows.chat.draft import Draft
from automoney.workflows.chat.facts import REAL, Facts
from automoney.workflows.chat.knowledge import Known
from automoney.workflows.chat.plain_runs import agents, strategy, take, why


def answer_plainly(asked: Asked, known: Known, facts: Facts) -> Draft:
    """Answer every topic of the question, one paragraph each; help where none was understood."""
    draft = Draft(asked.language)
    if asked.unknown:
        coins, watched = ", ".join(asked.unknown), ", ".join(known.watched)
        draft.say("unknown_coin", coins=coins, known=watched)
        if not asked.assets:
            return draft
    if not asked.topics:
        draft.say("not_understood")
        draft.say("help")
    for topic in asked.topics:
        draft.end_paragraph()
        _ANSWERS[topic](draft, asked, known, facts)
    return draft


def _trades(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    if not known.trades:
        draft.say("no_trades")
    for number, row in enumerate(known.trades, start=1):
        draft.end_paragraph()
        asset, opening = row["asset"], f"trade{number}."
        names = ("at", "side", "quantity", "price", "notional", "fee")
        draft.say(
            "trade", asset=asset, **facts.these(asset, **{one: opening + one for one in names})
        )


def _portfolio(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    if known.portfolio is None:
        draft.say("no_value")
        return
    if facts.get("equity") is None:
        draft.say("no_account")
        return
    names = ("equity", "cash", "pnl", "return")
    draft.say("equity", **facts.these(**{one: one for one in names}))
    draft.say("split", **facts.these(realised="realised", unrealised="unrealised"))
    for position in known.portfolio.positions:
        names = ("value", "share", "cost", "pnl")
        draft.say(
            "holding",
            asset=position.asset,
            **facts.these(position.asset, quantity="held", **{one: f"held.{one}" for one in names}),
        )
    if not known.portfolio.positions:
        draft.say("no_holding")


def _price(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    for asset in asked.assets:
        _price_of(draft, facts, asset)


def _data(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    said: set[tuple[str, str]] = set()
    for asset in asked.assets:
        draft.end_paragraph()
        _price_of(draft, facts, asset)
        readings = [
            (name, data)
            for series in known.readings.get(asset, {}).values()
            for name, data in series.items()
        ]
        if not readings:
            draft.say("no_data", asset=asset)
        for name, data in readings:
            about = asset if SERIES[name].per_asset else ""
            if (about, name) in said:
                continue
            said.add((about, name))
            found = facts.these(about, value=name, age=f"{name}.age")
            draft.say(_reading(data), series=draft.word(name), **found)


def _reading(data: Mapping[str, Any]) -> str:
    if data["filled"] not in REAL:
        return "reading_filled"
    return "reading_stale" if data["isStale"] else "reading"


def _costs(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    draft.say("costs", **facts.these(fee="fee", slippage="slippage"))
    paid = facts.get("fees")
    if paid is not None:
        draft.say("fees", fees=paid)


def _help(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    draft.say("help")


def _price_of(draft: Draft, facts: Facts, asset: str) -> None:
    if facts.get("price", asset) is None:
        draft.say("no_price", asset=asset)
        return
    names = {"price": "price", "age": "price.age", "source": "price.source"}
    draft.say("price", asset=asset, **facts.these(asset, **names))


_ANSWERS: Mapping[Topic, Callable[[Draft, Asked, Known, Facts], None]] = MappingProxyType(
    {
        Topic.TAKE: take,
        Topic.WHY: why,
        Topic.AGENTS: agents,
        Topic.TRADES: _trades,
        Topic.PORTFOLIO: _portfolio,
        Topic.PRICE: _price,
        Topic.DATA: _data,
        Topic.STRATEGY: strategy,
        Topic.COSTS: _costs,
        Topic.HELP: _help,
    }
)
