"""What is known of the market: from the cache, and from Postgres where the cache has nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples import CANDLES, MARKET
from automoney.api.problems import EXAMPLES, Absent
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.encoding import parse_utc, plain
from automoney.errors import Unknown
from automoney.market.candles import Timeframe
from automoney.workflows.freshness import FRESH_PRICE

router = APIRouter(tags=["market"], responses=EXAMPLES)

_TIMEFRAMES = (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)


@router.get(
    "/market",
    summary="The newest of every asset",
    responses=example({"markets": {MARKET["asset"]: MARKET}}),
)
async def all_latest(services: Here, _: Caller) -> Reply:
    """By asset what `GET /api/market/{asset}` answers; null where no price has been collected."""
    now = services.market_clock()
    return Reply(
        {"markets": {asset: _latest(asset, services, now) for asset in services.settings.assets}}
    )


@router.get("/market/{asset}", summary="The newest of one asset", responses=example(MARKET))
async def latest(asset: str, services: Here, _: Caller) -> Reply:
    """Price, indicators with the open bar peeked at, and readings with their ages.

    `indicators` and `week` are weekly, `timeframes` has the indicators of the finer ones (null
    where bars are missing).  `origin` says whether the price came from the `cache` or the
    `database`.  A reading with `filled` is not the source's own for its period, and one with
    `isStale` has had no real value for longer than its series should.  The price `isStale` when it
    is older than a run would take.
    """
    _check_asset(asset, services)
    market = _latest(asset, services, services.market_clock())
    if market is None:
        raise Absent(f"no price of {asset} has been collected yet")
    return Reply(market)


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
    found = services.view.newest_candles(asset, wanted, limit, services.market_clock())
    rows = [_candle(plain(bar)) for bar in found]
    return Reply({"asset": asset, "timeframe": wanted, "candles": rows})


def _latest(asset: str, services: Services, now: datetime) -> dict[str, Any] | None:
    found = services.view.price(asset, now)
    if found.value is None:
        return None
    price = found.value
    return {
        "asset": asset,
        **{name: price[name] for name in ("price", "at", "source", "isAnomaly")},
        "origin": "cache" if found.cached else "database",
        "indicators": _indicators(price["indicators"]),
        "week": _candle(price["week"]),
        "timeframes": {
            timeframe: None if figures is None else _indicators(figures)
            for timeframe, figures in price["timeframes"].items()
        },
        "ageSeconds": max(0, int((now - parse_utc(price["at"])).total_seconds())),
        "isStale": now - parse_utc(price["at"]) > FRESH_PRICE,
        **services.view.groups(asset, now),
    }


def _check_asset(asset: str, services: Services) -> None:
    if asset not in services.settings.assets:
        raise Unknown("asset", asset, services.settings.assets)


def _candle(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "openTime": row["open_time"],
        **{name: row[name] for name in ("open", "high", "low", "close", "volume", "source")},
        "isAnomaly": row["anomalous"],
        "filled": row["filled"],
    }


def _indicators(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {_camel(name): value for name, value in figures.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
