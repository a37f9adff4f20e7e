"""The series of FRED that we read, by either of its doors, and when they are published.

FRED is the data service of the Federal Reserve Bank of St. Louis.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from automoney.market.readings import Reading
from automoney.market.releases import (
    days_after_the_month,
    on_the_monday_after,
    on_the_next_business_day,
)
from automoney.sources import bounds, fields
from automoney.sources.partial import what_comes

type Rows = Iterable[tuple[object, object]]  # of (date, value) as they came

_AT_ONCE = 6  # requests
_NONE = ("", ".")  # FRED's ways to say that there is no value, as on holidays


@dataclass(frozen=True, slots=True)
class Published:
    """A FRED series and the rule by which the value of a period comes out.

    Neither door tells when a value came out, so it is the usual day of the release.
    """

    series_id: str
    out: Callable[[datetime], datetime]

    def available_at(self, period: datetime, *, now: datetime, clock: datetime) -> datetime:
        """When the value of `period` could be known; seen earlier than usual, at the slot `now`.

        Whoever asks later than the slot, at `clock`, also sees what has come out in between: that
        is not early, and could not be known at the slot.
        """
        out = self.out(period)
        return out if out <= max(now, clock) else now


SERIES: Mapping[str, Published] = MappingProxyType(
    {
        "fed_funds": Published("DFF", on_the_next_business_day),
        "us10y": Published("DGS10", on_the_next_business_day),
        "us2y": Published("DGS2", on_the_next_business_day),
        "dollar_index": Published("DTWEXBGS", on_the_monday_after),
        # Bureau of Labor Statistics: on the 10th to 15th of the month after.
        "cpi": Published("CPIAUCSL", partial(days_after_the_month, days=15)),
        # Release H.6: on the fourth Tuesday of the month after.
        "m2": Published("M2SL", partial(days_after_the_month, days=28)),
    }
)


async def all_readings(
    source: str,
    ask: Callable[[str], Awaitable[Rows]],
    *,
    since: datetime,
    now: datetime,
    clock: Callable[[], datetime],
) -> tuple[Reading, ...]:
    """Every series, by `ask(series_id)`, several at once; one that fails is logged and left out.

    Raises SourceUnavailable when not one of them came.
    """

    async def one(series: str, series_id: str) -> list[Reading]:
        rows = await ask(series_id)
        return readings(source, series, rows, since=since, now=now, clock=clock())

    requests = {
        published.series_id: partial(one, series, published.series_id)
        for series, published in SERIES.items()
    }
    return await what_comes(source, requests, at_once=_AT_ONCE)


def readings(
    source: str,
    series: str,
    rows: Rows,
    *,
    since: datetime,
    now: datetime,
    clock: datetime,
) -> list[Reading]:
    """A reading per (date, value) with a value, from `since` to the slot `now`, oldest first.

    Of two for the same date the later one wins.  Raises SourceUnavailable for what is no date or
    no such number, and for a date beyond `clock`, the time that it is.
    """
    published = SERIES[series]
    values: dict[datetime, float] = {}
    for date, text in rows:
        name = f"date of {published.series_id}"
        period = fields.not_ahead(source, name, fields.day(source, name, date), clock)
        if text not in _NONE:
            name = f"value of {published.series_id}"
            values[period] = bounds.value(source, series, name, text)
    return [
        Reading(
            series=series,
            asset=None,
            period=period,
            value=values[period],
            available_at=published.available_at(period, now=now, clock=clock),
            vintage=now,
            source=source,
        )
        for period in sorted(values)
        if since <= period < now
    ]
