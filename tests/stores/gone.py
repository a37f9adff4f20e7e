"""A database that goes away while somebody is connected to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from automoney.stores.database import Database
from tests.services import fresh_database


@contextmanager
def vanished(postgres_url: str) -> Iterator[Database]:
    """One that was there, and whose only connection has just been cut."""
    with fresh_database(postgres_url) as url:
        database = Database.open(url, durable=True, max_size=1)
        assert database.answers()
    yield database
    database.close()
