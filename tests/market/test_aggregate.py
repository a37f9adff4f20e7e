"""Longer bars from shorter ones: the real hours are exactly the real days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from tests.market.recorded import recorded

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)


def hour(number: int, prices: str = "10 12 9 11", volume: str | None = "1.5") -> Candle:
    """The hour that opens `number` hours after Monday."""
    opened, high, low, close = (Decimal(price) for price in prices.split())
    return Candle(
        asset="BTC",
        timeframe=Timeframe.H1,
        open_time=MONDAY + timedelta(hours=number),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=None if volume is None else Decimal(volume),
        source="binance",
    )


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_recorded_hours_add_up_to_the_recorded_days_exactly(market_data: Path, asset: str) -> None:
    hours = recorded(market_data, asset, Timeframe.H1)
    days = recorded(market_data, asset, Timeframe.D1)

    assert tuple(aggregate(hours, Timeframe.D1)) == days


def test_weeks_are_the_same_from_hours_and_from_days_and_open_on_monday(market_data: Path) -> None:
    hours = recorded(market_data, "BTC", Timeframe.H1)[:10_000]
    weeks = list(aggregate(hours, Timeframe.W1))

    assert weeks == list(aggregate(aggregate(hours, Timeframe.D1), Timeframe.W1))
    assert weeks == list(aggregate(aggregate(hours, Timeframe.H4), Timeframe.W1))
    assert {week.open_time.isoweekday() for week in weeks} == {1}
    assert {week.timeframe for week in weeks} == {Timeframe.W1}


def test_a_bar_is_first_open_highest_high_lowest_low_last_close_and_all_volume() -> None:
    hours = [
        hour(0, "10 12 9 11", "1.5"),
        hour(1, "11 15 11 14", "0.25"),
        hour(3, "14 14 5 6", "2"),
    ]

    assert list(aggregate(hours, Timeframe.H4)) == [
        replace(hour(0, "10 15 5 6", "3.75"), timeframe=Timeframe.H4)
    ]


def test_a_bar_without_any_data_does_not_appear() -> None:
    opens = [bar.open_time for bar in aggregate([hour(0), hour(9), hour(25)], Timeframe.H4)]

    assert opens == [MONDAY, MONDAY + timedelta(hours=8), MONDAY + timedelta(hours=24)]
    assert list(aggregate([], Timeframe.H4)) == []


def test_a_bar_comes_out_as_soon_as_the_next_one_begins() -> None:
    hours = iter([hour(number) for number in range(9)])

    assert next(aggregate(hours, Timeframe.H4)).open_time == MONDAY
    assert list(hours) == [hour(number) for number in range(5, 9)]  # not asked for yet


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(
            [hour(0), replace(hour(1), source="coingecko")], {"source": "mixed"}, id="two sources"
        ),
        pytest.param([hour(0), hour(1, volume=None)], {"volume": None}, id="a volume missing"),
        pytest.param([hour(0), replace(hour(1), anomalous=True)], {"anomalous": True}, id="odd"),
        pytest.param(
            [hour(0), replace(hour(1), filled=Filled.FORWARD)], {"filled": None}, id="partly real"
        ),
        pytest.param(
            [replace(hour(number), filled=Filled.FORWARD) for number in (0, 1)],
            {"filled": Filled.FORWARD},
            id="all filled",
        ),
    ],
)
def test_marks_on_the_parts(parts: list[Candle], expected: dict[str, object]) -> None:
    (bar,) = aggregate(parts, Timeframe.D1)
    plain = {"source": "binance", "volume": Decimal(3), "anomalous": False, "filled": None}

    assert {name: getattr(bar, name) for name in plain} == plain | expected


@pytest.mark.parametrize(
    ("candles", "field"),
    [
        pytest.param([hour(1), hour(0)], "open_time", id="newest first"),
        pytest.param([hour(1), hour(1)], "open_time", id="the same twice"),
        pytest.param([hour(5), hour(0)], "open_time", id="newest first, in two bars"),
        pytest.param([hour(0), replace(hour(1), asset="ETH")], "asset", id="two assets"),
        pytest.param([replace(hour(0), timeframe=Timeframe.D1)], "timeframe", id="a day in 4h"),
        pytest.param(
            [replace(hour(0), timeframe=Timeframe.H4), hour(1)], "open_time", id="overlapping"
        ),
    ],
)
def test_what_cannot_be_added_up_is_refused(candles: list[Candle], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        list(aggregate(candles, Timeframe.H4))
    assert error.value.field == field


@given(
    st.sets(st.integers(0, 24 * 21), min_size=1, max_size=80),
    st.lists(st.decimals("0.01", "99999", places=2), min_size=4, max_size=4),
)
@settings(max_examples=50, deadline=None)
def test_nothing_is_lost_or_made_up(numbers: set[int], four: list[Decimal]) -> None:
    hours = [
        replace(hour(number), high=max(four) + number, low=min(four), volume=four[number % 4])
        for number in sorted(numbers)
    ]
    days = list(aggregate(hours, Timeframe.D1))

    assert sum(day.volume or 0 for day in days) == sum(part.volume or 0 for part in hours)
    assert {day.open_time for day in days} == {part.open_time.replace(hour=0) for part in hours}
    assert max(day.high for day in days) == max(part.high for part in hours)
    assert list(aggregate(days, Timeframe.D1)) == days
