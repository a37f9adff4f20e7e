"""How an order is met on paper: at the mark, moved against the trader, for a fee.  Pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from automoney.market.assets import asset_named
from automoney.market.candles import Mark
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Fill, Order

QUANTUM = Decimal("0.00000001")
"""Notionals and fees have eight decimals, as on the exchange; half goes to even."""


def fill_price(side: Signal, mark: Mark, costs: Costs) -> Decimal:
    """The price (quote per base) at which `side` is filled: buyers pay more, sellers get less.

    The mark moved by slippage, and on to the next tick: never 0, since no tick is.
    """
    tick = asset_named(mark.asset).tick
    if side is Signal.BUY:
        return _ticks(mark.price * (1 + costs.slippage), tick, ROUND_CEILING)
    return max(_ticks(mark.price * (1 - costs.slippage), tick, ROUND_FLOOR), tick)


def fill(order: Order, mark: Mark, costs: Costs) -> Fill:
    """Meet the whole order at `mark`, the first price after the slot."""
    price = fill_price(order.side, mark, costs)
    notional = (order.quantity * price).quantize(QUANTUM, ROUND_HALF_EVEN)
    return Fill(
        asset=order.asset,
        side=order.side,
        quantity=order.quantity,
        price=price,
        mark_price=mark.price,
        notional=notional,
        fee=(notional * costs.fee).quantize(QUANTUM, ROUND_HALF_EVEN),
        at=mark.at,
    )


def _ticks(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return (price / tick).to_integral_value(rounding) * tick
