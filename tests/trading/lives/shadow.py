"""Books kept beside the real ones, in whole numbers: no Decimal, no rounding but the one rule.

Everything is counted in hundred-millionths (of a unit, or of the quote currency), as the exchange
does, and half goes to even.
"""

from decimal import Decimal

from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Fill, Order

ONE = 10**8
LOTS = {"BTC": 1_000, "ETH": 10_000}  # 0.00001 BTC, 0.0001 ETH
TICK = 10**6  # 0.01
SCALE = Decimal(ONE)


def whole(number: Decimal) -> int:
    """In hundred-millionths; it must be a whole number of them."""
    scaled = number * SCALE
    counted = int(scaled)
    assert counted == scaled, f"{number} has more than eight decimals"
    return counted


def exact(counted: int) -> Decimal:
    return Decimal(counted).scaleb(-8)


def half_even(above: int, below: int) -> int:
    """above / below, rounded."""
    quotient, rest = divmod(above, below)
    if 2 * rest > below or (2 * rest == below and quotient % 2):
        quotient += 1
    return quotient


class Shadow:
    """One account, as plain arithmetic has it; `price` is what each asset was last marked at."""

    def __init__(self) -> None:
        self.cash = self.deposits = self.fees = 0
        self.price = dict.fromkeys(LOTS, 0)
        self.quantity = dict.fromkeys(LOTS, 0)
        self.cost = dict.fromkeys(LOTS, 0)
        self.realised = dict.fromkeys(LOTS, 0)

    def deposit(self, amount: int) -> None:
        self.cash += amount
        self.deposits += amount

    def fill(self, order: Order, costs: Costs, met: Fill) -> None:
        """Book an order that was met; AssertionError if it was met in any other way than it is."""
        asset, quantity = order.asset, whole(order.quantity)
        buys = order.side is Signal.BUY
        price = _price(self.price[asset], whole(costs.slippage), buys=buys)
        notional = half_even(quantity * price, ONE)
        fee = half_even(notional * whole(costs.fee), ONE)
        assert met.asset == asset
        assert met.side is order.side
        assert met.quantity == order.quantity
        assert met.price * SCALE == price, "not the mark, moved against the trader to a tick"
        assert met.notional * SCALE == notional
        assert met.fee * SCALE == fee

        self.fees += fee
        if buys:
            self.cash -= notional + fee
            self.quantity[asset] += quantity
            self.cost[asset] += notional + fee
        else:
            held, cost = self.quantity[asset], self.cost[asset]
            gone = half_even(cost * quantity, held)
            self.cash += notional - fee
            self.quantity[asset] = held - quantity
            self.cost[asset] = cost - gone
            self.realised[asset] += notional - fee - gone
        assert self.cash >= 0, "money that is not there was spent"
        assert self.quantity[asset] >= 0, "what is not there was sold"
        if not self.quantity[asset]:
            assert self.cost[asset] == 0, "a cost outlived its units"

    def value(self, asset: str) -> int:
        return half_even(self.quantity[asset] * self.price[asset], ONE)


def _price(mark: int, slippage: int, *, buys: bool) -> int:
    if buys:
        return -(-mark * (ONE + slippage) // (ONE * TICK)) * TICK
    return max(mark * (ONE - slippage) // (ONE * TICK) * TICK, TICK)
