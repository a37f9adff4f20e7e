"""The wire form of decimals, times and values: exact there and back, one spelling each."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.encoding import (
    canonical,
    decimal_text,
    dumps,
    parse_decimal,
    parse_utc,
    plain,
    utc_text,
)
from automoney.errors import InvalidInput

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2025-11-05T12:00:00Z"),
        (NOON.replace(microsecond=1500), "2025-11-05T12:00:00.001500Z"),
        (NOON.astimezone(timezone(timedelta(hours=-5))), "2025-11-05T12:00:00Z"),
    ],
)
def test_time_on_the_wire(moment: datetime, text: str) -> None:
    assert utc_text(moment) == text
    assert parse_utc(text) == moment


@given(st.datetimes(timezones=st.just(UTC)))
@settings(deadline=None)
def test_a_time_comes_back_as_it_was_and_in_utc(moment: datetime) -> None:
    back = parse_utc(utc_text(moment))

    assert back == moment
    assert back.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-11-05T12:00:00+00:00", NOON),
        ("2025-11-05T21:00:00+09:00", NOON),
        ("2025-11-05 12:00Z", NOON),
    ],
)
def test_other_spellings_with_a_zone_are_read(text: str, moment: datetime) -> None:
    assert parse_utc(text) == moment
    assert parse_utc(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-11-05T12:00:00", "2025-11-05", "2025-13-01T00:00Z", "1762344000"],
)
def test_a_time_without_a_zone_or_sense_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_utc(text, "since")
    assert (error.value.field, error.value.value) == ("since", text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0.00010", "0.0001"),
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("100", "100"),
        ("100.10", "100.1"),
        ("-12.50", "-12.5"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
    ],
)
def test_decimal_on_the_wire(number: str, text: str) -> None:
    assert decimal_text(Decimal(number)) == text


DECIMALS = st.decimals(-(10**24), 10**24, allow_nan=False, allow_infinity=False)


@given(DECIMALS)
@settings(deadline=None)
def test_a_decimal_comes_back_exactly_and_has_one_spelling(number: Decimal) -> None:
    text = decimal_text(number)
    back = parse_decimal(text)

    assert back == number
    assert decimal_text(back) == text
    assert "E" not in text and text != "-0"


@pytest.mark.parametrize(
    ("value", "number"),
    [("1.50", "1.50"), (7, "7"), (Decimal("0.1"), "0.1"), ("-3", "-3"), ("1e3", "1000")],
)
def test_decimals_are_read_from_text_and_whole_numbers(value: object, number: str) -> None:
    assert parse_decimal(value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        True,
        None,
        "",
        "ten",
        "1,000",
        "NaN",
        "sNaN",
        "-Infinity",
        Decimal("NaN"),
        [],
        {},
        b"1",
    ],
)
def test_what_is_inexact_or_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_decimal(value, "amount")
    assert error.value.field == "amount"
    assert "amount" in str(error.value)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True)
class Inner:
    price: Decimal
    at: datetime


@dataclass(frozen=True)
class Outer:
    colour: Colour
    inner: Inner
    tags: frozenset[str]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0.1, 0.1),
        ("text", "text"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Decimal("1.10"), "1.1"),
        (NOON, "2025-11-05T12:00:00Z"),
        (date(2025, 11, 5), "2025-11-05"),
        ((1, Decimal(2)), [1, "2"]),
        (frozenset({"b", "a", "c"}), ["a", "b", "c"]),
        ({Colour.RED: Decimal("1.0"), 2: [NOON]}, {"red": "1", "2": ["2025-11-05T12:00:00Z"]}),
        (
            Outer(Colour.RED, Inner(Decimal("2.50"), NOON), frozenset({"y", "x"})),
            {
                "colour": "red",
                "inner": {"price": "2.5", "at": "2025-11-05T12:00:00Z"},
                "tags": ["x", "y"],
            },
        ),
    ],
)
def test_plain_form(value: object, expected: object) -> None:
    found = plain(value)

    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found)) == expected


@pytest.mark.parametrize("value", [object(), b"bytes", timedelta(1), Inner, 1j])
def test_what_has_no_wire_form_is_our_bug_and_says_so(value: object) -> None:
    with pytest.raises(TypeError, match="no wire form"):
        plain(value)


def test_dumps_keeps_the_order_and_canonical_sorts() -> None:
    value = {"b": Decimal("1.0"), "a": "é"}

    assert dumps(value) == '{"b":"1","a":"é"}'
    assert canonical(value) == '{"a":"é","b":"1"}'.encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        dumps({"score": number})
    with pytest.raises(ValueError, match="JSON"):
        canonical([number])


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | DECIMALS
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
@settings(max_examples=50, deadline=None)
def test_the_canonical_form_depends_on_the_value_alone(value: dict[str, Any]) -> None:
    reversed_ = dict(reversed(value.items()))

    assert canonical(reversed_) == canonical(value)
    assert canonical(json.loads(canonical(value))) == canonical(value)
    assert json.loads(dumps(value)) == json.loads(canonical(value))
