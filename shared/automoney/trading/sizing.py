"""How much to order so that a decision's target is met.  Pure and exact."""

from decimal import ROUND_DOWN, Decimal

from automoney.market.candles import Mark
from automoney.trading.filling import QUANTUM, fill_price
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Decision, Order
from automoney.trading.portfolio import Portfolio
from automoney.trading.strategies import Strategy

LOTS = {"BTC": Decimal("0.00001"), "ETH": Decimal("0.0001")}
"""The smallest step of a quantity, as Binance's LOT_SIZE filter has it for the USDT pairs."""

DEFAULT_LOT = Decimal("0.0001")


def size(
    strategy: Strategy, decision: Decision, portfolio: Portfolio, mark: Mark, costs: Costs
) -> Order | None:
    """The order that brings `portfolio` to the decision's target, or None if none is worth it.

    The gap is measured between the target and what `portfolio` holds now, so hand in the
    portfolio as left by the orders filled before this one, valued at the marks that are filled at.
    The quantity is rounded down to the lot.  A buy costs at most the cash there is if it is filled
    at `mark` with `costs`; a sell takes at most what is held, and a target of 0 takes all of it,
    odd lots included.  Below the strategy's `minimum_order` (quote currency at the mark): None.
    """
    position = next((p for p in portfolio.positions if p.asset == decision.asset), None)
    held, value = (position.quantity, position.value) if position else (Decimal(0), Decimal(0))
    gap = portfolio.equity * decision.target_weight - value
    lot = LOTS.get(decision.asset, DEFAULT_LOT)

    if decision.signal is Signal.BUY:
        quantity = min(_lots(gap / mark.price, lot), _affordable(portfolio.cash, mark, costs, lot))
    elif decision.signal is Signal.SELL and decision.target_weight == 0:
        quantity = held
    elif decision.signal is Signal.SELL:
        quantity = min(_lots(-gap / mark.price, lot), held)
    else:
        return None
    if quantity <= 0 or quantity * mark.price < strategy.minimum_order:
        return None
    return Order(decision.asset, decision.signal, quantity)


def _affordable(cash: Decimal, mark: Mark, costs: Costs, lot: Decimal) -> Decimal:
    """The largest whole number of lots that `cash` pays for, slippage and fee included."""
    # Notional and fee are each rounded by at most half a quantum: two quanta kept back cover it.
    budget = cash - 2 * QUANTUM
    return _lots(budget / (fill_price(Signal.BUY, mark, costs) * (1 + costs.fee)), lot)


def _lots(quantity: Decimal, lot: Decimal) -> Decimal:
    """`quantity` rounded down to a multiple of `lot`; 0 if it is negative."""
    if quantity <= 0:
        return Decimal(0)
    return (quantity / lot).to_integral_value(ROUND_DOWN) * lot
