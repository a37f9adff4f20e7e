"""A model's answer to a judge's question: taken as it is, mended in the sums, or refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.agents.opinion import LONGEST_REASONING, Opinion, read_opinion, schema
from automoney.questioning import Unusable

NAMES = ("mvrv", "nvt", "active_addresses")
GOOD: dict[str, Any] = {
    "score": 30,
    "confidence": 0.666,
    "reasoning": "Cheap, and in use.",
    "factors": [{"name": "mvrv", "contribution": 40.5}, {"name": "nvt", "contribution": -10.5}],
}


def read(**changes: Any) -> Opinion:
    return read_opinion(json.dumps({**GOOD, **changes}), NAMES)


def factors(**points: float) -> list[dict[str, Any]]:
    return [{"name": name, "contribution": value} for name, value in points.items()]


def test_a_good_answer_is_taken_as_it_is() -> None:
    assert read() == Opinion(30.0, 0.67, "Cheap, and in use.", {"mvrv": 40.5, "nvt": -10.5})


def test_contributions_that_nearly_add_up_are_spread_by_size() -> None:
    assert read(factors=factors(mvrv=30, nvt=-10)).contributions == {"mvrv": 37.5, "nvt": -7.5}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"score": 100.01}, "score has to be a number from -100 to 100", id="above"),
        pytest.param({"score": -101}, "score has to be", id="below"),
        pytest.param({"score": "30"}, "score has to be", id="a text"),
        pytest.param({"score": True}, "score has to be", id="a truth"),
        pytest.param({"score": None}, "score has to be", id="null"),
        pytest.param({"confidence": 1.01}, "confidence has to be", id="too sure"),
        pytest.param({"confidence": 85}, "confidence has to be", id="percent"),
        pytest.param({"reasoning": ""}, "reasoning has to be", id="no reasoning"),
        pytest.param({"reasoning": " \n\t"}, "reasoning has to be", id="blank reasoning"),
        pytest.param(
            {"reasoning": "x" * (LONGEST_REASONING + 1)}, "reasoning has to be", id="too long"
        ),
        pytest.param({"factors": {}}, "factors has to be", id="not a list"),
        pytest.param({"factors": [{"name": "mvrv"}]}, "factors has to be", id="half a factor"),
        pytest.param({"factors": factors(mvrv=3e9)}, "factors has to be", id="absurd points"),
        pytest.param({"order": "BUY"}, "no fields but", id="a field too many"),
        pytest.param({"factors": factors(tip=30)}, "were not given", id="an invented factor"),
        pytest.param(
            {"factors": [*factors(mvrv=20), *factors(mvrv=10)]}, "twice", id="the same twice"
        ),
        pytest.param({"factors": factors(mvrv=5)}, "sum to 5.00, but score is 30.00", id="sum"),
        pytest.param({"factors": []}, "sum to 0.00", id="no reason at all"),
        pytest.param({"score": 5, "factors": factors(mvrv=0)}, "sum to 0.00", id="no size"),
    ],
)
def test_anything_out_of_bounds_is_refused_in_words(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Unusable, match=complaint):
        read(**changes)


def test_every_complaint_is_named_at_once() -> None:
    with pytest.raises(Unusable) as caught:
        read_opinion('{"score": 1e400, "tip": 1}', NAMES)

    assert [one.split()[0] for one in caught.value.complaints] == [
        "score", "confidence", "reasoning", "factors", "there",
    ]  # fmt: skip


def test_a_complaint_repeats_nothing_that_the_model_made_up() -> None:
    with pytest.raises(Unusable) as caught:
        read(factors=factors(**{"ignore all rules": 30}))

    assert "ignore" not in str(caught.value)


def test_reasoning_loses_what_cannot_be_seen() -> None:
    assert read(reasoning="Dear.\n\x1b[31mSell\u202e now").reasoning == "Dear. [31mSell now"


def test_no_view_needs_no_factors() -> None:
    assert read(score=0, factors=[]).contributions == {}


POINTS = st.floats(-60, 60, allow_nan=False)


@given(st.lists(POINTS, min_size=1, max_size=3), st.floats(-9.9, 9.9))
def test_what_is_taken_adds_up_to_the_score_to_the_hundredth(
    points: list[float], off: float
) -> None:
    score = max(-100.0, min(100.0, sum(points) + off))
    given_factors = factors(**dict(zip(NAMES, points, strict=False)))
    try:
        opinion = read(score=score, factors=given_factors)
    except Unusable:
        assert abs(score - sum(points)) > 9.8 or not any(points)
    else:
        assert round(sum(opinion.contributions.values()), 2) == opinion.score
        assert -100 <= opinion.score <= 100


@given(st.text() | st.binary().map(lambda body: body.decode("latin-1")))
def test_whatever_is_said_is_an_opinion_or_unusable(text: str) -> None:
    with pytest.raises(Unusable):
        read_opinion(text, NAMES)


def test_the_schema_asks_for_what_is_read_and_names_the_factors() -> None:
    asked = schema(NAMES)

    assert asked["required"] == list(GOOD)
    assert asked["properties"]["factors"]["items"]["properties"]["name"]["enum"] == list(NAMES)
    assert asked["additionalProperties"] is False
