"""The market as read by the API, on real stores: the same with a cache, without one, and after."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.market.candles import Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.series import GROUPS
from automoney.schedule import Slot
from automoney.stores.cache import RedisMarketCache
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.stores.readings import PostgresReadings
from automoney.workflows.collect import DataCollector, collect
from automoney.workflows.collect_prices import PriceCollector
from automoney.workflows.collect_series import SeriesCollector
from automoney.workflows.market_view import MarketView
from automoney.workflows.pricing import Pricing
from tests.api.fakes_api import World
from tests.fakes import FakeAlerts, FakeCollections, NoCache
from tests.stores.conftest import database, migrated, migrated_url
from tests.stores.valkey import OwnValkey, valkey
from tests.workflows.exchanges import DAY, LISTED, Exchange, walk

__all__ = ["database", "migrated", "migrated_url", "valkey"]  # fixtures

NOW = LISTED + 500 * DAY + timedelta(hours=7)  # noon of a Monday
READERS = 50
PATHS = (
    "/api/market/BTC",
    *(
        f"/api/market/BTC/candles?timeframe={timeframe}&limit={limit}"
        for timeframe in ("1h", "4h", "1d", "1w")
        for limit in (1, 50, 100, 300)
    ),
)


@dataclass
class Said:
    """A source of readings."""

    group: str
    name: str = "said"

    async def readings(self, assets: Any, *, since: datetime, now: datetime) -> tuple[Reading, ...]:
        day = now.replace(hour=0, minute=0)
        about = {"onchain": ("mvrv", "BTC"), "macro": ("us10y", None)}
        series, asset = about.get(self.group, ("fear_greed", None))
        return tuple(
            Reading(series, asset, day - back * DAY, 40.0 + back, day - (back - 1) * DAY, now, "x")
            for back in (4, 3, 2, 1)
        )


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Room:
    """Real stores, filled by the real collectors at `NOW`."""

    def __init__(self, database: Database, valkey: OwnValkey) -> None:
        self.clock = Clock()
        self.cache = RedisMarketCache(valkey.client(), clock=self.clock)
        self.candles, self.marks = PostgresCandles(database), PostgresMarks(database)
        self.readings = PostgresReadings(database)
        self.exchange = Exchange(walk(501 * 24))
        self.now = NOW
        self.prices = PriceCollector(
            [self.exchange],
            ("BTC",),
            candles=self.candles,
            marks=self.marks,
            cache=self.cache,
            history=timedelta(days=900),
        )

    def view(self) -> MarketView:
        return MarketView(("BTC",), self.candles, self.marks, self.readings, self.cache)

    def collect(self, at: datetime) -> None:
        self.exchange.now = at + timedelta(seconds=3)  # it takes a while to ask
        collectors: list[DataCollector[Any]] = [self.prices]
        collectors += [
            SeriesCollector(
                group, [Said(group)], ("BTC",), readings=self.readings, cache=self.cache
            )
            for group in GROUPS
        ]
        for collector in collectors:
            answer = asyncio.run(
                collect(
                    collector,
                    Slot(at),
                    collections=FakeCollections(),
                    alerts=FakeAlerts(),
                    clock=lambda: at,
                )
            )
            assert answer["outcome"] == "ok", answer

    def answers(self) -> dict[str, Any]:
        """What the API says on each path; from where the price came goes by `origin`."""
        world = World(now=self.now + timedelta(seconds=90))
        pricing = Pricing(self.candles, self.marks)
        services = replace(world.services(), view=self.view(), cache=self.cache, pricing=pricing)
        with TestClient(
            create_app(services), headers={"Authorization": "Bearer token-of-ada"}
        ) as client:
            found = {path: client.get(path) for path in PATHS}
        assert {path: one.status_code for path, one in found.items()} == dict.fromkeys(PATHS, 200)
        said = {path: one.json() for path, one in found.items()}
        return {"origin": said[PATHS[0]].pop("origin"), **said}


@pytest.fixture
def room(database: Database, valkey: OwnValkey) -> Room:
    found = Room(database, valkey)
    found.collect(NOW)
    return found


def test_the_answers_are_the_same_with_the_cache_without_it_and_after(
    room: Room, valkey: OwnValkey
) -> None:
    told = []

    def tell() -> None:
        told.append(room.answers())

    tell()
    room.cache.redis.flushall()
    tell()  # rebuilt
    tell()  # and found
    valkey.stop()
    tell()
    valkey.start()
    tell()  # it is not looked for yet
    room.clock.now += 2
    room.cache.redis.flushall()
    tell()
    tell()

    assert [one.pop("origin") for one in told] == [
        "cache",
        "database",
        "cache",
        "database",
        "database",
        "database",
        "cache",
    ]
    for one in told[1:]:
        assert one == told[0]
    market = told[0][PATHS[0]]
    assert all(market["indicators"][name] is not None for name in ("ema21", "ema55", "atr14"))
    assert all(market["timeframes"][name]["ema55"] is not None for name in ("1h", "4h", "1d"))
    assert market["onchain"]["mvrv"]["value"] == 41.0
    counts = [len(told[0][path]["candles"]) for path in PATHS[1:]]
    assert counts == [1, 50, 100, 300, 1, 50, 100, 300, 1, 50, 100, 300, 1, 50, 71, 71]


def test_they_are_also_the_same_between_collections(room: Room) -> None:
    origins = []
    for minutes in (5, 30, 59, 62):  # at the last another hour is due but has not been collected
        room.now = NOW + timedelta(minutes=minutes) - timedelta(seconds=91)
        with_cache = room.answers()
        room.cache.redis.flushall()
        without = room.answers()
        origins += [with_cache.pop("origin"), without.pop("origin")]
        assert without == with_cache
    assert origins[:4] == ["cache", "database", "database", "database"]


class SlowMarks(PostgresMarks):
    """Counts how often the newest mark is read, slowly, as from a database under pressure."""

    reads: ClassVar[list[str]] = []

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        self.reads.append(asset)
        threading.Event().wait(0.1)
        return super().mark(asset, as_of=as_of)


def test_of_fifty_who_miss_at_once_one_rebuilds(database: Database, room: Room) -> None:
    room.cache.redis.flushall()
    SlowMarks.reads.clear()
    view = replace(room.view(), marks=SlowMarks(database))
    together, found = threading.Barrier(READERS), list[Mapping[str, Any] | None]()

    def read() -> None:
        together.wait()
        found.append(view.price("BTC", NOW + timedelta(seconds=90)).value)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert SlowMarks.reads == ["BTC"]
    assert len(found) == READERS
    assert all(one == found[0] is not None for one in found)
    use = room.cache.use()
    assert use is not None
    assert use["latest"].rebuilds == 1
    assert use["latest"].hits + use["latest"].misses == READERS


def test_weeks_from_before_they_were_collected_are_put_together_from_days(
    database: Database, room: Room
) -> None:
    whole = room.view().newest_candles("BTC", Timeframe.W1, 71, NOW)
    room.candles.purge(Timeframe.W1, before=NOW - 30 * 7 * DAY)

    built = room.view().newest_candles("BTC", Timeframe.W1, 300, NOW)

    assert [replace(one, anomalous=False) for one in built] == whole


def test_an_asset_without_any_price_has_none(database: Database, valkey: OwnValkey) -> None:
    view = MarketView(
        ("BTC",),
        PostgresCandles(database),
        PostgresMarks(database),
        PostgresReadings(database),
        NoCache(),
    )

    assert view.price("BTC", NOW).value is None
    assert view.newest_candles("BTC", Timeframe.W1, 10, NOW) == []
