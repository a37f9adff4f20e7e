"""What is the user's own: portfolio, newest decisions and trades, what trading costs him.  Pure."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from automoney.encoding import parse_utc
from automoney.trading.portfolio import Portfolio, Position
from automoney.workflows.chat.fact import Fact, Kind, Unit
from automoney.workflows.chat.knowledge import Known


def own_facts(known: Known, assets: Collection[str]) -> Iterable[Fact]:
    """Facts about none in particular first; of an asset held, whether asked about or not."""
    if known.portfolio is not None and known.portfolio.deposits:
        yield from _portfolio(known, known.portfolio)
    yield from _costs(known)
    for asset in assets:
        newest = next((row for row in known.decisions if row["asset"] == asset), None)
        if newest is not None:
            yield from _decision(newest)
    for number, row in enumerate(known.trades, start=1):
        yield from _trade(number, row)


def _portfolio(known: Known, portfolio: Portfolio) -> Iterable[Fact]:
    def fact(name: str, what: str, value: Decimal, unit: Unit, asset: str | None = None) -> Fact:
        return Fact(Kind.PORTFOLIO, name, what, value, unit, known.now, None, asset)

    yield fact("equity", "what everything is worth, USDT", portfolio.equity, Unit.MONEY)
    yield fact("cash", "cash, USDT", portfolio.cash, Unit.MONEY)
    yield fact("pnl", "gain or loss since the start, USDT", portfolio.pnl, Unit.MONEY)
    share = portfolio.pnl / portfolio.deposits
    yield fact("return", "gain or loss as a share of what was paid in", share, Unit.SHARE)
    yield fact("realised", "realised part of it, USDT", portfolio.realised_pnl, Unit.MONEY)
    yield fact("unrealised", "unrealised part of it, USDT", portfolio.unrealised_pnl, Unit.MONEY)
    yield fact("deposits", "what was paid in, USDT", portfolio.deposits, Unit.MONEY)
    yield fact("fees", "fees paid so far, USDT", portfolio.fees, Unit.MONEY)
    for position in portfolio.positions:
        yield from _position(known, portfolio, position)


def _position(known: Known, portfolio: Portfolio, position: Position) -> Iterable[Fact]:
    asset = position.asset
    figures = (
        ("held", f"{asset} held", position.quantity, Unit.QUANTITY),
        ("held.value", f"worth of the {asset}, USDT", position.value, Unit.MONEY),
        ("held.share", f"share of equity in {asset}", portfolio.weight(asset), Unit.SHARE),
        ("held.cost", f"average cost of one {asset}", position.average_cost, Unit.MONEY),
        ("held.pnl", f"unrealised gain or loss on {asset}", position.unrealised_pnl, Unit.MONEY),
    )
    for name, what, value, unit in figures:
        yield Fact(Kind.PORTFOLIO, name, what, value, unit, known.now, None, asset)


def _costs(known: Known) -> Iterable[Fact]:
    for name, value in (("fee", known.costs.fee), ("slippage", known.costs.slippage)):
        what = f"{name} of a trade as a share of its worth"
        yield Fact(Kind.STRATEGY, name, what, value, Unit.SHARE, None, known.strategy.id)


def _decision(row: Mapping[str, Any]) -> Iterable[Fact]:
    at, run, asset = parse_utc(row["slot"]), row["executionId"], row["asset"]

    def fact(name: str, what: str, value: Decimal | str, unit: Unit) -> Fact:
        return Fact(Kind.DECISION, name, what, value, unit, at, run, asset)

    yield fact("decision", "newest decision for this user", row["signal"], Unit.WORD)
    yield Fact(Kind.DECISION, "decision.at", "when", at, Unit.TIME, at, run, asset)
    yield fact("decision.why", "why", row["reasoning"], Unit.WORD)
    conviction = Decimal(row["conviction"])
    yield fact("decision.conviction", "conviction it was made at", conviction, Unit.POINTS)
    yield fact("decision.weight", "share of equity before", Decimal(row["weight"]), Unit.SHARE)
    target = Decimal(row["targetWeight"])
    yield fact("decision.target", "share of equity to hold after", target, Unit.SHARE)
    if row.get("rule"):
        yield fact("decision.rule", "name of the rule that fired", row["rule"], Unit.WORD)
    order = row.get("order") or {}
    if order.get("status") == "refused":
        yield fact("decision.refused", "why there was no order", order["reason"], Unit.WORD)
        yield fact("decision.refusal", "the same in words", order["detail"], Unit.WORD)


def _trade(number: int, row: Mapping[str, Any]) -> Iterable[Fact]:
    at, run, asset = parse_utc(row["at"]), row["executionId"], row["asset"]
    side = row["action"]
    figures = (
        ("side", f"{side} of {asset}", side, Unit.WORD),
        ("at", "when", at, Unit.TIME),
        ("quantity", f"{asset} of that {side}", Decimal(row["quantity"]), Unit.QUANTITY),
        ("price", f"price of that {side}, USDT", Decimal(row["price"]), Unit.MONEY),
        ("notional", f"worth of that {side}, USDT", Decimal(row["notional"]), Unit.MONEY),
        ("fee", f"fee of that {side}, USDT", Decimal(row["fee"]), Unit.MONEY),
    )
    for name, what, value, unit in figures:
        yield Fact(Kind.TRADE, f"trade{number}.{name}", what, value, unit, at, run, asset)
