from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.trading.filling import fill
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Decision, Order
from automoney.trading.sizing import DEFAULT_LOT, LOTS, size
from automoney.trading.strategies import HODL_WAVE
from tests.trading.builders import mark, portfolio

BUY, SELL, HOLD = Signal.BUY, Signal.SELL, Signal.HOLD


def toward(target: str | Decimal, signal: Signal, asset: str = "BTC") -> Decision:
    return Decision(asset, signal, Decimal(0), Decimal(0), Decimal(target), "as the test says")


@pytest.mark.parametrize(
    ("cash", "held", "signal", "target", "quantity"),
    [
        # a quarter of 100,000 at 45,000 is 0.5555...
        pytest.param("100000", "0", BUY, "0.25", "0.55555", id="buy, rounded down to the lot"),
        # equity 145,000: a half is 72,500, of which 45,000 are there; 27,500 / 45,000
        pytest.param("100000", "1", BUY, "0.5", "0.61111", id="buy what is lacking"),
        # all of it: 2.2189 * 45,000 * 1.0005 * 1.001 = 100,000.33, one lot too many
        pytest.param("100000", "0", BUY, "1", "2.21889", id="no more than cash pays for"),
        pytest.param("9", "0", BUY, "1", None, id="below the smallest order"),
        pytest.param("0", "1", BUY, "1", None, id="no cash, no buy"),
        pytest.param("0", "1", BUY, "0.5", None, id="a buy never sells"),
        # equity 145,000: a tenth is 14,500; 30,500 / 45,000 too much
        pytest.param("100000", "1", SELL, "0.1", "0.67777", id="sell down, rounded down"),
        pytest.param("100000", "1.23456789", SELL, "0", "1.23456789", id="out leaves no dust"),
        pytest.param("100000", "0.0002", SELL, "0", None, id="9 of it is not worth an order"),
        pytest.param("100000", "0", SELL, "0", None, id="nothing held, nothing sold"),
        pytest.param("100000", "0.1", SELL, "0.5", None, id="a sell never buys"),
        pytest.param("100000", "1", HOLD, "0.5", None, id="hold"),
    ],
)
def test_the_order_closes_the_gap(
    cash: str, held: str, signal: Signal, target: str, quantity: str | None
) -> None:
    order = size(HODL_WAVE, toward(target, signal), portfolio(cash, {"BTC": held}), mark(), Costs())

    assert order == (Order("BTC", signal, Decimal(quantity)) if quantity else None)


@pytest.mark.parametrize(
    ("asset", "quantity"), [("BTC", "0.33333"), ("ETH", "0.3333"), ("DOGE", "0.3333")]
)
def test_each_asset_has_its_lot(asset: str, quantity: str) -> None:
    books = portfolio("1000", prices={asset: "300"})
    order = size(HODL_WAVE, toward("0.1", BUY, asset), books, mark(asset, "300"), Costs())

    assert order == Order(asset, BUY, Decimal(quantity))


def test_rounding_against_the_buyer_costs_him_a_lot_not_his_last_cent() -> None:
    """0.1 would cost 20.00000006 + 5.00000002: both rounded up, a quantum more than there is."""
    books = portfolio("25.00000007", prices={"DOGE": "200.00000055"})
    dear = Costs(fee=Decimal("0.25"), slippage=Decimal(0))
    order = size(HODL_WAVE, toward("1", BUY, "DOGE"), books, mark("DOGE", "200.00000055"), dear)

    assert order == Order("DOGE", BUY, Decimal("0.0999"))


def test_a_sell_after_a_crash_takes_no_more_than_there_is() -> None:
    """Valued at 45,000 it looks as if 40,500 had to go, which at 9,000 would be 4.5 coins."""
    books = portfolio("0", {"BTC": "1"})
    order = size(HODL_WAVE, toward("0.1", SELL), books, mark(price="9000"), Costs())

    assert order == Order("BTC", SELL, Decimal(1))


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda units: Decimal(units).scaleb(-places))


costs = st.builds(Costs, fee=decimals(0, 200, 4), slippage=decimals(0, 200, 4))


@settings(deadline=None)
@given(
    asset=st.sampled_from(["BTC", "ETH", "DOGE"]),
    cash=decimals(0, 10**14, 8),
    held=decimals(0, 10**9, 8),
    price=decimals(1, 2 * 10**13, 8),
    target=decimals(0, 10_000, 4),
    signal=st.sampled_from([BUY, SELL]),
    paid=costs,
)
def test_an_order_can_always_be_met(
    asset: str,
    cash: Decimal,
    held: Decimal,
    price: Decimal,
    target: Decimal,
    signal: Signal,
    paid: Costs,
) -> None:
    books = portfolio(cash, {asset: str(held)}, {asset: str(price)})
    at = mark(asset, price)
    order = size(HODL_WAVE, toward(target, signal, asset), books, at, paid)
    if order is None:
        return
    met = fill(order, at, paid)

    assert order.side is signal
    assert order.quantity * price >= HODL_WAVE.minimum_order
    lot = LOTS.get(asset, DEFAULT_LOT)
    if signal is BUY:
        assert met.notional + met.fee <= cash
        assert order.quantity % lot == 0
        assert (held + order.quantity) * price <= books.equity * target + Decimal("0.00000001")
    else:
        assert order.quantity <= held
        assert order.quantity == held or order.quantity % lot == 0
        if target == 0:
            assert order.quantity == held
        else:
            assert (held - order.quantity) * price >= books.equity * target - Decimal("0.00000001")
