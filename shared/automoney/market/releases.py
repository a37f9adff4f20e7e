"""When US figures of a period come out, by the usual rules of who publishes them.  Pure.

Each rule takes the midnight UTC that begins a period and gives the first midnight UTC by which its
value is out everywhere: releases are in New York's morning or afternoon, on business days.  What is
put off for other reasons than a holiday (a storm, a shutdown) is not known here.
"""

from datetime import datetime, timedelta

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY = 0, 3, 4, 5

# Holidays that have a date.  One on a Sunday is kept on the Monday after, one on a Saturday on the
# Friday before: the Reserve Banks work then, but the Board, which publishes, does not.
# Source: federalreserve.gov, K.8.
_DATES = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}
_JUNETEENTH, _SINCE = (6, 19), 2021
# And those that are the so manyth such weekday of a month: King, Washington, Labor, Columbus,
# Thanksgiving.  Memorial Day is the last Monday of May.
_WEEKDAYS = {
    (1, _MONDAY, 3),
    (2, _MONDAY, 3),
    (9, _MONDAY, 1),
    (10, _MONDAY, 2),
    (11, _THURSDAY, 4),
}


def on_the_next_business_day(period: datetime) -> datetime:
    """Release H.15, interest rates: on the first business day after theirs."""
    return _business_day(period + _DAY) + _DAY


def on_the_monday_after(period: datetime) -> datetime:
    """Release H.10, exchange rates: all days of a week on the Monday of the next one, or after it
    if that is a holiday.
    """
    return _business_day(period + (7 - period.weekday()) * _DAY) + _DAY


def days_after_the_month(period: datetime, days: int) -> datetime:
    """Monthly figures: that many days after the month that `period` begins is over."""
    return (period.replace(day=1) + 31 * _DAY).replace(day=1) + days * _DAY


def _business_day(day: datetime) -> datetime:
    """The day itself, or the first business day after it."""
    while day.weekday() >= _SATURDAY or _is_holiday(day):
        day += _DAY
    return day


def _is_holiday(day: datetime) -> bool:
    """Whether the Board of Governors rests on a weekday."""
    if day.weekday() == _MONDAY and _has_date(day - _DAY):
        return True
    if day.weekday() == _FRIDAY and _has_date(day + _DAY):
        return True
    if day.month == 5 and day.weekday() == _MONDAY and (day + 7 * _DAY).month == 6:
        return True
    return _has_date(day) or (day.month, day.weekday(), (day.day + 6) // 7) in _WEEKDAYS


def _has_date(day: datetime) -> bool:
    date = (day.month, day.day)
    return date in _DATES and (date != _JUNETEENTH or day.year >= _SINCE)
