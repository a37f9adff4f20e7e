from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.trading.deciding import decide
from automoney.trading.judgement import Signal, View
from automoney.trading.orders import Decision, Rule
from automoney.trading.portfolio import Portfolio
from automoney.trading.strategies import HODL_WAVE, Strategy
from tests.trading.builders import NOON, portfolio, standing, view

HALF = Decimal("0.5")
BUY, SELL, HOLD = Signal.BUY, Signal.SELL, Signal.HOLD


def holding(share: str | Decimal) -> Portfolio:
    """A portfolio of 100,000 in which BTC at 1 has this share of equity."""
    held = 100_000 * Decimal(share)
    return portfolio(100_000 - held, {"BTC": str(held)}, {"BTC": "1"})


def decided(
    conviction: str | Decimal | View,
    books: Portfolio,
    most: Decimal = HALF,
    strategy: Strategy = HODL_WAVE,
) -> Decision:
    """By a follower without any guard but his largest position."""
    seen = conviction if isinstance(conviction, View) else view(conviction)
    return decide(strategy, seen, books, standing(most), at=NOON)


@pytest.mark.parametrize(
    ("conviction", "held", "rule", "target", "words"),
    [
        pytest.param("19.99", "0.1", "between", "0.1000", "between -20 and +20", id="below"),
        pytest.param("20.00", "0", "buy", "0.1666", "buy up to 16.7 %", id="on the line buys"),
        pytest.param(
            "34.20", "0.1", "buy", "0.2850", "buy up to 28.5 % of equity (now 10.0 %)", id="b"
        ),
        pytest.param("60.00", "0", "buy", "0.5000", "buy up to 50.0 %", id="as much as allowed"),
        pytest.param("95.00", "0", "buy", "0.5000", "buy up to 50.0 %", id="and never more"),
        pytest.param("60.00", "0.46", "band", "0.4600", "less than 5.0 %, too small", id="band"),
        pytest.param("60.00", "0.45", "buy", "0.5000", "buy up to 50.0 %", id="wide as the band"),
        pytest.param("30.00", "0.7", "full", "0.7000", "held already", id="a buy never sells"),
        pytest.param("0.00", "0.7", "between", "0.7000", "hold (now 70.0 %)", id="neutral keeps"),
        pytest.param("-19.99", "0.4", "between", "0.4000", "between", id="above the lower line"),
        pytest.param("-20.00", "0.5", "sell", "0.3333", "sell down to 33.3 %", id="on it sells"),
        pytest.param("-45.00", "0.5", "sell", "0.1250", "sell down to 12.5 %", id="lower, less"),
        pytest.param("-20.00", "0.2", "light", "0.2000", "may stay", id="a sell never buys"),
        pytest.param("-40.00", "0.2", "band", "0.2000", "too small", id="a sell in the band"),
        pytest.param("-60.00", "0.5", "exit", "0.0000", "sell all of it", id="out"),
        pytest.param("-99.00", "0.02", "exit", "0.0000", "sell all of it", id="out, band or not"),
        pytest.param("-99.00", "0", "out", "0.0000", "stay out", id="nothing to sell"),
    ],
)
def test_conviction_becomes_a_target(
    conviction: str, held: str, rule: str, target: str, words: str
) -> None:
    decision = decided(conviction, holding(held))

    assert decision.rule == rule
    assert decision.signal is {"buy": BUY, "sell": SELL, "exit": SELL}.get(rule, HOLD)
    assert str(decision.target_weight) == target
    assert decision.weight == Decimal(held)
    assert decision.conviction == Decimal(conviction)
    assert words in decision.reasoning
    assert (
        f"Conviction {conviction if conviction[0] == '-' else '+' + conviction} "
        in decision.reasoning
    )


def test_a_degraded_view_says_so() -> None:
    whole, narrow = (decided(view("30", degraded=one), holding("0")) for one in (False, True))

    assert "degraded" not in whole.reasoning
    assert "degraded" in narrow.reasoning
    assert narrow.target_weight == whole.target_weight


def test_an_empty_account_holds_nothing_and_does_not_divide_by_zero() -> None:
    decision = decided("-80", portfolio("0"))

    assert decision.signal is HOLD
    assert decision.target_weight == 0


def test_a_limit_finer_than_shares_are_told_is_not_rounded_up() -> None:
    assert decided("90", holding("0"), Decimal("0.33339999")).target_weight == Decimal("0.3333")


convictions = st.integers(-10_000, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
shares = st.integers(0, 1_000).map(lambda thousandths: Decimal(thousandths) / 1000)


@settings(deadline=None)
@given(convictions, convictions, shares, shares, shares)
def test_more_conviction_never_means_a_smaller_share(
    one: Decimal, other: Decimal, held: Decimal, most: Decimal, band: Decimal
) -> None:
    strategy = replace(HODL_WAVE, rebalance_band=band)
    low, high = (
        decided(conviction, holding(held), most, strategy) for conviction in sorted((one, other))
    )

    assert low.target_weight <= high.target_weight


@settings(deadline=None)
@given(convictions, shares, shares)
def test_signals_keep_their_promise(conviction: Decimal, held: Decimal, most: Decimal) -> None:
    decision = decided(conviction, holding(held), most)

    assert decision.weight == held
    assert _promised(decision, most)
    assert (decision.signal is HOLD) is (decision.rule not in (Rule.BUY, Rule.SELL, Rule.EXIT))


def _promised(decision: Decision, most: Decimal) -> bool:
    change = decision.target_weight - decision.weight
    match decision.signal:
        case Signal.BUY:
            return change >= HODL_WAVE.rebalance_band and decision.target_weight <= most
        case Signal.SELL:
            enough = -change >= HODL_WAVE.rebalance_band or not decision.target_weight
            return change < 0 and enough and decision.target_weight >= 0
        case Signal.HOLD:
            return change == 0
