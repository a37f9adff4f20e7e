"""How much to order so that a decision's target is met, or why nothing can be.  Pure and exact."""

from decimal import ROUND_DOWN, Decimal

from automoney.market.assets import Asset, asset_named
from automoney.market.candles import Mark
from automoney.trading.filling import QUANTUM, fill_price
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Decision, Order, Refused, Rejection
from automoney.trading.portfolio import QUOTE, Portfolio
from automoney.trading.strategies import Strategy

_NOTHING = Decimal(0)


def size(
    strategy: Strategy, decision: Decision, portfolio: Portfolio, mark: Mark, costs: Costs
) -> Order | Rejection:
    """The order that brings `portfolio` to the target of a BUY or SELL, or why there is none.

    The gap is measured between the target and what `portfolio` holds now, so hand in the
    portfolio as left by the orders filled before this one, valued at the marks that are filled at.
    The quantity is rounded down to the asset's lot.  A buy reckons with its own costs: filled at
    `mark`, it leaves at most the target share of what equity is then, and costs at most the cash
    there is.  A sell takes at most what is held, and a target of 0 takes all of it, odd lots
    included.

    A Rejection is for an order that would be worth less (quote currency at the mark) than the
    strategy's `minimum_order` or the asset's `minimum_notional`, or for which no lot is left.

    Raises Unknown for an asset without a row in `market.assets`.
    """
    if decision.signal is Signal.BUY:
        return _buy(strategy, decision, portfolio, mark, costs)
    return _sell(strategy, decision, portfolio, mark)


def _buy(
    strategy: Strategy, decision: Decision, portfolio: Portfolio, mark: Mark, costs: Costs
) -> Order | Rejection:
    asset = asset_named(decision.asset)
    smallest = _smallest(strategy, asset)
    target, paid = decision.target_weight, fill_price(Signal.BUY, mark, costs) * (1 + costs.fee)
    gap = portfolio.equity * target - _held(portfolio, decision.asset)[1]
    # Each unit lessens equity by what it costs above its value, and with it the target's worth.
    wanted = gap / (mark.price + target * (paid - mark.price))
    # Notional and fee are each rounded by at most half a quantum: two quanta kept back cover it.
    affordable = (portfolio.cash - 2 * QUANTUM) / paid
    quantity = _lots(min(wanted, affordable), asset.lot)
    if quantity and quantity * mark.price >= smallest:
        return Order(decision.asset, Signal.BUY, quantity)
    if affordable < wanted and wanted * mark.price >= smallest:
        cash, one = _money(portfolio.cash), _money(smallest)
        return _refused(
            decision,
            Refused.FUNDS,
            f"{_money(wanted * paid)} would be needed, costs included, and the smallest order is"
            f" {one}, but there is only {cash} in cash",
        )
    return _too_little(asset, decision, wanted, mark, smallest)


def _sell(
    strategy: Strategy, decision: Decision, portfolio: Portfolio, mark: Mark
) -> Order | Rejection:
    asset = asset_named(decision.asset)
    smallest = _smallest(strategy, asset)
    held, value = _held(portfolio, decision.asset)
    wanted = quantity = held
    if decision.target_weight:
        wanted = (value - portfolio.equity * decision.target_weight) / mark.price
        quantity = min(_lots(wanted, asset.lot), held)
    if quantity and quantity * mark.price >= smallest:
        return Order(decision.asset, Signal.SELL, quantity)
    return _too_little(asset, decision, min(wanted, held), mark, smallest)


def _too_little(
    asset: Asset, decision: Decision, wanted: Decimal, mark: Mark, smallest: Decimal
) -> Rejection:
    worth = wanted * mark.price
    if worth >= smallest and wanted < asset.lot:
        lot = f"one lot is {asset.lot:f} {asset.code}, worth {_money(asset.lot * mark.price)}"
        return _refused(
            decision, Refused.LOT, f"{_money(worth)} is to be traded, but {lot} at {mark.price:f}"
        )
    if worth <= 0:
        here = f"at {mark.price:f}, the first price after the decision"
        return _refused(decision, Refused.MINIMUM, f"{here}, the target is met already")
    return _refused(
        decision,
        Refused.MINIMUM,
        f"{_money(worth)} is to be traded, and in whole lots of {asset.lot:f} {asset.code} that is"
        f" less than the smallest order of {_money(smallest)}",
    )


def _smallest(strategy: Strategy, asset: Asset) -> Decimal:
    return max(strategy.minimum_order, asset.minimum_notional)


def _refused(decision: Decision, reason: Refused, why: str) -> Rejection:
    return Rejection(decision.asset, decision.signal, reason, f"No order: {why}.")


def _held(portfolio: Portfolio, asset: str) -> tuple[Decimal, Decimal]:
    """Units of `asset`, and their value."""
    found = next((one for one in portfolio.positions if one.asset == asset), None)
    return (found.quantity, found.value) if found else (_NOTHING, _NOTHING)


def _lots(quantity: Decimal, lot: Decimal) -> Decimal:
    """`quantity` rounded down to a multiple of `lot`; 0 if it is negative."""
    if quantity <= 0:
        return _NOTHING
    return (quantity / lot).to_integral_value(ROUND_DOWN) * lot


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f} {QUOTE}"
