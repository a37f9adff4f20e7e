"""No statement takes over 50 ms after eight years of data and 1,000 users."""

from collections.abc import Iterator

import pytest

from automoney.stores.database import Database
from tests.scale.cases import CASES

_LIMIT_MS = 50.0
_DRIVES = 3  # the best counts: a busy machine holds up one drive or two, a bad plan every one

_FORGET = """
SELECT pg_stat_statements_reset(0, oid) FROM pg_database WHERE datname = current_database()
"""
_SLOWEST = """
SELECT max_exec_time, query FROM pg_stat_statements
JOIN pg_database AS d ON d.oid = dbid
WHERE datname = current_database() AND query NOT LIKE '%pg_stat_statements%'
ORDER BY max_exec_time DESC LIMIT 1
"""


@pytest.fixture(scope="session")
def measured(grown_url: str) -> Iterator[Database]:
    """Generic or custom plans, as Postgres itself chooses; pg_stat_statements keeps the times."""
    database = Database.open(grown_url, durable=False, max_size=2)
    with database.connection() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    yield database
    database.close()


@pytest.mark.parametrize("name", CASES)
def test_no_statement_is_slow(name: str, measured: Database, numbers: Iterator[int]) -> None:
    slowest = [_drive(name, measured, next(numbers))]
    while min(slowest)[0] > _LIMIT_MS and len(slowest) < _DRIVES:
        slowest.append(_drive(name, measured, next(numbers)))

    milliseconds, statement = min(slowest)
    assert milliseconds <= _LIMIT_MS, f"{milliseconds:.0f} ms: {statement}"


def _drive(name: str, database: Database, number: int) -> tuple[float, str]:
    """Its slowest statement, and how many milliseconds that took."""
    with database.connection() as connection:
        connection.execute(_FORGET)
    CASES[name](database, number)
    with database.connection() as connection:
        row = connection.execute(_SLOWEST).fetchone()
    assert row is not None, "a case that asks nothing of Postgres proves nothing"
    return row[0], row[1]
