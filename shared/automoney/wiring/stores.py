"""The databases: Postgres, which keeps the truth, and Redis, which may go."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from automoney.wiring.aws import alerts, secret
from automoney.wiring.core import clock, closed_by_use, environment, once, settings

if TYPE_CHECKING:
    from redis import Redis

    from automoney.stores.backfills import PostgresBackfills
    from automoney.stores.backtests import PostgresBacktests
    from automoney.stores.books import PostgresBooks
    from automoney.stores.breakers import PostgresBreaker
    from automoney.stores.budgets import PostgresBudget
    from automoney.stores.cache import RedisMarketCache
    from automoney.stores.candles import PostgresCandles
    from automoney.stores.collections import PostgresCollections
    from automoney.stores.database import Database
    from automoney.stores.executions import PostgresExecutions
    from automoney.stores.history import PostgresHistory
    from automoney.stores.marks import PostgresMarks
    from automoney.stores.model_answers import PostgresModelAnswers
    from automoney.stores.model_calls import PostgresUsage
    from automoney.stores.notices import PostgresDataStates
    from automoney.stores.outbox import PostgresOutbox
    from automoney.stores.pauses import PostgresPauses
    from automoney.stores.readings import PostgresReadings
    from automoney.stores.receipts import PostgresArchive
    from automoney.stores.spending import PostgresSpending
    from automoney.workflows.redis_watch import RedisWatch


@once
def _database_url() -> str:
    url = settings().database_url
    if url:
        return url
    found = secret("AUTOMONEY_DATABASE_SECRET")
    host = environment().get("AUTOMONEY_DATABASE_HOST") or found["host"]
    name = environment().get("AUTOMONEY_DATABASE_NAME") or found["dbname"]
    user, password = quote(found["username"], safe=""), quote(found["password"], safe="")
    return f"postgresql://{user}:{password}@{host}:5432/{name}?sslmode=require"


@once
def database() -> "Database":
    """For money: a commit is on disk before it returns."""
    from automoney.stores.database import Database

    return closed_by_use(Database.open(_database_url(), durable=True))


@once
def market_database() -> "Database":
    """For the market's data, which could be collected once more."""
    from automoney.stores.database import Database

    return closed_by_use(Database.open(_database_url(), durable=False))


@once
def redis() -> "Redis":
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.retry import Retry

    password = secret("AUTOMONEY_REDIS_SECRET").get("token")
    options: dict[str, Any] = {"password": password} if password else {}
    found: Redis = Redis.from_url(
        settings().redis_url,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        # A connection that died while it was kept is made anew; silence is not waited for twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        **options,
    )
    return closed_by_use(found)


@once
def cache() -> "RedisMarketCache":
    from automoney.stores.cache import RedisMarketCache
    from automoney.stores.ttl import Lives

    return RedisMarketCache(redis(), Lives.changed_by(settings().ttls), lost=redis_watch().lost)


@once
def redis_watch() -> "RedisWatch":
    """Who is told when Redis is found gone."""
    from automoney.workflows.redis_watch import RedisWatch

    return RedisWatch(breaker, alerts, clock)


@once
def candles() -> "PostgresCandles":
    from automoney.stores.candles import PostgresCandles

    return PostgresCandles(market_database())


@once
def marks() -> "PostgresMarks":
    from automoney.stores.marks import PostgresMarks

    return PostgresMarks(market_database())


@once
def readings() -> "PostgresReadings":
    from automoney.stores.readings import PostgresReadings

    return PostgresReadings(market_database())


@once
def collections() -> "PostgresCollections":
    from automoney.stores.collections import PostgresCollections

    return PostgresCollections(market_database())


@once
def breaker() -> "PostgresBreaker":
    from automoney.stores.breakers import PostgresBreaker

    return PostgresBreaker(market_database())  # which collectors have open anyway


@once
def budget() -> "PostgresBudget":
    from automoney.stores.budgets import PostgresBudget

    return PostgresBudget(database())


@once
def backfills() -> "PostgresBackfills":
    from automoney.stores.backfills import PostgresBackfills

    return PostgresBackfills(market_database())


@once
def backtests() -> "PostgresBacktests":
    from automoney.stores.backtests import PostgresBacktests

    return PostgresBacktests(database())


@once
def executions() -> "PostgresExecutions":
    from automoney.stores.executions import PostgresExecutions

    return PostgresExecutions(database())


@once
def books() -> "PostgresBooks":
    from automoney.stores.books import PostgresBooks

    return PostgresBooks(database())


@once
def data_states() -> "PostgresDataStates":
    from automoney.stores.notices import PostgresDataStates

    return PostgresDataStates(database())


@once
def pauses() -> "PostgresPauses":
    from automoney.stores.pauses import PostgresPauses

    return PostgresPauses(database())


@once
def outbox() -> "PostgresOutbox":
    from automoney.stores.outbox import PostgresOutbox

    return PostgresOutbox(database())


@once
def history() -> "PostgresHistory":
    from automoney.stores.history import PostgresHistory

    return PostgresHistory(database())


@once
def model_answers() -> "PostgresModelAnswers":
    from automoney.stores.model_answers import PostgresModelAnswers

    return PostgresModelAnswers(database())


@once
def model_usage() -> "PostgresUsage":
    from automoney.stores.model_calls import PostgresUsage

    return PostgresUsage(database())


@once
def spending() -> "PostgresSpending":
    from automoney.stores.spending import PostgresSpending

    return PostgresSpending(database())


@once
def archive() -> "PostgresArchive":
    from automoney.stores.receipts import PostgresArchive

    return PostgresArchive(database())


def migrate() -> list[str]:
    """Apply the migrations that are missing; return their names."""
    from automoney.stores.schema import migrate

    return migrate(database())
