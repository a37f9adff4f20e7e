"""Reading one field strictly: tables of what is taken and what is refused, and why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import SourceUnavailable
from automoney.sources import fields

MOMENTS = st.datetimes(
    min_value=datetime(2009, 1, 4),  # noqa: DTZ001  # the strategy adds the zone
    max_value=datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(
    st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e12"), allow_nan=False).filter(
        lambda value: len(value.as_tuple().digits) <= 60
    )
)
def test_a_price_is_what_was_written(value: Decimal) -> None:
    assert fields.price("src", "p", str(value)) == value
    assert fields.price("src", "p", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "0", 0, "-1", -1, Decimal("-0.1"), Decimal("1e30"), "1e30", 10**30, "1000000000001",
        "1e-13", Decimal("1e-30"), "0." + "1" * 61, "1" * 200,
        "NaN", "nan", "Infinity", "-inf", "", " ", " 1", "1 ", "1_000", "1,000", "0x10", "١٢",
        "abc", "1e9999", None, True, False, 1.5, [], ["1"], {}, b"1",
    ],
)  # fmt: skip
def test_no_price(value: object) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        fields.price("src", "lastPrice of X", value)
    assert caught.value.source == "src"
    shown = caught.value.reason.removeprefix("lastPrice of X was ").partition("; expected ")[0]
    assert shown == repr(value) if len(repr(value)) < 60 else "..." in shown


def test_a_volume_may_be_zero_but_not_less() -> None:
    assert fields.volume("src", "v", "0.00000000") == 0
    for value in ("-0.1", "1e19", None):
        with pytest.raises(SourceUnavailable):
            fields.volume("src", "v", value)


@pytest.mark.parametrize("value", ["1e19", Decimal("-1e400"), "1e999", None, "x"])
def test_no_number(value: object) -> None:
    with pytest.raises(SourceUnavailable, match="src: n was"):
        fields.number("src", "n", value)


def test_a_long_value_is_cut_in_the_reason() -> None:
    with pytest.raises(SourceUnavailable) as caught:
        fields.price("src", "p", "x" * 10_000)
    assert len(caught.value.reason) < 150


@given(MOMENTS)
def test_to_a_unit_and_back_is_never_earlier_and_less_than_a_unit_later(moment: datetime) -> None:
    for text, back, unit in (
        (fields.to_millis, fields.millis, timedelta(milliseconds=1)),
        (fields.to_seconds, fields.seconds, timedelta(seconds=1)),
    ):
        assert timedelta(0) <= back("src", "t", text(moment)) - moment < unit


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (fields.millis, 1_700_000_000),  # seconds where milliseconds are due: January 1970
        (fields.millis, 1_700_000_000_000_000),
        (fields.millis, "1700000000000"),
        (fields.millis, Decimal("1700000000000.5")),
        (fields.millis, None),
        (fields.millis, True),
        (fields.millis, -1),
        (fields.millis, 10**400),
        (fields.seconds, 1_700_000_000_000),  # milliseconds where seconds are due
        (fields.seconds, "17000000000000000000000"),
        (fields.seconds, "2025-09-20"),
        (fields.seconds, 0),
        (fields.day, "2025-09-20T01:00:00Z"),
        (fields.day, "2025-09-20T00:00:00+02:00"),
        (fields.day, "20 Sep 2025"),
        (fields.day, 20250920),
        (fields.day, ""),
        (fields.rows, {}),
        (fields.mapping, []),
    ],
)
def test_no_such_thing(read: Callable[[str, str, object], Any], value: object) -> None:
    with pytest.raises(SourceUnavailable, match="src: f was"):
        read("src", "f", value)


def test_times() -> None:
    moment = datetime(2025, 9, 20, tzinfo=UTC)
    assert fields.millis("src", "t", 1_758_326_400_000) == moment
    assert fields.seconds("src", "t", "1758326400") == moment
    assert fields.day("src", "t", "2025-09-20") == moment
    assert fields.day("src", "t", "2025-09-20T00:00:00.000000000Z") == moment


def test_a_row_has_its_length() -> None:
    assert fields.row("src", "r", [1, 2], 2) == [1, 2]
    for value in ([1], [1, 2, 3], "ab", None):
        with pytest.raises(SourceUnavailable, match="a row of 2 values"):
            fields.row("src", "r", value, 2)
