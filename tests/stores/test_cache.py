"""The cache under the description's keys, with a real Valkey and with none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from automoney.market.candles import Timeframe
from automoney.stores.breakers import RedisBreaker
from automoney.stores.cache import RedisMarketCache
from tests.builders import NOON, candle, judgement


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    client = Redis.from_url(redis_url)
    client.flushdb()
    yield client
    client.close()


def gone() -> RedisMarketCache:
    return RedisMarketCache(Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0)))


def test_keys_and_lives_are_the_descriptions(redis: Redis) -> None:
    cache = RedisMarketCache(redis)
    hours = [candle(NOON - timedelta(hours=1), timeframe=Timeframe.H1)]
    cache.put_latest({"BTC": {"price": "50000"}, "ETH": {"price": "4000"}})
    cache.put_candles("BTC", Timeframe.H1, hours)
    cache.put_group("macro", {"values": []})
    cache.put_scores(judgement())

    lives = {key.decode(): redis.ttl(key) for key in redis.scan_iter()}

    assert lives == {
        "market:data:BTC:latest": 600,
        "market:data:ETH:latest": 600,
        "market:data:BTC:kline:1h": 4200,
        "market:data:macro:latest": 87000,
        "agent:score:macro:latest": 15000,
        "agent:score:onchain:latest": 15000,
        "agent:score:technical:latest": 15000,
    }
    assert cache.latest("BTC") == {"price": "50000"}
    assert cache.candles("BTC", Timeframe.H1) == hours
    assert cache.candles("BTC", Timeframe.H4) is None


def test_without_redis_reads_find_nothing_and_writes_do_no_harm() -> None:
    cache = gone()

    cache.put_latest({"BTC": {"price": "50000"}})

    assert cache.latest("BTC") is None
    assert not cache.answers()
    assert RedisBreaker(cache.redis).open_until("binance") is None


def test_a_breaker_is_remembered_by_all_and_overrides_what_was_known(redis: Redis) -> None:
    until = datetime(2025, 9, 8, 12, 1, 30, tzinfo=UTC)
    breaker = RedisBreaker(redis)
    assert breaker.open_until("binance") is None

    breaker.trip("binance", until)

    assert breaker.open_until("binance") == until
    assert RedisBreaker(redis).open_until("binance") == until
    assert RedisBreaker(redis).open_until("coingecko") is None
