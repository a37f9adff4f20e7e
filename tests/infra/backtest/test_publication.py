"""No figure of a recording counts before it was out: against what publishers said and did.

Said here once more and in another way than in the product, for a check of look-ahead that took the
product's word for when a figure came out would not notice if that were too early.
"""

from calendar import TUESDAY, Calendar
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from pandas.tseries.holiday import USFederalHolidayCalendar  # type: ignore[import-untyped]

from automoney.market.readings import Reading
from infra.local.backtest.market import RecordedMarket
from infra.local.world.clock import moment
from infra.local.world.recording import Recording

DAY = timedelta(days=1)
FREE = {one.date() for one in USFederalHolidayCalendar().holidays("2010-01-01", "2030-12-31")}

# The days on which the Bureau of Labor Statistics published consumer prices, January to December,
# each of the month before; at 8:30 in New York, so by 13:30 UTC at the latest.
CONSUMER_PRICES = {
    2018: (12, 14, 13, 11, 10, 12, 12, 10, 13, 11, 14, 12),
    2019: (11, 13, 12, 10, 10, 12, 11, 13, 12, 10, 13, 11),
    2020: (14, 13, 11, 10, 12, 10, 14, 12, 11, 13, 12, 10),
    2021: (13, 10, 10, 13, 12, 10, 13, 11, 14, 13, 10, 10),
    2022: (12, 10, 10, 12, 11, 10, 13, 10, 13, 13, 10, 13),
    2023: (12, 14, 14, 12, 10, 13, 12, 10, 13, 12, 14, 12),
    2024: (11, 13, 12, 10, 15, 12, 11, 14, 11, 10, 13, 11),
    2025: (15, 12, 12, 10, 13, 11, 15, 12, 11),
}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def next_working_day(day: date) -> date:
    """The first one after it that is no weekend and no federal holiday."""
    day += DAY
    while day.weekday() >= 5 or day in FREE:
        day += DAY
    return day


def month_after(day: date) -> date:
    return (day.replace(day=1) + 31 * DAY).replace(day=1)


def prices_out(period: date) -> datetime | None:
    published = month_after(period)
    days = CONSUMER_PRICES.get(published.year, ())
    if len(days) < published.month:
        return None
    return at(published.replace(day=days[published.month - 1]), 13, 30)


def rates_out(period: date) -> datetime:
    """H.15: the working day after, 16:15 in New York, which is 20:15 UTC at the earliest."""
    return at(next_working_day(period), 20, 15)


def exchange_rates_out(period: date) -> datetime:
    """H.10: a week's days on the Monday after, or the working day after that, at 16:15."""
    sunday = period + (6 - period.weekday()) * DAY
    return at(next_working_day(sunday), 20, 15)


def money_out(period: date) -> datetime:
    """H.6: the fourth Tuesday of the month after, at 13:00 in New York."""
    month = month_after(period)
    days = Calendar().itermonthdates(month.year, month.month)
    tuesdays = [one for one in days if one.month == month.month and one.weekday() == TUESDAY]
    return at(tuesdays[3], 17)


OUT = {
    "cpi": prices_out,
    "us10y": rates_out,
    "us2y": rates_out,
    "fed_funds": rates_out,
    "dollar_index": exchange_rates_out,
    "m2": money_out,
}
TABLES = {
    "cpi": "CPIAUCSL",
    "us10y": "DGS10",
    "us2y": "DGS2",
    "fed_funds": "DFF",
    "dollar_index": "DTWEXBGS",
    "m2": "M2SL",
}


def readings_of(market: RecordedMarket, series: str, asset: str | None = None) -> Sequence[Reading]:
    (line,) = market.readings.lines[series, asset].values()
    return line.readings


@pytest.mark.parametrize("series", OUT)
def test_no_figure_counts_before_it_was_published(
    market: RecordedMarket, recording: Recording, series: str
) -> None:
    known = [
        (one.period, min(one.available_at, one.vintage)) for one in readings_of(market, series)
    ]
    table = recording.macro[TABLES[series]]
    known += [
        (moment(period), moment(out))
        for period, out in zip(table.periods, table.known_at, strict=True)
    ]

    compared = [
        (counts, out) for period, counts in known if (out := OUT[series](period.date())) is not None
    ]
    assert len(compared) > 150
    early = [(counts, out) for counts, out in compared if counts < out]
    assert early == []
    # Nor is any figure kept back for weeks, which would make all of this true of anything.
    assert max(counts - out for counts, out in compared) <= 7 * DAY


@pytest.mark.parametrize("series", ["mvrv", "active_addresses", "exchange_netflow"])
def test_no_day_on_chain_counts_before_it_is_over(market: RecordedMarket, series: str) -> None:
    readings = readings_of(market, series, "BTC")

    assert len(readings) > 2_000
    assert all(one.period + DAY <= one.available_at <= one.vintage for one in readings)


def test_no_mood_counts_before_the_day_that_it_is_told_on(market: RecordedMarket) -> None:
    readings = readings_of(market, "fear_greed")

    assert len(readings) > 2_000
    assert all(one.period <= one.available_at <= one.vintage for one in readings)
