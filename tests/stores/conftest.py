"""A migrated database, emptied before each test."""

from collections.abc import Iterator

import pytest

from automoney.stores.database import Database
from automoney.stores.schema import migrate
from tests.services import fresh_database


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str) -> Iterator[str]:
    """The URL of the database that `database` is."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def migrated(migrated_url: str) -> Iterator[Database]:
    """A database with the newest schema."""
    database = Database.open(migrated_url, durable=False, max_size=8)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def database(migrated: Database) -> Database:
    """The migrated database with nothing in it."""
    with migrated.transaction() as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
            " AND relname NOT IN ('migrations', 'readings_revision')"
            # what refers to another goes first
            " ORDER BY relname IN ('executions', 'users')"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"DELETE FROM {table}")
    return migrated
