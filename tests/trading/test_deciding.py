from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.trading.deciding import decide
from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision
from automoney.trading.portfolio import Portfolio
from automoney.trading.strategies import HODL_WAVE
from tests.trading.builders import portfolio, view

HALF = Decimal("0.5")
BUY, SELL, HOLD = Signal.BUY, Signal.SELL, Signal.HOLD


def holding(share: str | Decimal) -> Portfolio:
    """A portfolio of 100,000 in which BTC at 1 has this share of equity."""
    held = 100_000 * Decimal(share)
    return portfolio(100_000 - held, {"BTC": str(held)}, {"BTC": "1"})


@pytest.mark.parametrize(
    ("conviction", "held", "signal", "target", "words"),
    [
        pytest.param("19.99", "0.1", HOLD, "0.1000", "between -20 and +20", id="below the line"),
        pytest.param("20.00", "0", BUY, "0.1667", "buy up to 16.7 %", id="on the line buys"),
        pytest.param(
            "34.20", "0.1", BUY, "0.2850", "buy up to 28.5 % of equity (now 10.0 %)", id="b"
        ),
        pytest.param("60.00", "0", BUY, "0.5000", "buy up to 50.0 %", id="as much as allowed"),
        pytest.param("95.00", "0", BUY, "0.5000", "buy up to 50.0 %", id="and never more"),
        pytest.param(
            "60.00", "0.46", HOLD, "0.4600", "less than 5.0 %, too small", id="in the band"
        ),
        pytest.param("60.00", "0.45", BUY, "0.5000", "buy up to 50.0 %", id="as wide as the band"),
        pytest.param("30.00", "0.7", HOLD, "0.7000", "held already", id="a buy never sells"),
        pytest.param("0.00", "0.7", HOLD, "0.7000", "hold (now 70.0 %)", id="neutral keeps"),
        pytest.param("-19.99", "0.4", HOLD, "0.4000", "between", id="above the lower line"),
        pytest.param("-20.00", "0.5", SELL, "0.3333", "sell down to 33.3 %", id="on it sells"),
        pytest.param("-45.00", "0.5", SELL, "0.1250", "sell down to 12.5 %", id="lower, less left"),
        pytest.param("-20.00", "0.2", HOLD, "0.2000", "may stay", id="a sell never buys"),
        pytest.param("-40.00", "0.2", HOLD, "0.2000", "too small", id="a sell in the band"),
        pytest.param("-60.00", "0.5", SELL, "0.0000", "sell all of it", id="out"),
        pytest.param("-99.00", "0.02", SELL, "0.0000", "sell all of it", id="out, band or not"),
        pytest.param("-99.00", "0", HOLD, "0.0000", "stay out", id="nothing to sell"),
    ],
)
def test_conviction_becomes_a_target(
    conviction: str, held: str, signal: Signal, target: str, words: str
) -> None:
    decision = decide(HODL_WAVE, view(conviction), holding(held), max_position=HALF)

    assert decision.signal is signal
    assert str(decision.target_weight) == target
    assert decision.weight == Decimal(held)
    assert decision.conviction == Decimal(conviction)
    assert words in decision.reasoning
    assert (
        f"Conviction {conviction if conviction[0] == '-' else '+' + conviction} "
        in decision.reasoning
    )


def test_a_degraded_view_says_so() -> None:
    whole = decide(HODL_WAVE, view("30"), holding("0"), max_position=HALF)
    narrow = decide(HODL_WAVE, view("30", degraded=True), holding("0"), max_position=HALF)

    assert "degraded" not in whole.reasoning
    assert "degraded" in narrow.reasoning
    assert narrow.target_weight == whole.target_weight


def test_an_empty_account_holds_nothing_and_does_not_divide_by_zero() -> None:
    decision = decide(HODL_WAVE, view("-80"), portfolio("0"), max_position=HALF)

    assert decision.signal is HOLD
    assert decision.target_weight == 0


convictions = st.integers(-10_000, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
shares = st.integers(0, 1_000).map(lambda thousandths: Decimal(thousandths) / 1000)


@settings(deadline=None)
@given(convictions, convictions, shares, shares, shares)
def test_more_conviction_never_means_a_smaller_share(
    one: Decimal, other: Decimal, held: Decimal, most: Decimal, band: Decimal
) -> None:
    strategy = replace(HODL_WAVE, rebalance_band=band)
    low, high = (
        decide(strategy, view(conviction), holding(held), max_position=most)
        for conviction in sorted((one, other))
    )

    assert low.target_weight <= high.target_weight


@settings(deadline=None)
@given(convictions, shares, shares)
def test_signals_keep_their_promise(conviction: Decimal, held: Decimal, most: Decimal) -> None:
    decision = decide(HODL_WAVE, view(conviction), holding(held), max_position=most)

    assert decision.weight == held
    assert _promised(decision, most)


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
