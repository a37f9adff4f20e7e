from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import DataMissing
from automoney.trading.strategies import AGENTS, HODL_WAVE
from automoney.trading.weighing import weigh
from tests.trading.builders import score

NORMAL = {"macro": Decimal("0.4"), "onchain": Decimal("0.4"), "technical": Decimal("0.2")}
NARROW = {"macro": Decimal("0.5"), "onchain": Decimal("0.2"), "technical": Decimal("0.3")}


@pytest.mark.parametrize(
    ("values", "failed", "conviction", "weights"),
    [
        pytest.param((50, 25, -10), (), "28.00", NORMAL, id="all whole: 40/40/20"),
        pytest.param((50, 25, -10), ("onchain",), "27.00", NARROW, id="on-chain: 50/20/30"),
        pytest.param((50, 25, -10), ("macro",), "28.00", NORMAL, id="macro keeps its weight"),
        pytest.param((50, 25, -10), ("technical",), "28.00", NORMAL, id="technical too"),
        pytest.param((50, 25, -10), AGENTS, "27.00", NARROW, id="all degraded"),
        # As floats the first is 28.000000000000004, the others are not on the half at all.
        pytest.param((0.1, 0.2, 0.7), (), "0.26", NORMAL, id="exact, not binary"),
        pytest.param((0.01, 0.0, 0.005), (), "0.00", NORMAL, id="half goes to even, down"),
        pytest.param((0.03, 0.0, 0.015), (), "0.02", NORMAL, id="half goes to even, up"),
        pytest.param((-100, -100, -100), (), "-100.00", NORMAL, id="the lowest there is"),
    ],
)
def test_weights_follow_the_state_of_the_onchain_view(
    values: tuple[float, ...],
    failed: tuple[str, ...],
    conviction: str,
    weights: dict[str, Decimal],
) -> None:
    scores = {
        agent: score(agent, value, degraded=agent in failed)
        for agent, value in zip(AGENTS, values, strict=True)
    }

    weighed, used, degraded = weigh(HODL_WAVE, scores)

    assert str(weighed) == conviction
    assert used == weights
    assert degraded is bool(failed)


@pytest.mark.parametrize("absent", AGENTS)
def test_nobody_is_weighed_without_every_agent(absent: str) -> None:
    scores = {agent: score(agent, 10) for agent in AGENTS if agent != absent}

    with pytest.raises(DataMissing, match=absent):
        weigh(HODL_WAVE, scores)


@settings(deadline=None)
@given(
    st.lists(st.integers(-10_000, 10_000), min_size=3, max_size=3),
    st.booleans(),
)
def test_conviction_is_the_exact_sum_to_two_decimals(hundredths: list[int], degraded: bool) -> None:
    scores = {
        agent: score(agent, number / 100, degraded=degraded and agent == "onchain")
        for agent, number in zip(AGENTS, hundredths, strict=True)
    }

    conviction, weights, _ = weigh(HODL_WAVE, scores)

    exact = sum(weights[agent] * number for agent, number in zip(AGENTS, hundredths, strict=True))
    assert abs(conviction * 100 - exact) <= Decimal("0.5")
    assert conviction.as_tuple().exponent == -2
    assert -100 <= conviction <= 100
    assert sum(weights.values()) == 1
