"""How fast history gets into Postgres: the backfill's COPY beside one commit a row.

The same candles, into the same embedded Postgres, every commit waited for until it is on disk.  The
others are given the simplest statement that replaces what is there; the backfill also looks for
changes before the newest bar, and notes how far it has come.  Each way starts with an empty table,
the ways take turns, and medians are told.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from automoney.market.candles import Candle, Timeframe
from automoney.stores.backfills import PostgresBackfills
from automoney.stores.candles import COLUMNS, candle_rows
from automoney.stores.database import Database
from automoney.stores.schema import migrate
from benchmarks.result import Benchmark, Result
from infra.local.services import State, start_services

START = datetime(2017, 8, 17, tzinfo=UTC)
PAGE = 1000  # candles a transaction, as in a backfill from Binance
GOAL = 15.0

_UPSERT = f"""
INSERT INTO candles ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (asset, timeframe, open_time) DO UPDATE
SET open = EXCLUDED.open, high = EXCLUDED.high, low = EXCLUDED.low, close = EXCLUDED.close,
    volume = EXCLUDED.volume, source = EXCLUDED.source, anomalous = EXCLUDED.anomalous,
    filled = EXCLUDED.filled
"""  # noqa: S608  # our own constant
Way = Callable[[Database, Sequence[Candle]], None]


def hours(count: int) -> list[Candle]:
    """Bars whose prices have as many digits as Binance's."""
    return [
        Candle(
            "BTC",
            Timeframe.H1,
            START + number * timedelta(hours=1),
            price,
            price + Decimal("21.37000000"),
            price - Decimal("18.04000000"),
            price + Decimal("3.11000000"),
            Decimal(f"{number % 977}.12345678"),
            "binance",
        )
        for number in range(count)
        for price in [Decimal(f"{4000 + number % 1013}.98000000")]
    ]


def by_copy(database: Database, bars: Sequence[Candle]) -> None:
    backfills = PostgresBackfills(database)
    for start in range(0, len(bars), PAGE):
        page = bars[start : start + PAGE]
        backfills.put_candles("binance BTC 1h", page, reached=page[-1].close_time)


def a_commit_a_row(database: Database, bars: Sequence[Candle]) -> None:
    with database.connection() as connection:
        for row in candle_rows(bars):
            connection.execute(_UPSERT, row)


def by_executemany(database: Database, bars: Sequence[Candle]) -> None:
    with database.transaction() as connection, connection.cursor() as cursor:
        cursor.executemany(_UPSERT, candle_rows(bars))


_BACKFILL = f"backfill: COPY, {PAGE:,} rows a commit"
_A_COMMIT_A_ROW = "one commit a row"
_EXECUTEMANY = "executemany in one transaction"
WAYS: dict[str, Way] = {
    _BACKFILL: by_copy,
    _A_COMMIT_A_ROW: a_commit_a_row,
    _EXECUTEMANY: by_executemany,
}


def rows_a_second(database: Database, bars: Sequence[Candle], *, rounds: int) -> dict[str, float]:
    """Of each way the median; raises ValueError if one leaves other rows than the next."""
    speeds: dict[str, list[float]] = {name: [] for name in WAYS}
    left: set[object] = set()
    for _ in range(rounds):
        for name, way in WAYS.items():
            with database.connection() as connection:
                connection.execute("TRUNCATE candles, candle_histories, backfills")
            began = time.perf_counter()
            way(database, bars)
            speeds[name].append(len(bars) / (time.perf_counter() - began))
            with database.connection() as connection:
                left.add(
                    connection.execute(
                        "SELECT count(*), md5(string_agg(c::text, ',' ORDER BY open_time))"
                        " FROM candles AS c"
                    ).fetchone()
                )
    if len(left) != 1:
        raise ValueError(f"the ways left different rows: {left}")
    return {name: statistics.median(found) for name, found in speeds.items()}


def _run(quick: bool) -> Sequence[Result]:
    count, rounds = (500, 1) if quick else (10_000, 3)
    with (
        TemporaryDirectory() as folder,
        start_services(State(Path(folder) / "state")) as services,
    ):
        database = Database.open(services.database_url, durable=True, max_size=1)
        migrate(database)
        try:
            speeds = rows_a_second(database, hours(count), rounds=rounds)
        finally:
            database.close()
    ratio = speeds[_BACKFILL] / speeds[_A_COMMIT_A_ROW]
    many = speeds[_BACKFILL] / speeds[_EXECUTEMANY]
    return [
        *(Result(name, speed, "rows/s") for name, speed in speeds.items()),
        Result(f"backfill over {_A_COMMIT_A_ROW}", ratio, "x", f">= {GOAL:g}x", ratio >= GOAL),
        Result(f"backfill over {_EXECUTEMANY}", many, "x"),
    ]


BENCHMARK = Benchmark("copy", "bulk loading into Postgres beside one commit a row", _run)
