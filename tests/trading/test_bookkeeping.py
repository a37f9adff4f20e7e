from decimal import Decimal

import pytest

from automoney.errors import DataMissing, Unbalanced
from automoney.trading.bookkeeping import (
    Holding,
    deposit_entry,
    fill_entry,
    portfolio_from,
    portfolio_of,
)
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry, Posting
from automoney.trading.orders import Fill
from tests.trading.builders import NOON, fill_of, mark

BUY, SELL = Signal.BUY, Signal.SELL


def test_a_deposit_comes_from_equity() -> None:
    assert deposit_entry(Decimal(100_000), NOON) == Entry(
        NOON,
        "deposit",
        (
            Posting("assets:USDT", Decimal(100_000), "USDT"),
            Posting("equity:deposits", Decimal(-100_000), "USDT"),
        ),
    )


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (
            BUY,
            {
                ("assets:BTC", "BTC"): "0.01",
                ("exchange", "BTC"): "-0.01",
                ("assets:USDT", "USDT"): "-450.45",
                ("exchange", "USDT"): "450",
                ("fees", "USDT"): "0.45",
            },
        ),
        (
            SELL,
            {
                ("assets:BTC", "BTC"): "-0.01",
                ("exchange", "BTC"): "0.01",
                ("assets:USDT", "USDT"): "449.55",
                ("exchange", "USDT"): "-450",
                ("fees", "USDT"): "0.45",
            },
        ),
    ],
)
def test_a_fill_is_an_exchange_and_a_fee(
    side: Signal, expected: dict[tuple[str, str], str]
) -> None:
    entry = fill_entry(fill_of(side, "0.01", "45000", "0.45"), "hodl-wave:2025-11-05T12:00Z")

    assert entry.memo == "hodl-wave:2025-11-05T12:00Z"
    assert {(p.account, p.currency): p.units for p in entry.postings} == {
        key: Decimal(units) for key, units in expected.items()
    }


@pytest.mark.parametrize(
    ("fills", "quantity", "cost", "realised"),
    [
        pytest.param([(BUY, "2", "100", "1")], "2", "201", "0", id="the fee is part of the cost"),
        pytest.param(
            [(BUY, "2", "100", "1"), (BUY, "1", "130", "2")], "3", "333", "0", id="costs add up"
        ),
        # 111 a unit; 150 - 1 - 111
        pytest.param(
            [(BUY, "3", "110", "3"), (SELL, "1", "150", "1")],
            "2",
            "222",
            "38",
            id="a sell takes the average cost with it",
        ),
        # a third of 100 is 33.33333333, of the 66.66666667 left a half 33.33333334 (even)
        pytest.param(
            [(BUY, "3", "33", "1"), *[(SELL, "1", "33", "0")] * 2],
            "1",
            "33.33333333",
            "-0.66666667",
            id="what can't be split is rounded, not lost",
        ),
        pytest.param(
            [(BUY, "3", "33", "1"), *[(SELL, "1", "33", "0")] * 3],
            "0",
            "0",
            "-1",
            id="the last unit takes the rest",
        ),
    ],
)
def test_a_holding_keeps_its_cost(
    fills: list[tuple[Signal, str, str, str]], quantity: str, cost: str, realised: str
) -> None:
    holding = Holding("BTC")
    for fill_ in fills:
        holding = holding.apply(fill_of(*fill_))

    assert holding == Holding("BTC", Decimal(quantity), Decimal(cost), Decimal(realised))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(fill_of(SELL, "1.00001", "100"), id="more than is held"),
        pytest.param(fill_of(BUY, "1", "100", asset="ETH"), id="another asset"),
    ],
)
def test_books_that_cannot_be_are_refused(wrong: Fill) -> None:
    with pytest.raises(Unbalanced):
        Holding("BTC", Decimal(1), Decimal(100)).apply(wrong)


def test_a_portfolio_is_valued_at_its_marks() -> None:
    fills = [
        fill_of(BUY, "0.5", "40000", "20"),
        fill_of(BUY, "2", "3000", "6", asset="ETH"),
        fill_of(SELL, "0.1", "50000", "5"),
        fill_of(SELL, "2", "2900", "5.8", asset="ETH"),
    ]
    portfolio = portfolio_from(fills, Decimal(100_000), {"BTC": mark(price="60000")})

    # 100000 - 20020 - 6006 + 4995 + 5794.2
    assert portfolio.cash == Decimal("84763.2")
    assert portfolio.fees == Decimal("36.8")
    # BTC: 4995 - 20020 / 5 = 991; ETH: 5794.2 - 6006 = -211.8
    assert portfolio.realised_pnl == Decimal("779.2")
    [btc] = portfolio.positions
    assert (btc.asset, btc.quantity, btc.value) == ("BTC", Decimal("0.4"), Decimal(24_000))
    assert btc.average_cost == Decimal(40_040)
    assert btc.unrealised_pnl == Decimal(24_000) - Decimal(16_016)
    assert portfolio.equity == Decimal("108763.2")
    assert portfolio.pnl == Decimal("8763.2")


def test_what_is_held_needs_a_price() -> None:
    with pytest.raises(DataMissing, match="ETH"):
        portfolio_of(
            Decimal(0), Decimal(0), Decimal(0), [Holding("ETH", Decimal(1))], {"BTC": mark()}
        )
