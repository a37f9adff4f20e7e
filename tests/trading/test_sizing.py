from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import Unknown
from automoney.market.assets import asset_named
from automoney.trading.filling import fill
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Decision, Order, Refused, Rejection, Rule
from automoney.trading.sizing import size
from automoney.trading.strategies import HODL_WAVE
from tests.trading.builders import mark, portfolio

BUY, SELL = Signal.BUY, Signal.SELL
FREE = Costs(Decimal(0), Decimal(0))


def toward(target: str | Decimal, signal: Signal, asset: str = "BTC") -> Decision:
    rule = Rule.BUY if signal is BUY else Rule.SELL
    return Decision(asset, signal, Decimal(0), Decimal(0), Decimal(target), "as told", rule)


@pytest.mark.parametrize(
    ("cash", "held", "signal", "target", "quantity"),
    [
        # each unit costs 45,022.50 * 1.001 = 45,067.52: 67.52 above its value, of which a quarter
        # lessens the target: 25,000 / (45,000 + 16.88)
        pytest.param("100000", "0", BUY, "0.25", "0.55534", id="buy, rounded down to the lot"),
        # equity 145,000: a half is 72,500, of which 45,000 are there; 27,500 / (45,000 + 33.76)
        pytest.param("100000", "1", BUY, "0.5", "0.61065", id="buy what is lacking"),
        # all of it: 2.2189 * 45,067.5225 = 100,000.33, one lot too many
        pytest.param("100000", "0", BUY, "1", "2.21889", id="no more than cash pays for"),
        # equity 145,000: a tenth is 14,500; 30,500 / 45,000 too much
        pytest.param("100000", "1", SELL, "0.1", "0.67777", id="sell down, rounded down"),
        pytest.param("100000", "1.23456789", SELL, "0", "1.23456789", id="out leaves no dust"),
    ],
)
def test_the_order_closes_the_gap(
    cash: str, held: str, signal: Signal, target: str, quantity: str
) -> None:
    order = size(HODL_WAVE, toward(target, signal), portfolio(cash, {"BTC": held}), mark(), Costs())

    assert order == Order("BTC", signal, Decimal(quantity))


@pytest.mark.parametrize(
    ("cash", "held", "signal", "target", "reason", "words"),
    [
        pytest.param(
            "9",
            "0",
            BUY,
            "1",
            "minimum",
            "8.99 USDT is to be traded, and in whole lots of 0.00001 BTC that is less than the"
            " smallest order of 10.00 USDT",
            id="below the smallest order",
        ),
        pytest.param(
            "0",
            "1",
            BUY,
            "1",
            "minimum",
            "at 45000, the first price after the decision, the target is met already",
            id="all of it is there already",
        ),
        pytest.param("0", "1", BUY, "0.5", "minimum", "is met already", id="a buy never sells"),
        pytest.param("100000", "0.1", SELL, "0.5", "minimum", "is met", id="a sell never buys"),
        pytest.param(
            "100000", "0.0002", SELL, "0", "minimum", "9.00 USDT is to be traded", id="dust stays"
        ),
        pytest.param("100000", "0", SELL, "0", "minimum", "is met already", id="nothing to sell"),
    ],
)
def test_what_cannot_be_ordered_says_why(
    cash: str, held: str, signal: Signal, target: str, reason: str, words: str
) -> None:
    books = portfolio(cash, {"BTC": held})
    refused = size(HODL_WAVE, toward(target, signal), books, mark(), Costs())

    assert isinstance(refused, Rejection)
    assert (refused.asset, refused.side, refused.reason) == ("BTC", signal, reason)
    assert refused.detail.startswith("No order: ")
    assert refused.detail.endswith(".")
    assert words in refused.detail


def test_a_lack_of_funds_says_how_much_there_is_and_is_needed() -> None:
    """Ether takes up the money that bitcoin would need."""
    books = portfolio("3", {"ETH": "10"}, {"ETH": "4000", "BTC": "45000"})
    refused = size(HODL_WAVE, toward("0.25", BUY), books, mark(), Costs())

    assert refused == Rejection(
        "BTC",
        BUY,
        Refused.FUNDS,
        "No order: 10,012.00 USDT would be needed, costs included, and the smallest order is"
        " 10.00 USDT, but there is only 3.00 USDT in cash.",
    )


