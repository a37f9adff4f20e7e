"""Every known series of a group as of a moment: what is cached, and what people are shown of it.

Nothing is lost because one collection, or one source, brought less: all is read from Postgres.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from automoney.encoding import parse_utc, plain
from automoney.market.cleaning import fill_series
from automoney.market.readings import Reading
from automoney.market.series import Series, series_named, series_of
from automoney.ports import Readings

_REMEMBERED = timedelta(days=400)  # a series that has said nothing for longer is no more
_TELLING = 30  # periods: only the newest value is shown, and the rules look at a few before it
_HOUR = timedelta(hours=1)


def known_as_of(now: datetime) -> datetime:
    """The moment that groups are shown as of: the hour, which is when they are collected."""
    return now.replace(minute=0, second=0, microsecond=0)


def known_series(
    group: str, assets: Sequence[str], *, readings: Readings, as_of: datetime
) -> dict[str, Any]:
    """The newest value of each series of `group`, gaps filled by the rules of description 3.1.1.

    `{"asOf": ..., "values": [{"series", "asset", "period", "value", "availableAt", "ageHours",
    "isStale", "realSince", "source", "filled", "isAnomaly", "proxy"}]}`: what
    `market:data:<group>:latest` holds.  `realSince` is when the newest real value could be known,
    null if there is none: from it follows whether the series is stale.
    """
    values = [
        _value(series, found, as_of)
        for about in (*assets, None)
        for series, found in _filled(group, about, readings, as_of)
    ]
    return {"asOf": plain(as_of), "values": values}


def shown_series(data: Mapping[str, Any], asset: str, now: datetime) -> dict[str, dict[str, Any]]:
    """By series what `data` says about `asset`, or about none in particular, with ages at `now`."""
    return {
        value["series"]: {
            **{name: value[name] for name in ("value", "period", "source", "filled")},
            **{name: value[name] for name in ("isAnomaly", "proxy")},
            **_age(series_named(value["series"]), value["availableAt"], value["realSince"], now),
        }
        for value in data["values"]
        if value["asset"] in (None, asset)
    }


def _filled(
    group: str, about: str | None, readings: Readings, as_of: datetime
) -> Iterator[tuple[Series, tuple[Reading, ...]]]:
    table = [series for series in series_of(group) if series.per_asset == (about is not None)]
    names = [series.name for series in table]
    if not names:
        return
    found = readings.history(names, about, since=as_of - _REMEMBERED, as_of=as_of)
    for series in table:
        filled = fill_series(series, found.get(series.name, ())[-_TELLING:], as_of=as_of)
        if filled:
            yield series, filled


def _value(series: Series, readings: Sequence[Reading], as_of: datetime) -> dict[str, Any]:
    newest = readings[-1]
    real = next((one.available_at for one in reversed(readings) if one.real), None)
    available, since = plain(newest.available_at), plain(real)
    return {
        "series": series.name,
        "asset": newest.asset,
        "period": plain(newest.period),
        "value": newest.value,
        "source": newest.source,
        "filled": plain(newest.filled),
        "isAnomaly": newest.anomalous,
        "proxy": newest.proxy,
        "availableAt": available,
        "realSince": since,
        **_age(series, available, since, as_of),
    }


def _age(series: Series, available: str, real_since: str | None, at: datetime) -> dict[str, Any]:
    """How old the value is, from when it could be known, and whether the series is stale."""
    since = None if real_since is None else parse_utc(real_since)
    age = round((at - parse_utc(available)) / _HOUR, 1)
    return {"ageHours": age, "isStale": series.is_stale(since, at)}
