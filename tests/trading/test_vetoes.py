"""Guards and the cool-down: what each holds up, what none of them does, and what it says."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.trading.deciding import decide
from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision, Rule
from automoney.trading.portfolio import Portfolio
from automoney.trading.standing import Standing
from automoney.trading.strategies import HODL_WAVE
from tests.trading.builders import NOON, portfolio, standing, view

RESTED = replace(HODL_WAVE, cooldown=timedelta(hours=8))
HALF = Decimal("0.5")
TWENTIETH = Decimal("0.05")


def holding(share: str) -> Portfolio:
    held = 100_000 * Decimal(share)
    return portfolio(100_000 - held, {"BTC": str(held)}, {"BTC": "1"})


def decided(conviction: str, held: str, stands: Standing) -> Decision:
    return decide(RESTED, view(conviction), holding(held), stands, at=NOON)


def hours_ago(hours: int) -> Standing:
    return standing(last_traded={"BTC": NOON - timedelta(hours=hours), "ETH": NOON})


@pytest.mark.parametrize(
    ("stands", "bought", "sold", "left"),
    [
        pytest.param(standing(), "buy", "sell", "exit", id="no guard"),
        pytest.param(standing(paused="holidays"), "paused", "paused", "paused", id="paused"),
        pytest.param(standing(allowed={"BTC"}), "buy", "sell", "exit", id="allowed"),
        pytest.param(standing(allowed={"ETH"}), "not_allowed", "sell", "exit", id="another is"),
        pytest.param(standing(allowed=()), "not_allowed", "sell", "exit", id="nothing is"),
        pytest.param(hours_ago(7), "cooldown", "cooldown", "exit", id="traded 7 hours ago"),
        pytest.param(hours_ago(8), "buy", "sell", "exit", id="rested"),
        # equity is 100,000 at the marks
        pytest.param(standing(loss=TWENTIETH), "buy", "sell", "exit", id="the first run of a day"),
        pytest.param(
            standing(loss=TWENTIETH, opened="105263.15"), "buy", "sell", "exit", id="just within"
        ),
        pytest.param(
            standing(loss=TWENTIETH, opened="105263.16"), "daily_loss", "sell", "exit", id="beyond"
        ),
        pytest.param(standing(opened="900000"), "buy", "sell", "exit", id="no limit"),
        pytest.param(
            standing(loss=TWENTIETH, opened="100000", lowest="94999"),
            "daily_loss",
            "sell",
            "exit",
            id="what came back does not count before midnight",
        ),
    ],
)
def test_guards_hold_up_buys_and_only_a_pause_an_exit(
    stands: Standing, bought: str, sold: str, left: str
) -> None:
    assert decided("60", "0", stands).rule == bought
    assert decided("-30", "0.5", stands).rule == sold
    assert decided("-60", "0.5", stands).rule == left


def test_a_strategys_own_daily_loss_holds_for_who_has_set_none() -> None:
    strict = replace(RESTED, max_daily_loss=TWENTIETH)
    lost = standing(opened="110000")

    assert decide(strict, view("60"), holding("0"), lost, at=NOON).rule is Rule.DAILY_LOSS
    loose = standing(loss=Decimal("0.2"), opened="110000")
    assert decide(strict, view("60"), holding("0"), loose, at=NOON).rule is Rule.BUY


@pytest.mark.parametrize(
    ("stands", "words"),
    [
        (standing(paused="holidays"), "this is paused (holidays): hold (now 10.0 %)."),
        (standing(allowed={"ETH"}), "But BTC may be sold but not bought, only ETH may: hold"),
        (standing(allowed=()), "But BTC may be sold but not bought, nothing may: hold"),
        (
            standing(loss=TWENTIETH, opened="110000"),
            "But the day was down by 9.1 % of the 110,000.00 it opened with, more than the 5.0 %"
            " allowed, so nothing is bought before midnight UTC: hold (now 10.0 %).",
        ),
        (
            hours_ago(7),
            "But BTC was traded at 2025-11-05 05:00 UTC, less than 8:00:00 ago: hold (now 10.0 %).",
        ),
    ],
)
def test_a_veto_says_what_was_wanted_and_why_not(stands: Standing, words: str) -> None:
    decision = decided("60", "0.1", stands)

    assert words in decision.reasoning
    assert (decision.signal, decision.target_weight) == (Signal.HOLD, Decimal("0.1"))
    if decision.rule is not Rule.PAUSED:
        assert "Conviction +60 reaches +20: buy up to 50.0 % of equity" in decision.reasoning


def test_a_guard_is_named_only_where_it_kept_something_from_being_done() -> None:
    stands = standing(allowed=(), loss=TWENTIETH, opened="900000", last_traded={"BTC": NOON})

    assert decided("60", "0.5", stands).rule is Rule.FULL
    assert decided("60", "0.48", stands).rule is Rule.BAND
    assert decided("0", "0.5", stands).rule is Rule.BETWEEN


convictions = st.integers(-10_000, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
shares = st.integers(0, 1_000).map(lambda thousandths: Decimal(thousandths) / 1000)
stands = st.builds(
    standing,
    most=shares,
    paused=st.sampled_from([None, None, "tired"]),
    allowed=st.sampled_from([None, (), ("ETH",), ("BTC",)]),
    loss=st.sampled_from([None, TWENTIETH, HALF]),
    opened=st.sampled_from([None, "100000", "110000", "210000"]),
    lowest=st.sampled_from([None, "30000", "100000"]),
    last_traded=st.sampled_from([None, {"BTC": NOON - timedelta(hours=4)}]),
)


def _target(conviction: Decimal, held: Decimal, who: Standing) -> Decimal:
    return decide(RESTED, view(conviction), holding(str(held)), who, at=NOON).target_weight


@settings(deadline=None)
@given(convictions, convictions, shares, stands)
def test_more_conviction_never_means_a_smaller_share_whatever_the_guards(
    one: Decimal, other: Decimal, held: Decimal, who: Standing
) -> None:
    low, high = sorted((one, other))

    assert _target(low, held, who) <= _target(high, held, who)


@settings(deadline=None)
@given(convictions, shares, stands, shares)
def test_no_guard_ever_leads_to_more(
    conviction: Decimal, held: Decimal, who: Standing, tighter: Decimal
) -> None:
    """More guards, or a smaller largest position, never a larger target where one buys."""
    free = standing(most=who.guards.max_position)
    most = min(who.guards.max_position, tighter)
    bound = replace(who, guards=replace(who.guards, max_position=most))
    target, freely = (_target(conviction, held, one) for one in (bound, free))

    assert target <= max(freely, held)
    assert target <= max(most, held)


@settings(deadline=None)
@given(convictions, shares, stands)
def test_who_has_paused_never_trades(conviction: Decimal, held: Decimal, who: Standing) -> None:
    tired = replace(who, paused="tired")

    assert decided(str(conviction), str(held), tired).rule is Rule.PAUSED
    assert _target(conviction, held, tired) == held
