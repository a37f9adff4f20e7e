"""The schema: from empty, from each earlier version, twice at once, and never a changed history."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import LiteralString

import psycopg
import pytest

from automoney.stores.database import Database
from automoney.stores.schema import HistoryDiffers, migrate, scripts
from tests.services import fresh_database
from tests.stores.earlier import ROWS

NAMES = [script.name for script in scripts()]
# How Postgres describes all that we have made, in a way that two databases can be compared by.
_DESCRIBED: dict[str, LiteralString] = {
    "columns": "SELECT table_name, ordinal_position, column_name, data_type, udt_name, is_nullable,"
    " column_default FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid),"
    " convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "partitions": "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class"
    " WHERE relispartition AND relkind = 'r'",
    "comments": "SELECT objoid::regclass::text, objsubid, description FROM pg_description"
    " WHERE classoid = 'pg_class'::regclass AND objoid IN"
    " (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
    "routines": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "migrations": "SELECT name, sha256 FROM migrations",
}


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url, durable=False, max_size=4)
    yield database
    database.close()


def described(database: Database) -> dict[str, list[str]]:
    with database.connection() as connection:
        return {
            what: sorted(str(row) for row in connection.execute(query).fetchall())
            for what, query in _DESCRIBED.items()
        }


def counted(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.connection() as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        return {
            name: len(connection.execute(f"SELECT true FROM {name}").fetchall())
            for (name,) in tables
        }


def at_version(database: Database, number: int) -> None:
    """As an installation of that many scripts may be: rows in every table."""
    for end in range(number):
        migrate(database, scripts()[: end + 1])
        with database.connection() as connection:
            for statement in ROWS.get(NAMES[end], ()):
                connection.execute(statement)
    rows = counted(database)
    assert all(rows.values()), f"earlier.ROWS puts nothing in one of these: {rows}"


def test_a_second_migration_finds_nothing_to_do(database: Database) -> None:
    assert migrate(database) == []


def test_an_empty_database_gets_every_script(empty: Database) -> None:
    assert migrate(empty) == NAMES
    assert NAMES[0] == "0001_first_schema.sql"
    assert [name[:4] for name in NAMES] == [f"{n:04}" for n in range(1, len(NAMES) + 1)]


@pytest.mark.parametrize("number", range(1, len(NAMES)))
def test_each_earlier_version_gets_the_schema_of_an_empty_one(
    number: int, empty: Database, migrated: Database
) -> None:
    at_version(empty, number)

    assert migrate(empty) == NAMES[number:]

    assert described(empty) == described(migrated)


def test_0002_keeps_all_that_is_possible_and_every_receipt(empty: Database) -> None:
    at_version(empty, 1)
    before = counted(empty)

    migrate(empty, scripts()[:2])

    after = counted(empty)
    gone = {name: before[name] - after[name] for name in before if before[name] != after[name]}
    assert gone == {"candles": 4, "marks": 1, "readings": 2, "migrations": -1}
    with empty.connection() as connection:
        # Whoever built on what is gone, or holds a copy of it, has to look again.
        assert connection.execute(
            "SELECT asset, timeframe, revision FROM candle_histories ORDER BY timeframe"
        ).fetchall() == [("ETH", "1d", 1), ("ETH", "1h", 1)]
        assert connection.execute("SELECT revision FROM readings_revision").fetchone() == (8,)
        assert connection.execute(
            "SELECT DISTINCT vintage_assumed, value FROM readings"
        ).fetchall() == [(False, 101.5)]
        assert connection.execute("SELECT DISTINCT byte_count FROM collection_runs").fetchall() == [
            (0,)
        ]


def test_migrations_at_once_wait_for_each_other(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url:
        databases = [Database.open(url, durable=False, max_size=1) for _ in range(4)]
        ready = Barrier(len(databases))

        def start(database: Database) -> list[str]:
            ready.wait()
            return migrate(database)

        with ThreadPoolExecutor(len(databases)) as pool:
            applied = list(pool.map(start, databases))
        for database in databases:
            database.close()
    assert sorted(applied) == [[], [], [], NAMES]


def test_a_script_that_fails_leaves_the_version_before_it(empty: Database) -> None:
    first, second, *_ = scripts()
    broken = replace(second, text=second.text + b"\nSELECT nonsense;")
    migrate(empty, [first])
    before = described(empty)

    with pytest.raises(psycopg.errors.UndefinedColumn, match="nonsense"):
        migrate(empty, [first, broken])

    assert described(empty) == before
    assert migrate(empty) == NAMES[1:]


def test_a_script_that_was_changed_after_the_fact_is_refused(empty: Database) -> None:
    migrate(empty)
    with empty.connection() as connection:
        connection.execute("UPDATE migrations SET sha256 = 'another'")

    with pytest.raises(HistoryDiffers, match="0001_first_schema"):
        migrate(empty)