def test_where_cash_does_not_pay_for_all_of_it_as_much_is_bought_as_it_does() -> None:
    """3000 / 45,067.5225, where a quarter of 43,000 is wanted."""
    books = portfolio("3000", {"ETH": "10"}, {"ETH": "4000", "BTC": "45000"})
    order = size(HODL_WAVE, toward("0.25", BUY), books, mark(), Costs())

    assert order == Order("BTC", BUY, Decimal("0.06656"))


def test_a_lot_that_is_worth_more_than_is_to_be_traded_is_too_much() -> None:
    books = portfolio("100", prices={"ETH": "4000000"})
    refused = size(HODL_WAVE, toward("0.5", BUY, "ETH"), books, mark("ETH", "4000000"), FREE)

    assert isinstance(refused, Rejection)
    assert refused.reason is Refused.LOT
    assert "50.00 USDT is to be traded, but one lot is 0.0001 ETH, worth 400.00 USDT" in (
        refused.detail
    )


@pytest.mark.parametrize(("asset", "quantity"), [("BTC", "0.33333"), ("ETH", "0.3333")])
def test_each_asset_has_its_lot(asset: str, quantity: str) -> None:
    books = portfolio("1000", prices={asset: "300"})
    order = size(HODL_WAVE, toward("0.1", BUY, asset), books, mark(asset, "300"), FREE)

    assert order == Order(asset, BUY, Decimal(quantity))


@pytest.mark.parametrize(("minimum", "ordered"), [("1", False), ("4.99", False), ("0", True)])
def test_the_exchanges_own_minimum_holds_whatever_a_strategy_says(
    minimum: str, ordered: bool
) -> None:
    """5 USDT for each of the two."""
    small = replace(HODL_WAVE, minimum_order=Decimal(minimum))
    books = portfolio("5" if ordered else "4.99", prices={"BTC": "1"})
    made = size(small, toward("1", BUY), books, mark(price="1"), FREE)

    assert isinstance(made, Rejection)  # two quanta are kept back for rounding
    plenty = portfolio("5.1", prices={"BTC": "1"})
    assert isinstance(size(small, toward("1", BUY), plenty, mark(price="1"), FREE), Order)


def test_an_asset_without_a_row_is_refused() -> None:
    with pytest.raises(Unknown, match="DOGE"):
        size(HODL_WAVE, toward("1", BUY, "DOGE"), portfolio(), mark("DOGE"), FREE)


def test_rounding_against_the_buyer_costs_him_a_lot_not_his_last_cent() -> None:
    """0.1 would cost 20.000000 and, rounded up, 5.00000001: a quantum more than there is."""
    books = portfolio("25.00000000", prices={"ETH": "200"})
    dear = Costs(fee=Decimal("0.2500000001"), slippage=Decimal(0))
    order = size(HODL_WAVE, toward("1", BUY, "ETH"), books, mark("ETH", "200"), dear)

    assert order == Order("ETH", BUY, Decimal("0.0999"))


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
    asset=st.sampled_from(["BTC", "ETH"]),
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
    if isinstance(order, Rejection):
        return
    met = fill(order, at, paid)

    assert order.side is signal
    assert order.quantity * price >= HODL_WAVE.minimum_order
    lot, quantum = asset_named(asset).lot, Decimal("0.00000001")
    if signal is BUY:
        assert met.notional + met.fee <= cash
        assert order.quantity % lot == 0
        equity = books.equity - (met.notional + met.fee - order.quantity * price)
        assert (held + order.quantity) * price <= equity * target + 2 * quantum
    else:
        assert order.quantity <= held
        assert order.quantity == held or order.quantity % lot == 0
        if target == 0:
            assert order.quantity == held
        else:
            assert (held - order.quantity) * price >= books.equity * target - quantum
