"""The schema: from empty, again, and never a changed history."""

import pytest

from automoney.stores.database import Database
from automoney.stores.schema import HistoryDiffers, migrate


def test_a_second_migration_finds_nothing_to_do(database: Database) -> None:
    assert migrate(database) == []


def test_an_empty_database_gets_every_script(database_url: str) -> None:
    database = Database.open(database_url, durable=True, max_size=2)

    assert migrate(database) == ["0001_first_schema.sql"]
    database.close()


def test_a_script_that_was_changed_after_the_fact_is_refused(database_url: str) -> None:
    database = Database.open(database_url, durable=True, max_size=2)
    migrate(database)
    with database.connection() as connection:
        connection.execute("UPDATE migrations SET sha256 = 'another'")

    with pytest.raises(HistoryDiffers, match="0001_first_schema"):
        migrate(database)
    database.close()
