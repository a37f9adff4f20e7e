"""The usual rules against days on which figures really came out, none earlier than they did."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.market.releases import (
    days_after_the_month,
    on_the_monday_after,
    on_the_next_business_day,
)

DAY = timedelta(days=1)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "released"),
    [
        pytest.param(date(2025, 1, 1), date(2025, 2, 12), id="CPI of January"),
        pytest.param(date(2025, 2, 1), date(2025, 3, 12), id="CPI of February"),
        pytest.param(date(2025, 3, 1), date(2025, 4, 10), id="CPI of March"),
        pytest.param(date(2025, 6, 1), date(2025, 7, 15), id="CPI of June"),
        pytest.param(date(2024, 12, 1), date(2025, 1, 15), id="CPI of December"),
    ],
)
def test_consumer_prices_are_out_by_then(period: date, released: date) -> None:
    known = days_after_the_month(at(period), 15)
    assert at(released) + DAY <= known <= at(released) + 7 * DAY


@given(st.dates(date(2010, 1, 1), date(2030, 12, 31)))
def test_rates_come_out_on_a_weekday_after_theirs(period: date) -> None:
    released = on_the_next_business_day(at(period)) - DAY
    assert at(period) < released <= at(period) + 3 * DAY
    assert released.weekday() < 5


@given(st.dates(date(2010, 1, 1), date(2030, 12, 31)))
def test_a_week_s_exchange_rates_come_out_together(period: date) -> None:
    known = on_the_monday_after(at(period))
    assert known.weekday() == 1
    assert {on_the_monday_after(known - 2 * DAY - day * DAY) for day in range(7)} == {known}


@given(st.dates(date(2010, 1, 1), date(2030, 12, 31)), st.integers(1, 60))
def test_any_day_names_its_month(period: date, days: int) -> None:
    after = partial(days_after_the_month, days=days)
    first = at(period).replace(day=1)
    assert after(at(period)) == after(first)
    assert after(first) - days * DAY == (first + 32 * DAY).replace(day=1)
