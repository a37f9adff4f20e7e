"""When US figures of a period come out, by the usual rules of who publishes them.  Pure.

Each rule takes the midnight UTC that begins a period and gives the first midnight UTC by which its
value is out everywhere: releases are in New York's morning or afternoon.  Federal holidays are not
known here: around one a value comes a day later than said.
"""

from datetime import datetime, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5


def on_the_next_business_day(period: datetime) -> datetime:
    """Release H.15, interest rates: on the first business day after theirs."""
    released = period + _DAY
    while released.weekday() >= _SATURDAY:
        released += _DAY
    return released + _DAY


def on_the_monday_after(period: datetime) -> datetime:
    """Release H.10, exchange rates: all days of a week on the Monday of the next one."""
    return period + (7 - period.weekday()) * _DAY + _DAY


def days_after_the_month(period: datetime, days: int) -> datetime:
    """Monthly figures: that many days after the month that `period` begins is over."""
    return (period.replace(day=1) + 31 * _DAY).replace(day=1) + days * _DAY
