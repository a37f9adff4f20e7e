"""Collecting prices on the real stores: history once, then only what has closed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.market.candles import Candle, Timeframe
from automoney.ports import Collection
from automoney.schedule import Slot
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.workflows.collect import collect
from automoney.workflows.collect_prices import PriceCollector
from tests.builders import NOON, candle, mark
from tests.fakes import FakeAlerts, FakeCollections, FakePrices, NoCache
from tests.stores.conftest import database, migrated

__all__ = ["database", "migrated"]  # fixtures

HOUR = timedelta(hours=1)


def bars(timeframe: Timeframe, until: datetime, count: int) -> list[Candle]:
    """`count` candles ending with the one that is open at `until`."""
    newest = timeframe.open_time(until)
    return [
        candle(newest - timeframe.duration * back, str(50_000 - back), timeframe=timeframe)
        for back in reversed(range(count))
    ]


def exchange(until: datetime = NOON) -> FakePrices:
    prices = {("BTC", one): bars(one, until, 120) for one in (Timeframe.H1, Timeframe.H4)}
    prices["BTC", Timeframe.D1] = bars(Timeframe.D1, until, 800)
    prices["BTC", Timeframe.W1] = bars(Timeframe.W1, until, 110)
    return FakePrices("binance", {"BTC": mark(at=until + timedelta(seconds=1))}, prices)


class Room:
    def __init__(self, database: Database, *sources: FakePrices) -> None:
        self.candles, self.marks = PostgresCandles(database), PostgresMarks(database)
        self.collections, self.alerts = FakeCollections(), FakeAlerts()
        self.collector = PriceCollector(
            sources,
            ("BTC",),
            candles=self.candles,
            marks=self.marks,
            cache=NoCache(),
            history=timedelta(days=700),
        )

    async def collect(self, at: datetime) -> dict[str, Any]:
        return await collect(
            self.collector,
            Slot(at),
            collections=self.collections,
            alerts=self.alerts,
            clock=lambda: NOON,
        )

    def outcomes(self) -> list[tuple[str, str]]:
        return [(one.source, one.outcome) for one in self.collections.recorded]


@pytest.fixture
def run() -> Iterator[Any]:
    import asyncio

    with asyncio.Runner() as runner:
        yield runner.run


def test_the_first_collection_fetches_years_of_days_and_a_hundred_of_the_rest(
    database: Database, run: Any
) -> None:
    room = Room(database, exchange())

    answer = run(room.collect(NOON))

    assert answer["outcome"] == "ok"
    days = room.candles.days("BTC", since=NOON - timedelta(days=900), closed_by=NOON)
    assert days[0].open_time == NOON.replace(hour=0) - timedelta(days=699)
    assert days[-1].close_time == NOON.replace(hour=0)
    hours = room.candles.closed("BTC", Timeframe.H1, since=NOON - 200 * HOUR, by=NOON + HOUR)
    assert len(hours) == 100
    assert hours[-1].close_time == NOON  # the one that opened at noon is not closed


def test_between_two_closes_only_the_mark_is_asked_for(database: Database, run: Any) -> None:
    source = exchange()
    room = Room(database, source)
    run(room.collect(NOON))
    source.asked.clear()

    run(room.collect(NOON + timedelta(minutes=5)))
    assert source.asked == []

    run(room.collect(NOON + HOUR))
    assert [(asset, timeframe) for asset, timeframe, _, _ in source.asked] == [
        ("BTC", Timeframe.H1)
    ]


def test_a_cold_start_fetches_nothing_that_is_stored(database: Database, run: Any) -> None:
    run(Room(database, exchange()).collect(NOON))
    source = exchange()

    run(Room(database, source).collect(NOON + timedelta(minutes=5)))

    assert source.asked == []


def test_the_close_of_an_hour_is_the_mark_just_before_the_next(
    database: Database, run: Any
) -> None:
    room = Room(database, exchange())
    run(room.collect(NOON))

    newest = room.marks.mark("BTC", as_of=NOON)

    assert newest is not None
    assert newest.price == Decimal(49_999)  # the close of 11:00 to 12:00
    assert NOON - newest.at == timedelta(milliseconds=1)


def test_when_binance_is_blocked_coingecko_gives_the_price_and_both_are_recorded(
    database: Database, run: Any
) -> None:
    blocked = FakePrices("binance", broken="blocked region")
    room = Room(database, blocked, FakePrices("coingecko", {"BTC": mark()}))

    answer = run(room.collect(NOON))

    assert (answer["source"], answer["prices"]) == ("coingecko", {"BTC": "50000"})
    assert room.outcomes() == [("binance", "failed"), ("coingecko", "ok")]
    assert room.alerts.warned == []


def test_when_every_source_fails_that_is_recorded_and_told(database: Database, run: Any) -> None:
    room = Room(
        database,
        FakePrices("binance", broken="blocked region"),
        FakePrices("coingecko", broken="429"),
    )

    assert run(room.collect(NOON))["outcome"] == "failed"
    assert room.outcomes() == [("binance", "failed"), ("coingecko", "failed")]
    assert len(room.alerts.warned) == 1
    assert room.marks.mark("BTC", as_of=NOON + HOUR) is None


def test_candles_that_fail_leave_the_price_and_a_failed_collection(
    database: Database, run: Any
) -> None:
    source = exchange()
    source.no_candles = "timed out"
    room = Room(database, source)

    answer = run(room.collect(NOON))

    assert answer["outcome"] == "failed"
    assert "timed out" in answer["error"]
    assert room.marks.mark("BTC", as_of=NOON + HOUR) == mark(at=NOON + timedelta(seconds=1))
    recorded: Collection = room.collections.recorded[0]
    assert (recorded.outcome, recorded.rows) == ("failed", 1)


def test_a_jump_of_over_20_percent_is_kept_and_counted(database: Database, run: Any) -> None:
    source = exchange()
    room = Room(database, source)
    run(room.collect(NOON))
    source.quoted["BTC"] = mark(price="65000", at=NOON + timedelta(minutes=5))

    answer = run(room.collect(NOON + timedelta(minutes=5)))

    assert answer["anomalies"] == 1
    newest = room.marks.mark("BTC", as_of=NOON + HOUR)
    assert newest is not None
    assert (newest.price, newest.anomalous) == (Decimal(65_000), True)


def test_a_source_without_one_of_the_assets_counts_as_failed(database: Database, run: Any) -> None:
    room = Room(database, FakePrices("binance"), FakePrices("coingecko", {"BTC": mark()}))

    run(room.collect(NOON))

    assert room.outcomes() == [("binance", "failed"), ("coingecko", "ok")]
