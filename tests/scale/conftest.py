"""One database with eight years of data and 1,000 users; tests only add to it."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest

from automoney.stores.database import Database
from automoney.stores.schema import migrate
from tests.scale.growth import grow
from tests.services import fresh_database


@pytest.fixture(scope="session")
def grown_url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        database = Database.open(url, durable=False, max_size=1)
        migrate(database)
        database.close()
        with psycopg.connect(url, autocommit=True) as connection:
            grow(connection)
        yield url


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """A number for each drive of a case, so that none meets what another wrote."""
    return itertools.count(1)
