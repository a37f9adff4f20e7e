"""Purging real stores: what is over goes, what is wanted stays, and it says how much there was."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from redis import Redis

from automoney.encoding import plain
from automoney.market.candles import Timeframe
from automoney.ports import Cap, Outcome, Spender
from automoney.schedule import Slot
from automoney.stores.cache import RedisMarketCache
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.leftovers import PostgresLeftovers
from automoney.stores.marks import PostgresMarks
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from automoney.workflows.purge import Purge
from tests.builders import NOON, candle, judgement, mark
from tests.fakes import NoCache
from tests.llm.builders import RUN, call
from tests.stores.conftest import database, migrated, migrated_url
from tests.stores.valkey import OwnValkey, valkey

__all__ = ["database", "migrated", "migrated_url", "valkey"]  # fixtures

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WALL = NOON + 1000 * DAY  # far from the market's time: what sources asked of us goes by this one
ENOUGH = 600  # seconds to live


def purge(database: Database, cache: Any) -> dict[str, Any]:
    return Purge(
        ("BTC", "ETH"),
        PostgresMarks(database),
        PostgresCandles(database),
        PostgresLeftovers(database),
        cache,
    ).run(Slot(NOON), wall=WALL)


@pytest.fixture
def redis(valkey: OwnValkey) -> Redis:
    return valkey.client()


def test_each_timeframe_is_kept_as_long_as_it_is_read(database: Database) -> None:
    candles, marks = PostgresCandles(database), PostgresMarks(database)
    ages = (59 * DAY, 61 * DAY, 239 * DAY, 241 * DAY, 3000 * DAY)
    for timeframe in (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1):
        candles.put([candle(NOON - age, timeframe=timeframe) for age in ages])
    marks.put_marks([mark(at=NOON - age) for age in (HOUR, 71 * HOUR, 73 * HOUR)])

    purged = purge(database, NoCache())["purged"]

    assert (purged["marks"], purged["1hCandles"], purged["4hCandles"]) == (1, 4, 2)
    left = {
        timeframe: len(candles.closed("BTC", timeframe, since=NOON - 9000 * DAY, by=NOON + DAY))
        for timeframe in (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)
    }
    assert list(left.values()) == [1, 3, 5, 5]


def test_bans_that_are_over_and_budgets_that_nobody_spends_from_are_forgotten(
    database: Database,
) -> None:
    calls = {"used": [WALL - 30 * DAY, WALL - HOUR], "unused": [WALL - 3 * DAY], "empty": []}
    bans = {"over": WALL - HOUR, "running": WALL + HOUR}
    with database.connection() as connection:
        for source, until in bans.items():
            connection.execute("INSERT INTO source_breakers VALUES (%s, %s)", (source, until))
        for source, recent in calls.items():
            connection.execute(
                "INSERT INTO call_budgets VALUES (%s, %s::timestamptz[])", (source, recent)
            )

    purged = purge(database, NoCache())["purged"]

    assert (purged["breakers"], purged["budgets"]) == (1, 2)
    with database.connection() as connection:
        left = connection.execute(
            "SELECT source FROM source_breakers UNION ALL SELECT source FROM call_budgets"
        ).fetchall()
    assert left == [("running",), ("used",)]


def test_money_of_long_ago_is_forgotten_but_what_it_bought_is_not(database: Database) -> None:
    spending = PostgresSpending(database)
    for name, days in (("old", 36), ("new", 34)):
        at = WALL - days * DAY
        spending.reserve(name, Decimal("0.1"), [Cap(f"day {name}", Decimal(1))], at=at)
    spending.reserve("dead", Decimal("0.1"), [Cap("day old", Decimal(1))], at=WALL - 36 * DAY)
    spending.fail(call("old", outcome=Outcome.FAILED, spender=Spender(WALL - 36 * DAY, RUN)))

    assert purge(database, NoCache())["purged"]["spending"] == 1

    usage = PostgresUsage(database)
    assert [one.budget for one in usage.purses(["day old", "day new"])] == ["day new"]
    assert [one.call_id for one in usage.of_execution(RUN)] == ["old"]
    with database.connection() as connection:
        left = connection.execute("SELECT call_id FROM reservations").fetchall()
    assert left == [("new",)]


def test_orphans_of_ours_go_from_the_cache_and_everything_else_stays(
    database: Database, redis: Redis
) -> None:
    cache = RedisMarketCache(redis)
    cache.put_latest({}, candles={("BTC", Timeframe.H1): [candle(NOON, timeframe=Timeframe.H1)]})
    cache.put_state("ETH", Timeframe.W1, {"until": "x"})
    cache.put_group("macro", {"asOf": plain(NOON), "values": []})
    cache.put_scores(judgement())
    cache.use()  # what was counted is sent
    redis.set("lock:rebuild:market:data:BTC:latest", "somebody's", ex=ENOUGH)
    for strange in ("session:1", "market:fees", "marketing", "agent:x", b"\xff\xfe"):
        redis.set(strange, "of another")
    redis.hincrby("cache:counts", "latest:reads", 7)
    kept = {key: redis.dump(key) for key in redis.scan_iter()}

    unknown: list[str | bytes] = [
        "market:data:DOGE:latest",
        "market:data:BTC:kline:5m",
        "market:data:BTC:state:2h",
        "market:data:fees:latest",
        "agent:score:astrology:latest",
        "market:data:",
        b"market:data:\xff\xfe:latest",
    ]
    for key in unknown:
        redis.set(key, "x" * 1000, ex=ENOUGH)
    redis.set("breaker:binance", "an older version's", ex=ENOUGH)
    redis.set("lock:rebuild:market:data:ETH:latest", "of one who died")
    redis.set("market:data:onchain:latest", '{"asOf":"2025-09-08T12:00:00Z","values":[]}')
    redis.set("market:data:BTC:latest", '{"price":"NaN"}', ex=ENOUGH)
    redis.rpush("market:data:ETH:kline:1d", "not a string")
    redis.expire("market:data:ETH:kline:1d", 600)

    answer = purge(database, cache)

    assert answer["cache"] == "ok"
    purged = answer["purged"]
    assert (purged["unknownKeys"], purged["undyingKeys"], purged["garbledKeys"]) == (8, 2, 2)
    assert 7_000 < purged["bytes"] < 20_000
    assert {key: redis.dump(key) for key in redis.scan_iter()} == kept
    again = purge(database, cache)["purged"]
    assert not any(again.values())


def test_without_the_cache_postgres_is_purged_and_it_says_so(
    database: Database, valkey: OwnValkey
) -> None:
    PostgresMarks(database).put_marks([mark(at=NOON - 4 * DAY)])
    cache = RedisMarketCache(valkey.client())
    valkey.stop()

    answer = purge(database, cache)

    assert answer["cache"] == "unreachable"
    assert answer["purged"] == {
        "marks": 1,
        "1hCandles": 0,
        "4hCandles": 0,
        "breakers": 0,
        "events": 0,
        "spending": 0,
        "budgets": 0,
    }


def test_many_keys_are_all_found(database: Database, redis: Redis) -> None:
    with redis.pipeline(transaction=False) as pipeline:
        for number in range(5_000):
            pipeline.set(f"market:data:X{number}:latest", "{}", ex=ENOUGH)
            pipeline.set(f"other:{number}", "{}")
        pipeline.execute()

    assert purge(database, RedisMarketCache(redis))["purged"]["unknownKeys"] == 5_000
    assert redis.dbsize() == 5_000
