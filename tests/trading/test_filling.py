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
        # 45000.01 * 1.0005 = 45022.510005, and on to the next cent
        pytest.param(
            "BUY", "45000.01", "1", "45022.52", "45022.52", "45.02252", id="up to the next tick"
        ),
        # 45000.01 * 0.9995 = 44977.509995
        pytest.param(
            "SELL", "45000.01", "1", "44977.5", "44977.5", "44.9775", id="down to the next tick"
        ),
        pytest.param("SELL", "0.01", "3", "0.01", "0.03", "0.00003", id="never below one tick"),
        # 10.01 * 0.00001 = 0.0001001, a thousandth of which is 0.0000001001
        pytest.param("BUY", "10", "0.00001", "10.01", "0.0001001", "0.0000001", id="fee rounded"),
        # 20.02 * 0.0000012345 = 0.00002471469
        pytest.param(
            "BUY", "20", "0.0000012345", "20.01", "0.0000247", "0.00000002", id="notional rounded"
        ),
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
