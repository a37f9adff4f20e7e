from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import DataMissing, Unbalanced
from automoney.market.candles import Mark
from automoney.trading.bookkeeping import (
    Holding,
    deposit_entry,
    fill_entry,
    portfolio_from,
    portfolio_of,
)
from automoney.trading.deciding import decide
from automoney.trading.filling import fill
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry, Posting
from automoney.trading.orders import Costs, Fill
from automoney.trading.sizing import size
from automoney.trading.strategies import HODL_WAVE
from tests.trading.builders import NOON, fill_of, mark, view

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


@dataclass(frozen=True)
class Turn:
    """One step of a random life: what is thought of an asset, and its price now."""

    asset: str
    conviction: Decimal
    price: Decimal


def _decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda units: Decimal(units).scaleb(-places))


turns = st.lists(
    st.builds(
        Turn,
        asset=st.sampled_from(["BTC", "ETH"]),
        conviction=_decimals(-10_000, 10_000, 2),
        price=_decimals(10**6, 2 * 10**13, 8),
    ),
    max_size=25,
)


def _live(
    life: Iterable[Turn], deposits: Decimal, costs: Costs
) -> tuple[list[Fill], dict[str, Holding], dict[str, Mark]]:
    """Decide, size and fill turn by turn; holdings are kept as the store keeps them."""
    cash, fees = deposits, Decimal(0)
    holdings: dict[str, Holding] = {}
    marks: dict[str, Mark] = {}
    fills: list[Fill] = []
    for turn in life:
        marks[turn.asset] = mark(turn.asset, turn.price)
        books = portfolio_of(cash, deposits, fees, holdings.values(), marks)
        decision = decide(
            HODL_WAVE, view(turn.conviction, turn.asset), books, max_position=Decimal("0.6")
        )
        order = size(HODL_WAVE, decision, books, marks[turn.asset], costs)
        if order is None:
            continue
        met = fill(order, marks[turn.asset], costs)
        fills.append(met)
        holdings[turn.asset] = holdings.get(turn.asset, Holding(turn.asset)).apply(met)
        cash -= (met.notional if met.side is BUY else -met.notional) + met.fee
        fees += met.fee
        assert cash >= 0
    return fills, holdings, marks


@settings(deadline=None)
@given(
    life=turns,
    deposits=_decimals(10**8, 10**14, 8),
    costs=st.builds(Costs, fee=_decimals(0, 100, 4), slippage=_decimals(0, 100, 4)),
)
def test_books_always_add_up(life: list[Turn], deposits: Decimal, costs: Costs) -> None:
    fills, holdings, marks = _live(life, deposits, costs)
    entries = [deposit_entry(deposits, NOON), *(fill_entry(fill_, "a run") for fill_ in fills)]
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings:
            balances[posting.account, posting.currency] += posting.units

    replayed = portfolio_from(fills, deposits, marks)
    running = portfolio_of(
        balances["assets:USDT", "USDT"],
        -balances["equity:deposits", "USDT"],
        balances["fees", "USDT"],
        holdings.values(),
        marks,
    )

    assert replayed == running
    for currency in ("USDT", "BTC", "ETH"):
        assert sum(units for (_, held_in), units in balances.items() if held_in == currency) == 0
    for holding in holdings.values():
        assert balances[f"assets:{holding.asset}", holding.asset] == holding.quantity
        assert holding.cost >= 0
    unrealised = sum((p.unrealised_pnl for p in replayed.positions), Decimal(0))
    assert replayed.pnl == replayed.realised_pnl + unrealised
    assert replayed.unrealised_pnl == unrealised


def test_random_lives_do_trade() -> None:
    """The property above would hold of an empty book too: make sure that books fill."""
    life = [
        Turn("BTC", Decimal(70), Decimal(45_000)),
        Turn("ETH", Decimal(40), Decimal(2_500)),
        Turn("BTC", Decimal(-30), Decimal(50_000)),
        Turn("ETH", Decimal(-80), Decimal(2_000)),
    ]
    fills, holdings, _ = _live(life, Decimal(100_000), Costs())

    assert [(f.asset, f.side) for f in fills] == [
        ("BTC", BUY),
        ("ETH", BUY),
        ("BTC", SELL),
        ("ETH", SELL),
    ]
    assert holdings["ETH"].quantity == 0
    assert holdings["ETH"].realised < 0 < holdings["BTC"].realised
