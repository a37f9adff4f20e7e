from decimal import Decimal

import pytest

from automoney.trading.filling import fill
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Fill, Order
from tests.trading.builders import mark


@pytest.mark.parametrize(
    ("side", "mark_price", "quantity", "price", "notional", "fee"),
    [
        # 45000 * 1.0005 = 45022.5; * 0.01 = 450.225; a thousandth of it
        pytest.param(
            "BUY", "45000", "0.01", "45022.5", "450.225", "0.450225", id="buyer pays more"
        ),
        pytest.param(
            "SELL", "45000", "0.01", "44977.5", "449.775", "0.449775", id="seller gets less"
        ),
        # 0.00001 * 1.0005 = 0.000010005 -> 0.00001000 (half to even; 0.0000100050 is the half)
        pytest.param("BUY", "0.00001", "3", "0.00001", "0.00003", "0.00000003", id="half to even"),
        pytest.param("BUY", "0.00003", "1", "0.00003002", "0.00003002", "0.00000003", id="and up"),
    ],
)
def test_a_fill_moves_against_the_trader_and_pays(
    side: str, mark_price: str, quantity: str, price: str, notional: str, fee: str
) -> None:
    at = mark(price=mark_price)
    order = Order("BTC", Signal(side), Decimal(quantity))

    assert fill(order, at, Costs()) == Fill(
        asset="BTC",
        side=Signal(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        mark_price=Decimal(mark_price),
        notional=Decimal(notional),
        fee=Decimal(fee),
        at=at.at,
    )


def test_costs_are_settings() -> None:
    free = fill(Order("BTC", Signal.BUY, Decimal(2)), mark(), Costs(Decimal(0), Decimal(0)))

    assert [free.price, free.notional, free.fee] == [45_000, 90_000, 0]
