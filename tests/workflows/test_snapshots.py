"""What a run sees as of its slot: the same with or without a cache, and nothing from later."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from automoney.errors import DataMissing
from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Reading
from automoney.market.tracking import TRACKED
from automoney.workflows.snapshots import Market
from tests.fakes import NoCache
from tests.fakes_market import FakeCandles, FakeMarks
from tests.stores.conftest import database, migrated, migrated_url
from tests.workflows.exchanges import DAY, HOUR, LISTED, Exchange, walk
from tests.workflows.price_rooms import Room, Stores, runner, stores

__all__ = ["database", "migrated", "migrated_url", "runner", "stores"]  # fixtures

MINUTE = timedelta(minutes=1)
WEEKLY = (Timeframe.W1,)
HOURS = walk(24 * 450)
AT = LISTED + 431 * DAY + 7 * HOUR  # 12:00


class NoReadings:
    """Nobody has ever published anything."""

    def put_readings(self, readings: object) -> int:
        raise NotImplementedError("a run only reads")

    def history(
        self, names: object, asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        return {}

    def last_period(self, source: str) -> datetime | None:
        raise NotImplementedError("a run does not ask")


def market(room: Room, *, cached: bool = True) -> Market:
    return Market.stored(
        room.stores.candles,
        room.stores.marks,
        NoReadings(),
        room.cache if cached else NoCache(),
    )


def test_with_and_without_a_cache_every_figure_is_the_same(
    stores: Stores, runner: asyncio.Runner
) -> None:
    room = Room(stores, runner, (Exchange(list(HOURS)),))
    for hours in range(0, 8 * 24, 12):
        at = AT + hours * HOUR
        room.collect(at - 5 * MINUTE)
        room.collect(at)
        for moment in (at, at + 4 * MINUTE):
            with_it, without = (market(room, cached=cached) for cached in (True, False))

            seen = with_it.snapshots(("BTC",), TRACKED, moment)
            assert seen == without.snapshots(("BTC",), TRACKED, moment)
            outlooks = seen["BTC"].outlooks
            assert tuple(outlooks) == TRACKED
            assert all(None not in asdict(one.indicators).values() for one in outlooks.values())
            assert (seen["BTC"].timeframe, seen["BTC"].bar) == (
                TRACKED[0],
                outlooks[TRACKED[0]].bar,
            )


def test_a_slot_sees_nothing_that_was_collected_after_it(runner: asyncio.Runner) -> None:
    early, late = (
        Room(Stores(FakeCandles(), FakeMarks()), runner, (Exchange(list(HOURS)),)) for _ in range(2)
    )
    early.play(AT - 2 * DAY, AT, HOUR)
    late.play(AT - 2 * DAY, AT + 9 * DAY, HOUR)

    for cached in (True, False):
        now, then = (market(room, cached=cached) for room in (early, late))
        assert now.snapshots(("BTC",), TRACKED, AT) == then.snapshots(("BTC",), TRACKED, AT)


def test_a_corrected_day_is_seen_at_once_however_warm_the_cache(
    stores: Stores, runner: asyncio.Runner
) -> None:
    room = Room(stores, runner, (Exchange(list(HOURS)),))
    room.collect(AT)
    before = market(room).snapshots(("BTC",), WEEKLY, AT + MINUTE)["BTC"].indicators
    monday = Timeframe.W1.open_time(AT)
    (sunday,) = stores.candles.closed("BTC", Timeframe.D1, since=monday - DAY, by=monday)

    stores.candles.put([raised(sunday)])

    after = market(room).snapshots(("BTC",), WEEKLY, AT + MINUTE)["BTC"].indicators
    assert after != before
    without = market(room, cached=False).snapshots(("BTC",), WEEKLY, AT + MINUTE)["BTC"].indicators
    assert after == without


def raised(bar: Candle) -> Candle:
    return replace(bar, close=bar.close + Decimal(100), high=bar.high + Decimal(100))


def test_without_a_price_or_closed_bars_there_is_no_snapshot(runner: asyncio.Runner) -> None:
    exchange = Exchange(list(HOURS))
    room = Room(Stores(FakeCandles(), FakeMarks()), runner, (exchange,))

    with pytest.raises(DataMissing, match="no price of BTC"):
        market(room).snapshots(("BTC",), WEEKLY, AT)

    exchange.no_candles = "timed out"
    room.collect(AT)
    with pytest.raises(DataMissing, match="no closed day of BTC"):
        market(room).snapshots(("BTC",), WEEKLY, AT + MINUTE)
    with pytest.raises(DataMissing, match="the newest 1h bar of BTC before"):
        market(room).snapshots(("BTC",), (Timeframe.H1,), AT + MINUTE)

    exchange.no_candles = None
    room.collect(AT + 5 * MINUTE)
    market(room).snapshots(("BTC",), WEEKLY, AT + 6 * MINUTE)
    with pytest.raises(DataMissing, match="the newest price of BTC is"):
        market(room).snapshots(("BTC",), WEEKLY, AT + HOUR)

    exchange.no_candles = "timed out"
    room.collect(AT + 3 * DAY)
    with pytest.raises(DataMissing, match="the newest closed day of BTC ended 3 days"):
        market(room).snapshots(("BTC",), WEEKLY, AT + 3 * DAY + MINUTE)
    with pytest.raises(DataMissing, match="the newest 1h bar of BTC before"):
        market(room).snapshots(("BTC",), (Timeframe.H1,), AT + 3 * DAY + MINUTE)
