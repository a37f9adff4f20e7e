"""Collecting prices: history once, then what has closed, and what was wrong is put right."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Filled
from automoney.market.tracking import TRACKED
from automoney.observability import logger
from automoney.schedule import Slot
from automoney.workflows.collect_prices import PriceCollector
from tests.fakes_market import FakeCache, FakeCandles, FakeMarks
from tests.stores.conftest import database, migrated, migrated_url
from tests.workflows.exchanges import DAY, HOUR, LISTED, Exchange
from tests.workflows.price_rooms import (
    AT,
    HISTORY,
    HOURS,
    MIDNIGHT,
    MINUTE,
    Room,
    Stores,
    exchange,
    room,
    runner,
    stores,
)

__all__ = [
    "database",
    "exchange",
    "migrated",
    "migrated_url",
    "room",
    "runner",
    "stores",
]  # fixtures

# ---------------------------------------------------------------- what is asked for


def test_the_first_collection_fetches_history_and_redis_keeps_the_newest_hundred(
    room: Room,
) -> None:
    answer = room.collect(AT)

    assert answer["outcome"] == "ok"
    days = room.stored(Timeframe.D1, until=AT)
    assert days[0].open_time == LISTED.replace(hour=0)
    assert days[-1].close_time == MIDNIGHT
    hours = room.stored(Timeframe.H1, until=AT)
    assert (len(hours), hours[-1].close_time) == (999, AT)  # the one that opened now is not closed
    assert len(room.stored(Timeframe.H4, until=AT)) == 999
    weeks = room.stored(Timeframe.W1, until=AT)
    assert (len(weeks), weeks[-1].close_time) == (62, Timeframe.W1.open_time(AT))
    assert all(room.cache.shown("BTC")["indicators"].values())
    assert room.cache.listed["BTC", Timeframe.H1] == hours[-100:]
    assert set(room.cache.listed) == {("BTC", timeframe) for timeframe in TRACKED}


def test_between_two_closes_only_the_mark_is_asked_for(room: Room, exchange: Exchange) -> None:
    room.collect(AT)
    exchange.asked.clear()

    room.collect(AT + 5 * MINUTE)
    assert exchange.asked == []

    room.collect(AT + HOUR)  # what has closed, and the two before it
    assert exchange.asked == [(Timeframe.H1, AT - 2 * HOUR, 5)]


def test_the_first_collection_of_a_day_looks_at_the_newest_hundred_of_everything(
    room: Room, exchange: Exchange
) -> None:
    room.collect(AT)
    room.collect(MIDNIGHT + DAY - 5 * MINUTE)
    number = (AT - LISTED) // HOUR - 16
    exchange.hours[number] = replace(exchange.hours[number], low=Decimal(1000))
    exchange.asked.clear()

    room.collect(MIDNIGHT + DAY)

    midnight = MIDNIGHT + DAY
    assert exchange.asked == [
        (one, one.open_time(midnight) - 100 * one.duration, limit)
        for one, limit in zip(TRACKED, (102, 102, 102, 102), strict=True)
    ]
    stored = room.stored(Timeframe.H1, until=midnight)
    assert [bar.open_time for bar in stored if bar.low == 1000] == [
        exchange.hours[number].open_time
    ]
    assert [room.revision(one) for one in TRACKED] == [1, 1, 1, 1]

    exchange.asked.clear()
    room.collect(midnight + 5 * MINUTE)
    assert exchange.asked == []


def test_a_cold_start_asks_for_nothing_that_is_stored(room: Room, exchange: Exchange) -> None:
    room.collect(AT)
    shown = room.cache.shown("BTC")
    exchange.asked.clear()

    room.start_anew()
    room.collect(AT)

    assert exchange.asked == []
    assert room.cache.shown("BTC") == shown

    room.cache.kept.clear()  # and without Redis the states come from Postgres
    room.start_anew()
    room.collect(AT)

    assert exchange.asked == []
    assert room.cache.shown("BTC") == shown


def test_after_a_long_stop_it_goes_on_where_it_ended(room: Room, exchange: Exchange) -> None:
    room.collect(AT)
    room.start_anew()
    exchange.asked.clear()

    room.collect(AT + 20 * DAY)

    hours = room.stored(Timeframe.H1, until=AT + 20 * DAY)
    assert len(hours) == 999 + 20 * 24
    assert not any(bar.filled for bar in hours)


@dataclass
class Meeting(Exchange):
    """Answers nobody before as many have asked as are expected."""

    expected: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(5))

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        await self.expected.wait()
        return await super().marks(assets)

    async def candles(
        self, asset: str, timeframe: Timeframe, *, start: datetime | None = None, limit: int = 100
    ) -> tuple[Candle, ...]:
        await self.expected.wait()
        return await super().candles(asset, timeframe, start=start, limit=limit)


def test_everything_of_a_slot_is_asked_for_at_the_same_time(runner: asyncio.Runner) -> None:
    source = Meeting(HOURS, now=AT)
    collector = PriceCollector(
        (source,),
        ("BTC",),
        candles=FakeCandles(),
        marks=FakeMarks(),
        cache=FakeCache(),
        history=HISTORY,
    )

    async def asked() -> int:
        async with asyncio.timeout(5):
            return len((await collector.collect("binance", Slot(AT))).data.candles)

    assert runner.run(asked()) == 4


def test_a_quiet_tick_asks_the_stores_nothing(runner: asyncio.Runner, exchange: Exchange) -> None:
    candles, marks = FakeCandles(), FakeMarks()
    room = Room(Stores(candles, marks), runner, (exchange,))
    room.collect(AT)
    candles.calls.clear()
    marks.calls.clear()

    room.collect(AT + 5 * MINUTE)
    assert (candles.calls, marks.calls) == ([], ["put_marks"])

    room.collect(AT + HOUR)
    assert candles.calls == ["put", "revision"]


# ---------------------------------------------------------------- what is kept


def test_the_close_of_an_hour_is_the_mark_just_before_the_next(room: Room) -> None:
    room.collect(AT)
    room.collect(AT + HOUR + 5 * MINUTE)

    newest = room.stores.marks.mark("BTC", as_of=AT + HOUR)

    assert newest is not None
    assert newest.price == HOURS[(AT - LISTED) // HOUR].close
    assert AT + HOUR - newest.at == timedelta(milliseconds=1)


def test_a_gap_is_filled_forward_and_gives_way_when_the_real_bars_turn_up(
    room: Room, exchange: Exchange
) -> None:
    exchange.hidden = {AT, AT + HOUR}
    room.collect(AT)
    room.collect(AT + 3 * HOUR)

    filled = room.stored(Timeframe.H1, until=AT + 3 * HOUR)[-3:-1]
    before = HOURS[(AT - LISTED) // HOUR - 1].close
    assert [(bar.filled, bar.close) for bar in filled] == [(Filled.FORWARD, before)] * 2
    assert room.revision(Timeframe.H1) == 0

    exchange.hidden = set()
    room.collect(AT + 4 * HOUR)

    number = (AT - LISTED) // HOUR
    hours = room.stored(Timeframe.H1, until=AT + 4 * HOUR)
    assert hours[-3:] == HOURS[number + 1 : number + 4]  # it was asked for with the overlap
    assert room.revision(Timeframe.H1) == 1

    room.collect(MIDNIGHT + DAY)

    hours = room.stored(Timeframe.H1, until=MIDNIGHT + DAY)
    assert hours[-11:] == HOURS[number : number + 11]
    assert room.revision(Timeframe.H1) == 2


def test_a_jump_of_over_20_percent_is_kept_flagged_and_logged_once(
    room: Room, exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    room.collect(AT)
    number = (AT - LISTED) // HOUR
    spike = exchange.hours[number].open * 2
    exchange.hours[number] = replace(exchange.hours[number], open=spike, high=spike)

    with caplog.at_level(logging.WARNING, logger.name):
        answers = [room.collect(AT + 5 * MINUTE) for _ in range(2)]

    assert [answer["anomalies"] for answer in answers] == [1, 1]
    newest = room.stores.marks.mark("BTC", as_of=AT + HOUR)
    assert newest is not None
    assert (newest.price, newest.anomalous) == (spike, True)
    assert room.cache.shown("BTC")["isAnomaly"] is True
    (line,) = [one for one in caplog.records if one.message == "price jumped"]
    assert (vars(line)["asset"], vars(line)["what"]) == ("BTC", "mark")
    assert Decimal(vars(line)["price"]) == spike
    assert Decimal(vars(line)["previous"]) == HOURS[number].open


def test_a_bar_that_jumps_is_kept_flagged_and_logged_once(
    room: Room, exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    room.collect(AT)
    number = (AT - LISTED) // HOUR
    crash = replace(exchange.hours[number], close=Decimal(20_000), low=Decimal(19_000))
    exchange.hours[number] = crash

    with caplog.at_level(logging.WARNING, logger.name):
        room.collect(AT + HOUR)
        room.collect(AT + 2 * HOUR)  # and flagged again is the hour that comes back

    stored = room.stored(Timeframe.H1, until=AT + 2 * HOUR)[-2:]
    assert [bar.anomalous for bar in stored] == [True, True]
    lines = [vars(one) for one in caplog.records if one.message == "price jumped"]
    bars = [(one["at"], one["previous"]) for one in lines if one["what"] == "1h"]
    assert [at for at, _ in bars] == [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (AT, AT + HOUR)]
    assert bars[1][1] == "20000"
