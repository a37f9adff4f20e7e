from dataclasses import replace
from datetime import timedelta
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.agents.rules import (
    Curve,
    Measured,
    Rule,
    along,
    change,
    earlier,
    growth,
    level,
    measured,
    score_by,
    window,
)
from automoney.errors import DataMissing
from automoney.market.readings import Filled
from automoney.market.snapshot import Snapshot
from tests.agents.builders import DAY, NOON, daily, snapshot

CURVE: Curve = ((-2, 1), (0, 0), (1, 0.5), (3, -1))


@pytest.mark.parametrize(
    ("value", "strength"),
    [(-9, 1), (-2, 1), (-1, 0.5), (0, 0), (0.5, 0.25), (1, 0.5), (2, -0.25), (3, -1), (9, -1)],
)
def test_a_curve_is_straight_between_corners_and_flat_outside(
    value: float, strength: float
) -> None:
    assert along(CURVE, value) == pytest.approx(strength)


@pytest.mark.parametrize(
    ("ago", "found"),
    [
        pytest.param(3 * DAY, 7.0, id="the very day"),
        pytest.param(3.5 * DAY, 6.0, id="between two: the earlier"),
        pytest.param(9 * DAY, 1.0, id="the oldest"),
        pytest.param(10 * DAY, None, id="before the oldest"),
    ],
)
def test_earlier_looks_back_from_the_newest_period(ago: timedelta, found: float | None) -> None:
    assert earlier(daily("cpi", range(1, 11)), ago) == found


def test_earlier_refuses_a_value_from_too_long_before() -> None:
    before_the_gap, after = daily("cpi", [1.0, 2.0, 3.0], every=30 * DAY)[0], daily("cpi", [5.0])

    assert earlier((before_the_gap, *after), 40 * DAY) is None  # 60 days back, 50 would do
    assert earlier((before_the_gap, *after), 50 * DAY) == 1.0
    assert earlier((), DAY) is None


def test_level_change_and_growth() -> None:
    seen = snapshot({"m2": daily("m2", [100.0, 0.0, 110.0])})

    assert level(seen, "m2") == 110
    assert change(seen, "m2", 2 * DAY) == 10
    assert growth(seen, "m2", 2 * DAY) == pytest.approx(10)
    assert growth(seen, "m2", DAY) is None  # nothing grows from zero
    assert level(seen, "cpi") is change(seen, "cpi", DAY) is growth(seen, "cpi", DAY) is None


def test_a_window_is_open_at_its_start() -> None:
    readings = daily("nvt", [1.0, 2.0, 3.0, 4.0, 5.0])

    assert window(readings, 2 * DAY) == [4, 5]
    assert window(readings, 2 * DAY, 2 * DAY) == [2, 3]
    assert window(readings, 50 * DAY) == [1, 2, 3, 4, 5]
    assert window((), DAY) == []


def _of(name: str) -> Rule:
    """A rule that takes the newest value of `name`: 1 is all for, -1 all against."""

    def measure(seen: Snapshot) -> Measured | None:
        return measured(seen, level(seen, name), name)

    words = ((0.0, "bad"), (inf, "good"))
    return Rule(name, 0.5, measure, ((-1, -1), (1, 1)), "it is {:+.1f}", words, "a test")


RULES = (_of("mvrv"), _of("nvt"))


def test_contributions_sum_to_the_score() -> None:
    seen = snapshot({"mvrv": daily("mvrv", [0.7]), "nvt": daily("nvt", [-0.3], source="other")})
    score = score_by("onchain", RULES, seen)

    assert score.value == 20
    assert [(f.name, f.value, f.contribution, f.note) for f in score.factors] == [
        ("mvrv", 0.7, 35.0, "it is +0.7: good"),
        ("nvt", -0.3, -15.0, "it is -0.3: bad"),
    ]
    assert [f.age_hours for f in score.factors] == [12, 12]
    assert (score.agent, score.judged_at, score.sources) == ("onchain", NOON, ("other", "test"))
    assert (score.confidence, score.degraded) == (1, False)
    assert score.reasoning == (
        "The onchain view is for BTC (+20.00). For it: it is +0.7: good (+35.0)."
        " Against it: it is -0.3: bad (-15.0)."
    )


def test_an_absent_factor_leaves_its_weight_to_the_others() -> None:
    score = score_by("onchain", RULES, snapshot({"mvrv": daily("mvrv", [0.7])}))

    assert score.value == 70
    assert (score.confidence, score.degraded) == (0.5, False)
    assert (score.factors[1].value, score.factors[1].contribution) == (None, 0)
    assert "Without data: nvt." in score.reasoning


@pytest.mark.parametrize(
    ("weight", "value", "degraded"),
    [
        pytest.param(0.25, 100, False, id="a quarter speaks for all"),
        pytest.param(0.1, 40, True, id="less does not"),
    ],
)
def test_a_small_part_does_not_speak_for_the_whole(
    weight: float, value: float, degraded: bool
) -> None:
    small = replace(_of("mvrv"), weight=weight)
    large = replace(_of("nvt"), weight=1 - weight)
    score = score_by("onchain", (small, large), snapshot({"mvrv": daily("mvrv", [1.0])}))

    assert (score.value, score.degraded) == (value, degraded)


@pytest.mark.parametrize("useless", [nan, inf, -inf])
def test_what_is_no_number_is_absent(useless: float) -> None:
    series = {"mvrv": daily("mvrv", [0.7]), "nvt": daily("nvt", [useless])}

    assert score_by("onchain", RULES, snapshot(series)).factors[1].note == "no data"


def test_without_any_factor_there_is_no_score() -> None:
    with pytest.raises(DataMissing, match="onchain has nothing to judge ETH by: no mvrv, nvt"):
        score_by("onchain", RULES, snapshot(asset="ETH"))


@pytest.mark.parametrize(
    ("proxy", "filled", "stale", "expected"),
    [
        #                              value, confidence, degraded, note
        pytest.param(False, None, False, (20, 1.0, False, ""), id="fresh"),
        pytest.param(False, None, True, (20, 0.75, True, " (stale)"), id="stale degrades"),
        pytest.param(True, None, False, (20, 0.75, False, " (a stand-in)"), id="a stand-in"),
        pytest.param(True, None, True, (70, 0.5, False, "no data"), id="a stale stand-in is out"),
        pytest.param(False, Filled.DEFAULT, False, (20, 0.75, False, " (a default)"), id="default"),
        pytest.param(False, Filled.INTERPOLATED, False, (20, 1.0, False, ""), id="interpolated"),
    ],
)
def test_what_is_less_than_asked_for_shows(
    proxy: bool,
    filled: Filled | None,
    stale: bool,
    expected: tuple[float, float, bool, str],
) -> None:
    series = {
        "mvrv": daily("mvrv", [0.7]),
        "nvt": daily("nvt", [-0.3], proxy=proxy, filled=filled),
    }
    score = score_by("onchain", RULES, snapshot(series, stale=["nvt"] if stale else []))
    note = score.factors[1].note.removeprefix("it is -0.3: bad")

    assert (score.value, score.confidence, score.degraded, note) == expected


finite = st.floats(-10, 10)


@settings(deadline=None)
@given(finite, finite)
def test_a_score_keeps_its_bounds(one: float, other: float) -> None:
    series = {"mvrv": daily("mvrv", [one]), "nvt": daily("nvt", [other])}
    score = score_by("onchain", RULES, snapshot(series))

    assert -100 <= score.value <= 100
    assert score.value == round(score.value, 2)
    assert score.value == pytest.approx(sum(f.contribution for f in score.factors), abs=0.011)
    assert str(score.value) != "-0.0"
