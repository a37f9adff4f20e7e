"""Keeping books: entries for what happened, and holdings and portfolios that follow.  Pure, exact.

Cost basis is kept as one total per holding, not as an average: an average would have to be
rounded, and then profit would no longer be the sum of its parts.  Source: the average cost method
(IAS 2, weighted average), with fees part of the cost of what is bought and taken off what is got.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from operator import attrgetter

from automoney.errors import DataMissing, Unbalanced
from automoney.market.candles import Mark
from automoney.trading.filling import QUANTUM
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry, Posting
from automoney.trading.orders import Fill
from automoney.trading.portfolio import QUOTE, Portfolio, Position

ASSETS = "assets:"  # and the currency: what a user holds of it
DEPOSITS = "equity:deposits"
CLOSED = "equity:closed"  # what an account was worth when its owner started over
EXCHANGE = "exchange"
FEES = "fees"

_ZERO = Decimal(0)
# A product of cost and units may have more digits than usual: cut off, it could round wrongly.
_WIDE = Context(prec=80)
_BY_ASSET = attrgetter("asset")


def assets_account(currency: str) -> str:
    """The account that holds a user's units of `currency`."""
    return f"{ASSETS}{currency}"


def deposit_entry(amount: Decimal, at: datetime) -> Entry:
    """Paper money arrives: assets:USDT +amount, equity:deposits -amount."""
    return Entry(
        at,
        "deposit",
        (
            Posting(assets_account(QUOTE), amount, QUOTE),
            Posting(DEPOSITS, -amount, QUOTE),
        ),
    )


def fill_entry(fill: Fill, memo: str) -> Entry:
    """A fill as postings, as in `Entry`'s example; for a sell the signs turn, but not the fee's."""
    sign = 1 if fill.side is Signal.BUY else -1
    units, notional = sign * fill.quantity, sign * fill.notional
    return Entry(
        fill.at,
        memo,
        (
            Posting(assets_account(fill.asset), units, fill.asset),
            Posting(EXCHANGE, -units, fill.asset),
            Posting(assets_account(QUOTE), -notional - fill.fee, QUOTE),
            Posting(EXCHANGE, notional, QUOTE),
            Posting(FEES, fill.fee, QUOTE),
        ),
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of one asset with the running state that a portfolio needs, so nobody replays fills.

    `cost` is what the units held were bought for, fees included; `realised` the profit on those
    sold so far, net of fees.  Both in quote currency with eight decimals.
    """

    asset: str
    quantity: Decimal = _ZERO
    cost: Decimal = _ZERO
    realised: Decimal = _ZERO

    def apply(self, fill: Fill) -> "Holding":
        """The holding after `fill`; Unbalanced for another asset's, or as `trade` does."""
        if fill.asset != self.asset:
            raise Unbalanced(f"a fill of {fill.asset} for a holding of {self.asset}")
        if fill.side is Signal.BUY:
            return self.trade(fill.quantity, -fill.notional - fill.fee)
        return self.trade(-fill.quantity, fill.notional - fill.fee)

    def trade(self, units: Decimal, cash: Decimal) -> "Holding":
        """The holding after `units` came for `cash` (negative), or left for it, fees included.

        A sell takes with it the share of the cost that belongs to the units sold, rounded to eight
        decimals; the last unit takes what is left, so no cost outlives its units.

        Raises Unbalanced for selling more than is held.
        """
        left = self.quantity + units
        if units > 0:
            return Holding(self.asset, left, self.cost - cash, self.realised)
        if left < 0:
            raise Unbalanced(f"{-units} {self.asset} sold, but {self.quantity} held")
        gone = self.cost
        if left:
            share = _WIDE.divide(_WIDE.multiply(self.cost, -units), self.quantity)
            gone = share.quantize(QUANTUM, ROUND_HALF_EVEN)
        return Holding(self.asset, left, self.cost - gone, self.realised + cash - gone)


def portfolio_of(
    cash: Decimal,
    deposits: Decimal,
    fees: Decimal,
    holdings: Iterable[Holding],
    marks: Mapping[str, Mark],
) -> Portfolio:
    """Value holdings at marks; positions come by asset name, sold-out holdings only as profit.

    `unrealised_pnl` of the positions and `realised_pnl` add up to `pnl` exactly, provided that
    cash and holdings come from the same fills.

    Raises DataMissing if something held has no mark: a portfolio is never silently worth less.
    """
    realised, positions = _ZERO, []
    for holding in sorted(holdings, key=_BY_ASSET):
        realised += holding.realised
        if holding.quantity:
            positions.append(_position(holding, marks))
    return Portfolio(cash, deposits, fees, realised, tuple(positions))


def portfolio_from(
    fills: Iterable[Fill], deposits: Decimal, marks: Mapping[str, Mark]
) -> Portfolio:
    """Replay all fills, oldest first, over an account that got `deposits` before the first.

    Raises Unbalanced or DataMissing as `Holding.apply` and `portfolio_of` do.
    """
    cash, fees = deposits, _ZERO
    holdings: dict[str, Holding] = {}
    for fill in fills:
        holdings[fill.asset] = holdings.get(fill.asset, Holding(fill.asset)).apply(fill)
        cash += (-fill.notional if fill.side is Signal.BUY else fill.notional) - fill.fee
        fees += fill.fee
    return portfolio_of(cash, deposits, fees, holdings.values(), marks)


def _position(holding: Holding, marks: Mapping[str, Mark]) -> Position:
    mark = marks.get(holding.asset)
    if mark is None:
        raise DataMissing(f"{holding.asset} is held, but has no price")
    value = (holding.quantity * mark.price).quantize(QUANTUM, ROUND_HALF_EVEN)
    return Position(
        asset=holding.asset,
        quantity=holding.quantity,
        average_cost=(holding.cost / holding.quantity).quantize(QUANTUM, ROUND_HALF_EVEN),
        price=mark.price,
        value=value,
        unrealised_pnl=value - holding.cost,
        priced_at=mark.at,
    )
