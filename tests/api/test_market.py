"""The market as the API shows it: from the cache or from Postgres, with all its marks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from fastapi.testclient import TestClient

from automoney.encoding import plain, utc_text
from automoney.market.candles import Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.snapshot import Indicators
from tests.api.fakes_api import NOON, World, bars

DAY = timedelta(days=1)


def get(client: TestClient, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.text
    return response.json()


def cached_price(world: World) -> None:
    week = bars("BTC", 1, until=NOON, timeframe=Timeframe.W1)[0]
    world.cache.prices["BTC"] = {
        "asset": "BTC",
        "price": "45000",
        "at": "2025-11-05T12:00:00Z",
        "timestamp": "2025-11-05T12:00:00Z",
        "source": "binance",
        "isAnomaly": True,
        "indicators": plain(Indicators(ema21=43210.5, macd_signal=3.5, bb_upper=47000.0)),
        "week": plain(week),
        "timeframes": {"1h": plain(Indicators(macd_hist=-1.5)), "4h": None, "1d": None},
    }


def test_market_comes_from_the_cache_with_names_as_on_the_wire(
    client: TestClient, world: World
) -> None:
    cached_price(world)
    world.cache.groups["macro"] = {
        "asOf": "2025-11-05T11:00:00Z",
        "values": [
            {
                "series": "us10y",
                "asset": None,
                "period": "2025-11-04T00:00:00Z",
                "value": 4.1,
                "availableAt": "2025-11-05T00:00:00Z",
                "realSince": "2025-11-05T00:00:00Z",
                "source": "fred",
                "filled": None,
                "isAnomaly": False,
                "proxy": False,
            }
        ],
    }

    market = get(client, "/api/market/BTC")

    assert (market["origin"], market["price"], market["isAnomaly"]) == ("cache", "45000", True)
    assert market["ageSeconds"] == 90
    assert market["isStale"] is False
    assert market["indicators"]["macdSignal"] == 3.5
    assert market["indicators"]["bbUpper"] == 47000.0
    assert market["indicators"]["rsi14"] is None
    assert market["week"]["openTime"] == "2025-10-27T00:00:00Z"
    assert market["week"]["volume"] == "12.5"
    assert market["timeframes"]["1h"]["macdHist"] == -1.5
    assert market["timeframes"]["4h"] is None
    assert market["macro"]["us10y"]["ageHours"] == 12.0
    assert market["macro"]["us10y"]["isStale"] is False


def test_market_comes_from_the_database_when_the_cache_has_nothing(
    client: TestClient, world: World
) -> None:
    world.marks.kept = [
        Mark("BTC", Decimal("45000.50"), NOON, "coingecko", anomalous=False),
        Mark("BTC", Decimal(1), NOON + timedelta(hours=1), "binance"),  # not yet, by this clock
    ]
    world.candles.kept = [
        *bars("BTC", 60 * 7, until=NOON, timeframe=Timeframe.D1),
        *bars("BTC", 24, until=NOON, timeframe=Timeframe.H1),
    ]
    world.readings.kept = [
        Reading("mvrv", "BTC", NOON - 3 * DAY, 1.7, NOON - 2 * DAY, NOON - 2 * DAY, "coinmetrics"),
        Reading("mvrv", "BTC", NOON - 2 * DAY, 1.8, NOON - DAY, NOON - DAY, "coinmetrics"),
        Reading("mvrv", "BTC", NOON - DAY, 9.9, NOON + DAY, NOON, "coinmetrics"),
        Reading("mvrv", "ETH", NOON - 2 * DAY, 0.5, NOON - DAY, NOON - DAY, "coinmetrics"),
        Reading("cpi", None, NOON - 40 * DAY, 324.1, NOON - 9 * DAY, NOON - 9 * DAY, "fred"),
    ]

    market = get(client, "/api/market/BTC")

    assert (market["origin"], market["price"], market["source"]) == (
        "database",
        "45000.5",
        "coingecko",
    )
    assert market["week"]["close"] == "45000.5"
    assert market["week"]["openTime"] == "2025-11-03T00:00:00Z"
    assert all(market["indicators"][name] is not None for name in ("ema21", "ema55", "rsi14"))
    assert market["onchain"]["mvrv"]["value"] == 1.8
    assert market["onchain"]["mvrv"]["ageHours"] == 24.0
    assert market["macro"]["cpi"]["value"] == 324.1


def test_what_is_made_up_carried_on_or_too_old_says_so(client: TestClient, world: World) -> None:
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    ages = {"mvrv": 5, "nvt": 2}  # on-chain values are stale after 3 days
    world.readings.kept = [
        Reading(name, "BTC", NOON - (age + 1) * DAY, 1.7, known, known, "coinmetrics", proxy=True)
        for name, age in ages.items()
        for known in (NOON - age * DAY,)
    ] + [
        Reading("cpi", None, NOON - age * DAY, 324.1, NOON - age * DAY, NOON - age * DAY, "fred")
        for age in (60, 91)
    ]

    market = get(client, "/api/market/BTC")

    mvrv, nvt, cpi = market["onchain"]["mvrv"], market["onchain"]["nvt"], market["macro"]["cpi"]
    assert (mvrv["isStale"], mvrv["ageHours"], mvrv["value"]) == (True, 120.0, 1.7)
    assert (nvt["isStale"], nvt["proxy"], nvt["filled"]) == (False, True, None)
    assert (cpi["isStale"], cpi["filled"]) == (False, "last_value")  # the next one was due
    mood = market["sentiment"]["fear_greed"]
    assert (mood["value"], mood["filled"], mood["source"]) == (50.0, "default", "default")
    assert mood["isStale"] is True  # nobody has said anything


def test_a_known_asset_without_any_price_is_absent(client: TestClient) -> None:
    assert get(client, "/api/market/ETH", 404)["detail"] == "no price of ETH has been collected yet"


def test_the_cache_and_the_database_answer_in_the_same_shape(
    client: TestClient, world: World
) -> None:
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    stored = get(client, "/api/market/BTC")
    cached_price(world)
    cached = get(client, "/api/market/BTC")

    assert list(stored) == list(cached)
    assert list(stored["indicators"]) == list(cached["indicators"])
    assert list(stored["week"]) == list(cached["week"])


def test_candles_come_from_the_cache_while_it_has_enough_of_them(
    client: TestClient, world: World
) -> None:
    world.cache.bars["BTC", Timeframe.H4] = bars("BTC", 100, until=NOON, timeframe=Timeframe.H4)

    answer = get(client, "/api/market/BTC/candles?timeframe=4h&limit=2")

    assert answer["timeframe"] == "4h"
    assert [bar["openTime"] for bar in answer["candles"]] == [
        "2025-11-05T04:00:00Z",
        "2025-11-05T08:00:00Z",
    ]
    assert answer["candles"][-1]["close"] == "30995"


def test_more_days_than_the_cache_holds_come_from_the_database(
    client: TestClient, world: World
) -> None:
    stored = bars("BTC", 150, until=NOON, timeframe=Timeframe.D1)
    world.candles.kept = stored
    world.cache.bars["BTC", Timeframe.D1] = stored[-100:]

    days = get(client, "/api/market/BTC/candles?limit=200")["candles"]

    assert len(days) == 150
    assert days[0]["openTime"] == utc_text(stored[0].open_time)


def test_weeks_are_built_from_days_and_only_whole_ones(client: TestClient, world: World) -> None:
    # 5 November 2025 is a Wednesday: the week that began on the 3rd is open
    world.candles.kept = bars("BTC", 30, until=NOON, timeframe=Timeframe.D1)

    weeks = get(client, "/api/market/BTC/candles?timeframe=1w&limit=3")["candles"]

    assert [week["openTime"] for week in weeks] == [
        "2025-10-13T00:00:00Z",
        "2025-10-20T00:00:00Z",
        "2025-10-27T00:00:00Z",
    ]
    assert weeks[-1]["volume"] == "87.5"


def test_a_bar_that_is_still_open_by_the_markets_clock_is_left_out(
    client: TestClient, world: World
) -> None:
    world.cache.bars["BTC", Timeframe.H1] = bars(
        "BTC", 5, until=NOON + timedelta(hours=3), timeframe=Timeframe.H1
    )

    hours = get(client, "/api/market/BTC/candles?timeframe=1h&limit=2")["candles"]

    assert [bar["openTime"] for bar in hours] == ["2025-11-05T10:00:00Z", "2025-11-05T11:00:00Z"]


def test_all_assets_at_once_are_each_as_alone(client: TestClient, world: World) -> None:
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    markets = get(client, "/api/market")["markets"]
    assert markets == {"BTC": get(client, "/api/market/BTC"), "ETH": None}
