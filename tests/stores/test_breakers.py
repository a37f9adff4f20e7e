"""A source that asked to be left alone is, by all functions and whatever else is gone."""

from datetime import timedelta

from automoney.stores.breakers import PostgresBreaker
from automoney.stores.database import Database
from tests.builders import NOON
from tests.stores.gone import vanished

MINUTE = timedelta(minutes=1)


def test_a_ban_is_remembered_by_all(database: Database) -> None:
    breaker = PostgresBreaker(database)
    assert breaker.open_until("binance") is None

    breaker.trip("binance", NOON)

    assert breaker.open_until("binance") == NOON
    assert PostgresBreaker(database).open_until("binance") == NOON
    assert PostgresBreaker(database).open_until("coingecko") is None


def test_a_longer_ban_is_never_shortened(database: Database) -> None:
    breaker = PostgresBreaker(database)
    breaker.trip("binance", NOON + 5 * MINUTE)
    breaker.trip("binance", NOON)
    assert breaker.open_until("binance") == NOON + 5 * MINUTE
    breaker.trip("binance", NOON + 6 * MINUTE)
    assert breaker.open_until("binance") == NOON + 6 * MINUTE


def test_a_run_asks_once_whether_it_may_call(database: Database) -> None:
    asking, other = PostgresBreaker(database), PostgresBreaker(database)
    assert asking.open_until("binance") is None

    other.trip("binance", NOON)

    assert asking.open_until("binance") is None  # it has just been told
    asking.trip("binance", NOON)
    assert asking.open_until("binance") == NOON


def test_without_postgres_nothing_is_open_and_nothing_breaks(postgres_url: str) -> None:
    with vanished(postgres_url) as database:
        assert PostgresBreaker(database).open_until("binance") is None
    with vanished(postgres_url) as database:
        PostgresBreaker(database).trip("binance", NOON)
