"""Price sources that fail: the next one stands in, and leaves no trace once the first is back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from automoney.market.candles import Mark, Timeframe
from automoney.market.tracking import TRACKED
from tests.fakes_market import FakeCandles, FakeMarks
from tests.stores.conftest import database, migrated, migrated_url
from tests.workflows.exchanges import DAY, HOUR, Exchange, StandIn
from tests.workflows.price_rooms import (
    AT,
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

# ---------------------------------------------------------------- sources that fail


def test_when_the_first_source_is_blocked_the_next_gives_the_price_and_both_are_recorded(
    stores: Stores, runner: asyncio.Runner
) -> None:
    blocked, other = Exchange(HOURS, down="blocked region"), StandIn(HOURS)
    room = Room(stores, runner, (blocked, other))

    answer = room.collect(AT)

    assert (answer["source"], answer["outcome"]) == ("coingecko", "ok")
    assert answer["prices"] == {"BTC": str(other.mark("BTC").price)}
    assert room.outcomes() == [("binance", "failed"), ("coingecko", "ok")]
    assert {one for one, _, _ in other.asked} == {Timeframe.H1, Timeframe.H4}
    # a day's hours and a month's 4 hours, from which days are put together
    assert len(room.stored(Timeframe.H1, until=AT)) == 24
    days = room.stored(Timeframe.D1, until=AT)
    assert (len(days), days[-1].close_time) == (29, MIDNIGHT)
    assert {bar.source for bar in days} == {"coingecko"}
    assert {bar.volume for bar in days} == {None}


def test_when_every_source_fails_that_is_recorded(stores: Stores, runner: asyncio.Runner) -> None:
    room = Room(stores, runner, (Exchange(HOURS, down="timed out"), StandIn(HOURS, down="429")))

    assert room.collect(AT)["outcome"] == "failed"
    assert room.outcomes() == [("binance", "failed"), ("coingecko", "failed")]
    assert stores.marks.mark("BTC", as_of=AT + HOUR) is None


def test_candles_that_fail_leave_the_price_and_a_failed_collection(
    room: Room, exchange: Exchange
) -> None:
    exchange.no_candles = "timed out"

    answer = room.collect(AT)

    assert answer["outcome"] == "failed"
    assert "timed out" in answer["error"]
    assert room.stores.marks.mark("BTC", as_of=AT + HOUR) == exchange.mark("BTC")
    assert room.cache.shown("BTC")["timeframes"] == dict.fromkeys(("1h", "4h", "1d"))
    assert room.collections.recorded[0].rows == 1


@dataclass
class Stopped(Exchange):
    """Has quoted the same trade for hours."""

    since: timedelta = HOUR

    def mark(self, asset: str) -> Mark:
        return replace(super().mark(asset), at=self.now - self.since)


@pytest.mark.parametrize(("age", "outcome"), [(119 * MINUTE, "ok"), (121 * MINUTE, "failed")])
def test_a_source_whose_prices_are_all_two_hours_old_has_stopped(
    age: timedelta, outcome: str, runner: asyncio.Runner
) -> None:
    stopped = Stopped(HOURS, since=age)
    room = Room(Stores(FakeCandles(), FakeMarks()), runner, (stopped, StandIn(HOURS)))

    room.collect(AT)

    first = room.collections.recorded[0]
    assert first.outcome == outcome
    if outcome == "failed":
        assert "2:01:00 old" in (first.error or "")
        assert room.outcomes()[1] == ("coingecko", "ok")


@dataclass
class Without(Exchange):
    """Leaves assets out of its answer."""

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        return ()


def test_a_source_without_one_of_the_assets_counts_as_failed(runner: asyncio.Runner) -> None:
    room = Room(Stores(FakeCandles(), FakeMarks()), runner, (Without(HOURS), StandIn(HOURS)))

    room.collect(AT)

    assert room.outcomes() == [("binance", "failed"), ("coingecko", "ok")]
    assert "BTC" in (room.collections.recorded[0].error or "")


# ---------------------------------------------------------------- the whole story


@pytest.mark.parametrize(
    ("days_down", "dies"),
    [(3, False), (3, True), (5, False), (5, True)],
    ids=["three days", "three days and a restart", "longer than memory", "longer, and a restart"],
)
def test_after_an_outage_all_is_as_if_there_had_been_none(
    stores: Stores, runner: asyncio.Runner, days_down: int, dies: bool
) -> None:
    begin, back, end = AT, AT + days_down * DAY, AT + (days_down + 1) * DAY
    calm = Room(Stores(FakeCandles(), FakeMarks()), runner, (Exchange(HOURS),))
    calm.play(begin, end, HOUR)
    first, other = Exchange(HOURS), StandIn(HOURS)
    room = Room(stores, runner, (first, other))
    room.collect(begin)

    first.down = "timed out"
    room.play(begin + HOUR, back - HOUR, HOUR)

    meanwhile = back - HOUR
    for timeframe in (Timeframe.H1, Timeframe.H4, Timeframe.D1):
        newest = room.stored(timeframe, until=meanwhile)[-1]
        assert newest.source == "coingecko"
        assert newest.close_time == timeframe.open_time(meanwhile)
    shown = room.cache.shown("BTC")
    assert all(shown["timeframes"].values())
    assert shown["indicators"]["ema55"]
    assert set(room.outcomes()[-2:]) == {("binance", "failed"), ("coingecko", "ok")}

    first.down = None
    if dies:
        room.start_anew()
    room.collect(back - HOUR + 5 * MINUTE)  # at once, before another bar has closed

    for timeframe in (Timeframe.H1, Timeframe.H4, Timeframe.D1):
        assert {bar.source for bar in room.stored(timeframe, until=back)} == {"binance"}
        assert room.revision(timeframe) == 1

    room.play(back, end, HOUR)

    for timeframe in TRACKED:
        assert room.stored(timeframe, until=end) == calm.stored(timeframe, until=end)
    assert room.cache.shown("BTC") == calm.cache.shown("BTC")


def test_bars_that_the_first_source_never_had_are_not_asked_for_at_every_tick(
    stores: Stores, runner: asyncio.Runner
) -> None:
    first, other = Exchange(HOURS), StandIn(HOURS)
    room = Room(stores, runner, (first, other))
    room.collect(AT)
    first.down, first.hidden = "maintenance", {AT}  # nothing was traded there in that hour
    room.collect(AT + HOUR)
    first.down = None
    room.collect(AT + HOUR + 5 * MINUTE)
    first.asked.clear()

    room.collect(AT + HOUR + 10 * MINUTE)
    assert first.asked == []

    room.collect(AT + 3 * HOUR)
    borrowed = room.stored(Timeframe.H1, until=AT + 3 * HOUR)[-3]
    assert (borrowed.source, borrowed.filled) == ("coingecko", None)  # better than made up
