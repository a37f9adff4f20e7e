"""Readings of on-chain days.  Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from automoney.market.readings import Reading

DAY = timedelta(days=1)


def readings(
    source: str,
    series: str,
    asset: str,
    values: Mapping[datetime, float],
    *,
    since: datetime,
    now: datetime,
    proxy: bool = False,
) -> list[Reading]:
    """A reading per day in `values` from `since` on, as seen at `now`, oldest first.

    A day is known once it is over, so the day that is under way at `now` is left out: its value
    would be that of a part of a day.
    """
    return [
        Reading(
            series=series,
            asset=asset,
            period=day,
            value=values[day],
            available_at=day + DAY,
            vintage=now,
            source=source,
            proxy=proxy,
        )
        for day in sorted(values)
        if day >= since and day + DAY <= now
    ]
