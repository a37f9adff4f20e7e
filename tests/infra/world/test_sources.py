"""The real sources read this world as they read the real one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from automoney.errors import SourceUnavailable
from automoney.market.candles import Timeframe
from automoney.ports import SeriesSource
from automoney.sources.alternative_me import AlternativeMe
from automoney.sources.binance import Binance
from automoney.sources.coingecko import CoinGecko
from automoney.sources.coinmetrics import CoinMetrics
from automoney.sources.fred import Fred
from automoney.sources.fred_csv import FredCsv
from automoney.sources.glassnode import Glassnode
from automoney.transport import Transport
from infra.local.world.clock import WorldClock
from infra.local.world.recording import Recording
from infra.local.world.server import World

NOON = datetime(2025, 9, 21, 12, tzinfo=UTC)
BOTH = ("BTC", "ETH")
type Look = Callable[[Callable[[Transport], Awaitable[None]]], None]


class NoBreaker:
    """Never open: nothing goes wrong here."""

    def open_until(self, source: str) -> datetime | None:
        return None

    def trip(self, source: str, until: datetime) -> None:
        raise AssertionError(f"{source} tripped until {until}")


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[WorldClock]:
    with WorldClock.create(tmp_path / "clock", NOON) as made:
        yield made


@pytest.fixture
def look(recorded: Recording, clock: WorldClock) -> Look:
    """Run a coroutine with a transport whose every URL leads into the recorded world."""

    async def run(body: Callable[[Transport], Awaitable[None]]) -> None:
        app = World(recorded, clock)
        transport = Transport(
            breaker=NoBreaker(),
            clock=clock.now,
            timeout=timedelta(seconds=5),
            pool=httpx.ASGITransport(app=app),
        )
        async with transport:
            await body(transport)

    return lambda body: asyncio.run(run(body))


def test_binance(look: Look, clock: WorldClock) -> None:
    async def body(transport: Transport) -> None:
        binance = Binance(transport, "http://world/binance")
        marks = await binance.marks(BOTH)
        assert [mark.asset for mark in marks] == ["BTC", "ETH"]
        assert all(NOON - timedelta(milliseconds=1) == mark.at for mark in marks)
        for timeframe in (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1):
            bars = await binance.candles("BTC", timeframe, limit=50)
            assert len(bars) == 50
            assert all(bar.open_time < NOON for bar in bars)
        assert marks[0].price == bars[-1].close, "the open week closes at the mark"
        with pytest.raises(SourceUnavailable):
            await binance.first_trade("BTC", NOON)
        clock.set(NOON + timedelta(seconds=1))
        trade = await binance.first_trade("BTC", NOON)
        assert trade.at == NOON
        (hour,) = await binance.candles("BTC", Timeframe.H1, limit=1)
        assert trade.price == hour.open

    look(body)


def test_coingecko(look: Look) -> None:
    async def body(transport: Transport) -> None:
        coingecko = CoinGecko(transport, "http://world/coingecko")
        binance = Binance(transport, "http://world/binance")
        ours, theirs = await coingecko.marks(BOTH), await binance.marks(BOTH)
        assert [mark.price for mark in ours] == [mark.price for mark in theirs]
        bars = await coingecko.candles("ETH", Timeframe.H4, limit=10)
        other = await binance.candles("ETH", Timeframe.H4, limit=10)
        assert [(bar.open_time, bar.open, bar.close) for bar in bars] == [
            (bar.open_time, bar.open, bar.close) for bar in other
        ]
        assert {bar.volume for bar in bars} == {None}

    look(body)


def test_onchain(look: Look, clock: WorldClock) -> None:
    async def body(transport: Transport) -> None:
        free = CoinMetrics(transport, "http://world/coinmetrics")
        readings = await free.readings(BOTH, since=NOON - timedelta(days=30), now=NOON)
        newest = {(it.series, it.asset): it for it in readings}
        assert newest["mvrv", "BTC"].value == 2.160082452
        assert newest["mvrv", "BTC"].period == datetime(2025, 9, 20, tzinfo=UTC)
        assert newest["mvrv", "ETH"].value == 1.333186727
        assert newest["exchange_netflow", "BTC"].value == pytest.approx(10573.3351 - 17729.31443)
        assert all(max(it.available_at, it.vintage) <= NOON for it in readings)

        past = datetime(2020, 5, 10, 12, tzinfo=UTC)
        clock.set(past)
        paid = Glassnode(transport, "http://world/glassnode", "key")
        readings = await paid.readings(("BTC",), since=past - timedelta(days=10), now=past)
        assert {it.series for it in readings} >= {"mvrv_z", "nvt", "exchange_netflow"}
        assert max(it.period for it in readings) == datetime(2020, 5, 9, tzinfo=UTC)

    look(body)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda t: Fred(t, "http://world/fred", "0" * 32), id="fred"),
        pytest.param(lambda t: FredCsv(t, "http://world/fredcsv"), id="fred_csv"),
    ],
)
def test_macro(look: Look, make: Callable[[Transport], SeriesSource]) -> None:
    async def body(transport: Transport) -> None:
        fred = make(transport)
        readings = await fred.readings((), since=NOON - timedelta(days=120), now=NOON)
        newest = {it.series: it for it in readings}
        assert newest["us10y"].value == 4.11, "Friday's is out on Monday"
        assert newest["cpi"].period == datetime(2025, 8, 1, tzinfo=UTC)
        assert newest["m2"].period == datetime(2025, 7, 1, tzinfo=UTC), "August is not out yet"
        assert all(it.available_at <= NOON for it in readings)

    look(body)


def test_sentiment(look: Look) -> None:
    async def body(transport: Transport) -> None:
        index = AlternativeMe(transport, "http://world/alternative-me")
        readings = await index.readings((), since=NOON - timedelta(days=2), now=NOON)
        assert [it.value for it in readings] == [48, 49]
        assert readings[-1].period == NOON.replace(hour=0)

    look(body)
