"""What is known of the market: from the cache, and from Postgres where the cache has nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples import CANDLES, MARKET
from automoney.api.problems import EXAMPLES, Absent
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.encoding import parse_utc, plain
from automoney.errors import Unknown
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.series import series_of
from automoney.market.weekly import advance, closed_until, indicators_with, open_week

router = APIRouter(tags=["market"], responses=EXAMPLES)

_TIMEFRAMES = (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)
_GROUPS = ("onchain", "macro", "sentiment")
_ENOUGH_WEEKS = timedelta(weeks=220)  # an EMA55 has forgotten its seed by then
_HOUR = timedelta(hours=1)


@router.get("/market/{asset}", summary="The newest of one asset", responses=example(MARKET))
async def latest(asset: str, services: Here, _: Caller) -> Reply:
    """Price, weekly indicators with the open week peeked at, and readings with their ages.

    `origin` says whether the price came from the `cache` or the `database`.
    """
    _check_asset(asset, services)
    now = services.market_clock()
    cached = services.cache.latest(asset)
    found = _from_database(asset, now, services) if cached is None else _from_cache(cached)
    found["ageSeconds"] = max(0, int((now - parse_utc(found["at"])).total_seconds()))
    groups = {group: _group(group, asset, now, services) for group in _GROUPS}
    return Reply({"asset": asset, **found, **groups})


@router.get(
    "/market/{asset}/candles", summary="Closed candles, oldest first", responses=example(CANDLES)
)
async def candles(
    asset: str,
    services: Here,
    _: Caller,
    timeframe: Annotated[str, Query(description="1h, 4h, 1d or 1w")] = "1d",
    limit: Annotated[int, Query(ge=1, le=1000, description="How many, the newest")] = 200,
) -> Reply:
    """Bars are stamped with their open; weekly ones open on Monday 00:00 UTC."""
    _check_asset(asset, services)
    if timeframe not in _TIMEFRAMES:
        raise Unknown("timeframe", timeframe, _TIMEFRAMES)
    wanted = Timeframe(timeframe)
    now = services.market_clock()
    found = [bar for bar in services.cache.candles(asset, wanted) or () if bar.close_time <= now]
    if len(found) < limit:
        stored = _stored(asset, wanted, limit, now, services)
        found = max(found, stored, key=len)
    rows = [_candle(plain(bar)) for bar in found[-limit:]]
    return Reply({"asset": asset, "timeframe": wanted, "candles": rows})


def _check_asset(asset: str, services: Services) -> None:
    if asset not in services.settings.assets:
        raise Unknown("asset", asset, services.settings.assets)


def _stored(
    asset: str, timeframe: Timeframe, limit: int, now: datetime, services: Services
) -> list[Candle]:
    since = timeframe.open_time(now) - timeframe.duration * limit
    if timeframe is not Timeframe.W1:
        return services.candles.closed(asset, timeframe, since=since, by=now)
    # Weeks are built from days, which are there for ever; the first one must begin on its Monday.
    days = services.candles.days(asset, since=since, closed_by=now)
    if not days:
        return []
    until = closed_until(days[-1].close_time)
    return [week for week in aggregate(days, timeframe) if week.close_time <= until]


# ---------------------------------------------------------------- the newest price


def _from_cache(cached: Mapping[str, Any]) -> dict[str, Any]:
    return _latest(cached, cached["indicators"], cached["week"], "cache")


def _from_database(asset: str, now: datetime, services: Services) -> dict[str, Any]:
    """The same as the collector puts in the cache, made from what is stored."""
    mark = services.marks.mark(asset, as_of=now)
    if mark is None:
        raise Absent(f"no price of {asset} has been collected yet")
    days = services.candles.days(
        asset, since=Timeframe.W1.open_time(now - _ENOUGH_WEEKS), closed_by=now
    )
    state = advance(None, days)
    week = _week_until(mark, days, state.until if state else now, services)
    price = {
        "price": plain(mark.price),
        "at": plain(mark.at),
        "source": mark.source,
        "isAnomaly": mark.anomalous,
    }
    return _latest(price, plain(indicators_with(state, week)), plain(week), "database")


def _week_until(mark: Mark, days: list[Candle], since: datetime, services: Services) -> Candle:
    known_until = days[-1].close_time if days else Timeframe.D1.open_time(mark.at)
    hours = services.candles.closed(mark.asset, Timeframe.H1, since=known_until, by=mark.at)
    return open_week([day for day in days if day.open_time >= since], hours, mark)


def _latest(
    price: Mapping[str, Any],
    indicators: Mapping[str, Any],
    week: Mapping[str, Any],
    origin: str,
) -> dict[str, Any]:
    return {
        "price": price["price"],
        "at": price["at"],
        "source": price["source"],
        "isAnomaly": price["isAnomaly"],
        "origin": origin,
        "indicators": {_camel(name): value for name, value in indicators.items()},
        "week": _candle(week),
    }


def _candle(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "openTime": row["open_time"],
        **{name: row[name] for name in ("open", "high", "low", "close", "volume", "source")},
        "isAnomaly": row["anomalous"],
        "filled": row["filled"],
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


# ---------------------------------------------------------------- readings


def _group(group: str, asset: str, now: datetime, services: Services) -> dict[str, Any]:
    """By series, the newest value that is about this asset or about none in particular."""
    cached = services.cache.group(group)
    if cached is None:
        readings = _readings(group, asset, now, services)
        return {one.series: _reading(one, now) for one in readings}
    aged = (now - parse_utc(cached["asOf"])) / _HOUR
    return {
        value["series"]: {
            **{name: value[name] for name in _READING},
            "ageHours": round(value["ageHours"] + aged, 1),
        }
        for value in cached["values"]
        if value["asset"] in (None, asset)
    }


_READING = ("value", "period", "source", "filled", "isAnomaly", "proxy")


def _readings(group: str, asset: str, now: datetime, services: Services) -> Iterable[Reading]:
    kept = series_of(group)
    since = now - 2 * max(series.stale_after for series in kept)
    for about in (asset, None):
        names = [series.name for series in kept if series.per_asset == (about is not None)]
        if names:
            found = services.readings.history(names, about, since=since, as_of=now)
            yield from (readings[-1] for readings in found.values() if readings)


def _reading(reading: Reading, now: datetime) -> dict[str, Any]:
    return {
        "value": reading.value,
        "period": reading.period,
        "source": reading.source,
        "filled": reading.filled,
        "isAnomaly": reading.anomalous,
        "proxy": reading.proxy,
        "ageHours": round((now - reading.available_at) / _HOUR, 1),
    }
