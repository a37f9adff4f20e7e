"""A price collector with everyone it talks to, over stores that are real or in memory."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from automoney.market.candles import Candle, Timeframe
from automoney.ports import Candles, Marks
from automoney.schedule import Slot
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.workflows.collect import collect
from automoney.workflows.collect_prices import PriceCollector
from tests.builders import NOON
from tests.fakes import FakeAlerts, FakeCollections
from tests.fakes_market import FakeCache, FakeCandles, FakeMarks
from tests.workflows.exchanges import DAY, HOUR, LISTED, Exchange, walk

HISTORY = 460 * DAY
MINUTE = timedelta(minutes=1)
HOURS = walk(24 * 455)
AT = LISTED + 431 * DAY + 8 * HOUR  # 13:00, with an hour, but no day, just closed
MIDNIGHT = AT.replace(hour=0)


@dataclass
class Stores:
    candles: Candles
    marks: Marks


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Stores:
    """Empty stores: ours in memory, and the real ones, under the same tests."""
    if request.param == "memory":
        return Stores(FakeCandles(), FakeMarks())
    database: Database = request.getfixturevalue("database")
    return Stores(PostgresCandles(database), PostgresMarks(database))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@dataclass
class Room:
    """`sources` are told what time it is with each collection."""

    stores: Stores
    runner: asyncio.Runner
    sources: tuple[Exchange, ...]
    cache: FakeCache = field(default_factory=FakeCache)
    collections: FakeCollections = field(default_factory=FakeCollections)
    alerts: FakeAlerts = field(default_factory=FakeAlerts)

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """A process of its own: nothing remembered."""
        self.collector = PriceCollector(
            self.sources,
            ("BTC",),
            candles=self.stores.candles,
            marks=self.stores.marks,
            cache=self.cache,
            history=HISTORY,
        )

    def collect(self, at: datetime) -> dict[str, Any]:
        for source in self.sources:
            source.now = at
        return self.runner.run(
            collect(
                self.collector,
                Slot(at),
                collections=self.collections,
                alerts=self.alerts,
                clock=lambda: NOON,
            )
        )

    def play(self, since: datetime, until: datetime, every: timedelta) -> dict[str, Any]:
        """Collect at `since`, then every so often up to `until`; the last answer."""
        while since < until:
            self.collect(since)
            since += every
        return self.collect(until)

    def outcomes(self) -> list[tuple[str, str]]:
        return [(one.source, one.outcome) for one in self.collections.recorded]

    def stored(self, timeframe: Timeframe, *, until: datetime) -> list[Candle]:
        return self.stores.candles.closed("BTC", timeframe, since=until - 999 * DAY, by=until)

    def revision(self, timeframe: Timeframe) -> int:
        return self.stores.candles.revision("BTC", timeframe)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(list(HOURS))


@pytest.fixture
def room(stores: Stores, runner: asyncio.Runner, exchange: Exchange) -> Room:
    return Room(stores, runner, (exchange,))
