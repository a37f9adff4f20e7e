"""Bulk loading: as the collectors put, all of a page or nothing, and never twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled, Reading
from automoney.stores.backfills import PostgresBackfills
from automoney.stores.candles import PostgresCandles, candle_rows, lock_histories
from automoney.stores.database import Database
from tests.builders import NOON, candle, reading
from tests.stores.waiting import waiting

DAY = timedelta(days=1)
TODAY = NOON.replace(hour=0)
JOB = "binance BTC 1d"
NEVER: Any = None  # for a column that takes no NULL: the statement that notes progress fails


def days(count: int) -> list[Candle]:
    return [candle(TODAY - back * DAY, str(20_000 + back)) for back in range(count, 0, -1)]


def values(count: int) -> list[Reading]:
    return [reading("M2SL", TODAY - back * DAY, float(back)) for back in range(count, 0, -1)]


def everything(database: Database) -> object:
    """All that a backfill writes, but for when."""
    with database.connection() as connection:
        return [
            connection.execute(query).fetchall()
            for query in (
                "SELECT * FROM candles ORDER BY open_time",
                "SELECT * FROM candle_histories",
                "SELECT * FROM readings ORDER BY period, vintage",
                "SELECT revision FROM readings_revision",
                "SELECT job, reached, row_count FROM backfills ORDER BY job",
            )
        ]


@contextmanager
def unchanged(database: Database) -> Iterator[None]:
    before = everything(database)
    yield
    assert everything(database) == before


def test_a_job_goes_on_where_it_has_come_to(database: Database) -> None:
    backfills = PostgresBackfills(database)
    assert backfills.reached(JOB) is None

    assert backfills.put_candles(JOB, (), reached=TODAY - 9 * DAY) == 0
    assert backfills.reached(JOB) == TODAY - 9 * DAY
    assert backfills.put_candles(JOB, days(9)[:5], reached=TODAY - 4 * DAY) == 5
    assert PostgresBackfills(database).reached(JOB) == TODAY - 4 * DAY
    assert backfills.reached("another") is None


def test_every_part_of_a_candle_comes_through(database: Database) -> None:
    first, second = days(2)
    bars = [
        replace(
            first,
            low=Decimal("0.00000001"),
            high=Decimal("123456789012345.678901234567"),
            volume=None,
            source='a "source"\twith\\N\n',
        ),
        replace(second, volume=Decimal("0E-8"), anomalous=True, filled=Filled.FORWARD),
    ]
    PostgresBackfills(database).put_candles(JOB, bars, reached=TODAY)
    assert PostgresCandles(database).days("BTC", since=TODAY - 9 * DAY, closed_by=TODAY) == bars


def test_what_is_there_already_counts_for_nothing(database: Database) -> None:
    backfills = PostgresBackfills(database)
    backfills.put_candles(JOB, days(50), reached=TODAY)
    backfills.put_readings("fred macro", values(50), reached=TODAY)
    with unchanged(database):
        assert backfills.put_candles(JOB, days(50), reached=TODAY) == 0
        assert backfills.put_readings("fred macro", values(50), reached=TODAY) == 0

    changed = [replace(days(50)[7], volume=Decimal(6)), *days(50)[40:]]
    assert backfills.put_candles(JOB, changed, reached=TODAY) == 1
    revised = replace(values(50)[7], value=0.5, vintage=NOON)
    assert backfills.put_readings("fred macro", [revised, *values(20)], reached=TODAY) == 1


def test_an_earlier_page_revises_the_history_and_a_later_one_does_not(database: Database) -> None:
    backfills, candles = PostgresBackfills(database), PostgresCandles(database)
    bars = days(30)
    backfills.put_candles(JOB, bars[10:20], reached=TODAY)
    backfills.put_candles(JOB, bars[20:], reached=TODAY)
    assert candles.revision("BTC", Timeframe.D1) == 0
    backfills.put_candles(JOB, bars[:10], reached=TODAY)
    assert candles.revision("BTC", Timeframe.D1) == 1


def test_what_breaks_off_at_the_last_statement_leaves_nothing(database: Database) -> None:
    backfills = PostgresBackfills(database)
    backfills.put_candles(JOB, days(9), reached=TODAY)
    with unchanged(database), pytest.raises(psycopg.errors.NotNullViolation):
        backfills.put_candles(JOB, days(20), reached=NEVER)
    with unchanged(database), pytest.raises(psycopg.errors.NotNullViolation):
        backfills.put_readings("fred macro", values(20), reached=NEVER)


def test_one_impossible_row_refuses_its_page_as_a_whole(database: Database) -> None:
    backfills = PostgresBackfills(database)
    bars = [*days(9), replace(days(1)[0], open_time=TODAY, low=Decimal("NaN"))]
    with unchanged(database), pytest.raises(psycopg.errors.CheckViolation):
        backfills.put_candles(JOB, bars, reached=TODAY)
    rows = [*values(9), reading("M2SL", TODAY, float("inf"))]
    with unchanged(database), pytest.raises(psycopg.errors.CheckViolation):
        backfills.put_readings("fred macro", rows, reached=TODAY)


def test_a_session_that_is_killed_in_the_middle_leaves_nothing(
    database: Database, migrated_url: str
) -> None:
    killed = Database.open(migrated_url, durable=True, max_size=1)
    backfills, bars = PostgresBackfills(killed), days(9)
    with unchanged(database), ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:  # which the rows, copied already, wait for
            lock_histories(connection, candle_rows(bars))
            broken = pool.submit(backfills.put_candles, JOB, bars, reached=TODAY)
            while not (pids := waiting(database)):
                assert not broken.done()
            connection.execute("SELECT pg_terminate_backend(%s)", (pids[0],))
        with pytest.raises(psycopg.OperationalError):
            broken.result()
    assert backfills.put_candles(JOB, bars, reached=TODAY) == 9
    killed.close()


def test_the_rows_of_a_job_are_counted(database: Database) -> None:
    backfills = PostgresBackfills(database)
    backfills.put_candles(JOB, days(9)[:4], reached=TODAY - 5 * DAY)
    backfills.put_readings(JOB, values(3), reached=TODAY)
    with database.connection() as connection:
        row = connection.execute(
            "SELECT row_count FROM backfills WHERE job = %s", (JOB,)
        ).fetchone()
    assert row == (7,)
