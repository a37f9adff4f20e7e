"""The usual rules against days on which figures really came out, none earlier than they did."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.tseries.holiday import (  # type: ignore[import-untyped]
    USFederalHolidayCalendar,
)

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


@pytest.mark.parametrize(
    ("period", "released"),
    [
        pytest.param(date(2025, 9, 16), date(2025, 9, 17), id="a Tuesday"),
        pytest.param(date(2025, 9, 19), date(2025, 9, 22), id="over a weekend"),
        pytest.param(date(2025, 8, 29), date(2025, 9, 2), id="over Labor Day"),
        pytest.param(date(2025, 1, 17), date(2025, 1, 21), id="over King's day"),
        pytest.param(date(2025, 2, 14), date(2025, 2, 18), id="over Washington's"),
        pytest.param(date(2025, 5, 23), date(2025, 5, 27), id="over Memorial Day"),
        pytest.param(date(2025, 6, 18), date(2025, 6, 20), id="over Juneteenth"),
        pytest.param(date(2019, 6, 18), date(2019, 6, 19), id="before there was one"),
        pytest.param(date(2025, 7, 3), date(2025, 7, 7), id="over the 4th of July, a Friday"),
        pytest.param(date(2020, 7, 2), date(2020, 7, 6), id="a 4th on a Saturday, kept on Friday"),
        pytest.param(date(2021, 7, 2), date(2021, 7, 6), id="one on a Sunday is, on Monday"),
        pytest.param(date(2025, 10, 10), date(2025, 10, 14), id="over Columbus Day"),
        pytest.param(date(2025, 11, 10), date(2025, 11, 12), id="over Veterans Day"),
        pytest.param(date(2024, 11, 27), date(2024, 11, 29), id="over Thanksgiving"),
        pytest.param(date(2024, 12, 24), date(2024, 12, 26), id="over Christmas"),
        pytest.param(date(2022, 12, 30), date(2023, 1, 3), id="a New Year on a Sunday"),
    ],
)
def test_rates_come_out_on_the_next_business_day(period: date, released: date) -> None:
    assert on_the_next_business_day(at(period)) == at(released) + DAY


def test_rates_come_out_on_every_weekday_but_federal_holidays() -> None:
    start, end = date(2011, 1, 1), date(2030, 12, 31)
    free = {day.date() for day in USFederalHolidayCalendar().holidays(start, end)}
    days = [start + number * DAY for number in range((end - start).days)]
    released = {(on_the_next_business_day(at(day - DAY)) - DAY).date() for day in days}

    assert released == {day for day in days if day.weekday() < 5 and day not in free}


@given(st.dates(date(2010, 1, 1), date(2030, 12, 31)))
def test_rates_come_out_on_a_weekday_after_theirs(period: date) -> None:
    released = on_the_next_business_day(at(period)) - DAY
    assert at(period) < released <= at(period) + 4 * DAY
    assert released.weekday() < 5


@given(st.dates(date(2010, 1, 1), date(2030, 12, 31)))
def test_a_week_s_exchange_rates_come_out_together(period: date) -> None:
    known = on_the_monday_after(at(period))
    assert known.weekday() in (1, 2), "a Monday's, or a Tuesday's after a holiday"
    monday = at(period) - period.weekday() * DAY
    assert {on_the_monday_after(monday + day * DAY) for day in range(7)} == {known}
    assert known > monday + 7 * DAY


@given(st.dates(date(2010, 1, 1), date(2030, 12, 31)), st.integers(1, 60))
def test_any_day_names_its_month(period: date, days: int) -> None:
    after = partial(days_after_the_month, days=days)
    first = at(period).replace(day=1)
    assert after(at(period)) == after(first)
    assert after(first) - days * DAY == (first + 32 * DAY).replace(day=1)
