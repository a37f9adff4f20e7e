"""Values become bytes and come back the very same, digit for digit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.trading.receipts.exact import exact, restore
from automoney.trading.strategies import HODL_WAVE, Strategy

_AT = "2025-09-08T12:00:00Z"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    price: Decimal
    at: datetime
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    ratio: float
    count: int
    on: bool
    wait: timedelta
    inner: Inner
    several: tuple[Inner, ...]
    by_name: Mapping[str, Decimal]
    by_colour: Mapping[Colour, Inner]
    allowed: frozenset[str] | None
    worked_out: int = field(init=False, default=7)


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=8) | st.sampled_from(
    [Decimal("0.10"), Decimal("1E+3"), Decimal("-0"), Decimal(0), Decimal("1E-9")]
)
moments = st.datetimes(timezones=st.just(UTC))
inners = st.builds(Inner, decimals, moments, st.sampled_from(Colour) | st.none())
outers = st.builds(
    Outer,
    name=st.text(st.characters(exclude_categories=["Cs"])),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    count=st.integers(-(2**60), 2**60),
    on=st.booleans(),
    wait=st.timedeltas(),
    inner=inners,
    several=st.lists(inners, max_size=3).map(tuple),
    by_name=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), decimals),
    by_colour=st.dictionaries(st.sampled_from(Colour), inners),
    allowed=st.frozensets(st.text(st.characters(exclude_categories=["Cs"]))) | st.none(),
)


@given(outers)
def test_what_comes_back_is_the_same_to_the_last_digit(value: Outer) -> None:
    body = exact(value)
    back = restore(Outer, json.loads(body))

    assert back == value
    assert str(back.inner.price) == str(value.inner.price)  # 0.10 is not 0.1
    assert exact(back) == body
    assert b'worked_out"' not in body


@given(outers)
def test_there_is_one_form_whatever_the_order(value: Outer) -> None:
    turned = json.loads(exact(value))
    turned["by_name"] = dict(reversed(turned["by_name"].items()))
    again = restore(Outer, dict(reversed(turned.items())))

    assert exact(again) == exact(value)


def test_a_strategy_comes_back_with_its_schedule() -> None:
    back = restore(Strategy, json.loads(exact(HODL_WAVE)))

    assert back == HODL_WAVE
    assert back.schedule.slot_at(datetime(2025, 9, 8, 13, tzinfo=UTC)).at.hour == 12


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": 5}, "$.name"),
        ({"ratio": "1.5"}, "$.ratio"),
        ({"ratio": True}, "$.ratio"),
        ({"count": 1.5}, "$.count"),
        ({"on": 1}, "$.on"),
        ({"wait": "1 h"}, "$.wait"),
        ({"wait": 10**30}, "$.wait"),
        ({"inner": []}, "$.inner"),
        ({"inner": {"price": "1"}}, "$.inner"),
        (
            {"inner": {"price": "nan", "at": "2025-09-08T12:00:00Z", "colour": None}},
            "$.inner.price",
        ),
        ({"inner": {"price": "1", "at": "2025-09-08", "colour": None}}, "$.inner.at"),
        ({"inner": {"price": "1", "at": 5, "colour": None}}, "$.inner.at"),
        (
            {"several": [{"price": "1", "at": _AT, "colour": "pink"}]},
            "$.several[0].colour",
        ),
        ({"by_name": {"a": 1.5}}, "$.by_name.a"),
        ({"by_colour": {"pink": None}}, "$.by_colour"),
        ({"allowed": "BTC"}, "$.allowed"),
        ({"more": 1}, "$"),
    ],
)
def test_what_was_not_written_is_refused_by_its_path(change: dict[str, object], path: str) -> None:
    inner = Inner(Decimal(1), datetime(2025, 9, 8, 12, tzinfo=UTC))
    value = Outer("a", 1.5, 1, True, timedelta(hours=1), inner, (inner,), {}, {}, None)
    data = {**json.loads(exact(value)), **change}

    with pytest.raises(InvalidInput) as raised:
        restore(Outer, data)

    assert raised.value.field == path


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        exact({"ratio": float("nan")})
    with pytest.raises(TypeError, match="no form"):
        exact(object())
    with pytest.raises(InvalidInput):
        exact(datetime(2025, 9, 8))  # noqa: DTZ001  # that it is naive is the point
