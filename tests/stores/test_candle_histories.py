"""The revision of a history grows when, and only when, a bar before its newest one has changed."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.stores.backfills import PostgresBackfills
from automoney.stores.candles import PostgresCandles, candle_rows, lock_histories
from automoney.stores.database import Database
from tests.builders import NOON, candle
from tests.fakes_market import FakeCandles
from tests.stores.waiting import waiting

DAY = timedelta(days=1)
TODAY = NOON.replace(hour=0)
Put = Callable[[Sequence[Candle]], object]


def day(back: int, close: str = "100", asset: str = "BTC") -> Candle:
    return candle(TODAY - back * DAY, close, asset=asset)


@pytest.fixture(params=["put", "backfill"])
def put(request: pytest.FixtureRequest, database: Database) -> Put:
    """Both ways to put candles."""
    if request.param == "put":
        return PostgresCandles(database).put

    def by_copy(bars: Sequence[Candle]) -> object:
        return PostgresBackfills(database).put_candles("job", bars, reached=NOON)

    return by_copy


def revision(database: Database, asset: str = "BTC") -> int:
    return PostgresCandles(database).revision(asset, Timeframe.D1)


def test_bars_added_at_the_end_leave_it_alone(database: Database, put: Put) -> None:
    put([day(9), day(7)])
    put([day(6)])
    put([day(4), day(5)])
    assert revision(database) == 0


@pytest.mark.parametrize(
    "bar",
    [
        pytest.param(day(8), id="in a gap"),
        pytest.param(day(20), id="before the first"),
        pytest.param(day(9, "101"), id="another price"),
        pytest.param(day(7, "101"), id="another price of the newest"),
        pytest.param(replace(day(9), source="coingecko"), id="another source"),
        pytest.param(replace(day(9), volume=None), id="no volume"),
        pytest.param(replace(day(9), anomalous=True), id="flagged"),
        pytest.param(replace(day(9), filled=Filled.FORWARD), id="made up"),
    ],
)
def test_a_bar_that_is_not_after_the_newest_makes_it_grow_by_one(
    database: Database, put: Put, bar: Candle
) -> None:
    put([day(9), day(7)])
    put([day(6), bar] if bar.open_time < day(7).open_time else [bar])
    assert revision(database) == 1
    put([bar])  # says what is stored already
    assert revision(database) == 1


def test_it_grows_by_one_a_put_and_by_history(database: Database, put: Put) -> None:
    put([day(9), day(9, asset="ETH")])
    put([day(9, "101"), day(12), day(11), day(8, asset="ETH")])
    assert (revision(database), revision(database, "ETH")) == (1, 0)
    assert PostgresCandles(database).revision("BTC", Timeframe.H1) == 0


def test_of_two_bars_with_one_open_time_the_last_given_is_put(database: Database, put: Put) -> None:
    put([day(9, "101"), day(9, "102")])
    (kept,) = PostgresCandles(database).days("BTC", since=TODAY - 9 * DAY, closed_by=TODAY)
    assert kept == day(9, "102")


def test_bars_that_are_stored_already_write_nothing_at_all(database: Database, put: Put) -> None:
    bars = [day(9), day(8, "101.50")]
    put(bars)

    def versions() -> object:
        with database.connection() as connection:
            return connection.execute(
                "SELECT open_time, xmin, xmax, ctid FROM candles ORDER BY open_time"
            ).fetchall()

    before = versions()
    put([day(9), replace(day(8, "101.5"), low=Decimal("91.5000"))])
    assert versions() == before


@st.composite
def puts(draw: st.DrawFn) -> list[list[Candle]]:
    bars = st.builds(
        candle,
        st.integers(0, 6).map(lambda back: TODAY - 7 * back * DAY),
        st.sampled_from(["100", "101"]),
        asset=st.sampled_from(["BTC", "ETH"]),
        timeframe=st.sampled_from([Timeframe.D1, Timeframe.W1]),
    )
    return draw(st.lists(st.lists(bars, max_size=5), max_size=6))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(puts=puts())
def test_it_is_as_the_model_says_after_any_puts(
    database: Database, put: Put, puts: list[list[Candle]]
) -> None:
    with database.connection() as connection:
        connection.execute("TRUNCATE candles, candle_histories")
    model, stored = FakeCandles(), PostgresCandles(database)
    for bars in puts:
        put(bars)
        model.put(bars)
    for asset in ("BTC", "ETH"):
        for timeframe in (Timeframe.D1, Timeframe.W1):
            assert stored.revision(asset, timeframe) == model.revision(asset, timeframe)
            since, by = TODAY - 99 * DAY, TODAY + 9 * DAY
            found = stored.closed(asset, timeframe, since=since, by=by)
            assert found == model.closed(asset, timeframe, since=since, by=by)


def test_puts_at_once_each_make_it_grow(database: Database, put: Put) -> None:
    put([day(0), day(0, asset="ETH")])
    threads = 8
    ready = Barrier(threads)

    def change(number: int) -> None:
        ready.wait()
        both = [day(1 + number), day(1 + number, asset="ETH")]
        put(both if number % 2 else both[::-1])  # in either order without a deadlock

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(change, range(threads)))
    assert (revision(database), revision(database, "ETH")) == (threads, threads)


def test_a_put_waits_for_one_that_has_not_committed_yet(database: Database, put: Put) -> None:
    put([day(9)])
    newest = day(7)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            lock_histories(connection, candle_rows([newest]))
            connection.execute(
                "INSERT INTO candles SELECT asset, timeframe, %s, %s, open, high, low, close,"
                " volume, source, anomalous, filled FROM candles",
                (newest.open_time, newest.close_time),
            )
            earlier = pool.submit(put, [day(8)])
            while not waiting(database):
                assert not earlier.done()
        earlier.result()
    assert revision(database) == 1  # for by then the other bar was the newest
