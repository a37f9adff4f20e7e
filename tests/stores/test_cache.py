"""The cache under the description's keys, on a real Valkey: what it keeps and for how long."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from redis import Redis

from automoney.encoding import dumps, plain
from automoney.errors import Unknown
from automoney.market.candles import Timeframe
from automoney.market.snapshot import Indicators, Outlook
from automoney.ports import CacheUse
from automoney.stores.cache import RedisMarketCache
from automoney.stores.ttl import Lives
from automoney.workflows.latest_price import latest_price
from tests.builders import NOON, candle, judgement, mark

LATEST = "market:data:BTC:latest"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    client = Redis.from_url(redis_url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def cache(redis: Redis) -> RedisMarketCache:
    return RedisMarketCache(redis)


def price(text: str = "50000", asset: str = "BTC", *, at: Any = NOON) -> dict[str, Any]:
    bar = candle(NOON - timedelta(hours=12), text, timeframe=Timeframe.W1)
    return latest_price(mark(asset, text), {Timeframe.W1: Outlook(bar, Indicators(rsi14=58.2))}, at)


class Rebuild:
    """Gives `value` and counts how often."""

    def __init__(self, value: Any) -> None:
        self.value, self.times = value, 0

    def __call__(self) -> Any:
        self.times += 1
        return self.value


def test_keys_and_lives_are_the_descriptions(redis: Redis, cache: RedisMarketCache) -> None:
    cache.put_latest({"BTC": price(), "ETH": price(asset="ETH")})
    cache.put_latest({}, candles={("BTC", Timeframe.H1): [candle(NOON, timeframe=Timeframe.H1)]})
    cache.put_group("macro", {"values": []})
    cache.put_scores(judgement())
    cache.put_state("BTC", Timeframe.H4, {"until": NOON})

    assert {key.decode(): redis.ttl(key) for key in redis.scan_iter()} == {
        "market:data:BTC:latest": 600,
        "market:data:ETH:latest": 600,
        "market:data:BTC:kline:1h": 4200,
        "market:data:BTC:state:4h": 8 * 86400,
        "market:data:macro:latest": 87000,
        "agent:score:macro:latest": 15000,
        "agent:score:onchain:latest": 15000,
        "agent:score:technical:latest": 15000,
    }


def test_lives_can_be_set_and_a_name_that_is_none_is_told(redis: Redis) -> None:
    lives = Lives.changed_by({"candles": timedelta(minutes=7)})
    RedisMarketCache(redis, lives).put_latest({}, candles={("BTC", Timeframe.H1): [candle(NOON)]})

    assert redis.ttl("market:data:BTC:kline:1h") == 420
    with pytest.raises(Unknown, match="'AUTOMONEY_TTL_CANDLE'; expected one of AUTOMONEY_TTL_CAND"):
        Lives.changed_by({"candle": MINUTE})


def test_what_was_put_comes_back_exactly(cache: RedisMarketCache) -> None:
    bars = [candle(NOON - Timeframe.H1.duration * back, f"{50_000 - back}.10") for back in (2, 1)]
    group = {"asOf": plain(NOON), "values": []}
    nothing = Rebuild(None)
    cache.put_latest({"BTC": price("50000.123456789012345678")})
    cache.put_latest({}, candles={("BTC", Timeframe.D1): bars})
    cache.put_group("macro", group)
    cache.put_state("BTC", Timeframe.W1, {"ema": 0.1})

    latest = cache.latest("BTC", now=NOON, rebuild=nothing)
    assert latest.cached
    assert latest.value is not None
    assert Decimal(latest.value["price"]) == Decimal("50000.123456789012345678")
    assert cache.candles("BTC", Timeframe.D1, now=NOON, rebuild=nothing).value == bars
    assert cache.group("macro", as_of=NOON, rebuild=nothing).value == group
    assert cache.state("BTC", Timeframe.W1) == {"ema": 0.1}
    assert cache.state("BTC", Timeframe.D1) is None
    assert nothing.times == 0


# ---------------------------------------------------------------- misses


def test_a_miss_is_rebuilt_once_and_kept_only_as_long_as_a_price_put_together_on_demand(
    redis: Redis, cache: RedisMarketCache
) -> None:
    rebuild = Rebuild(price())

    first = cache.latest("BTC", now=NOON, rebuild=rebuild)
    second = cache.latest("BTC", now=NOON, rebuild=rebuild)

    assert (first.cached, second.cached, rebuild.times) == (False, True, 1)
    assert first.value == second.value
    assert 9_000 < redis.pttl(LATEST) <= 10_000
    assert not redis.exists(f"lock:rebuild:{LATEST}")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b"42",
        b"[" * 100_000,
        dumps({"price": "50000"}).encode(),
        dumps({**price(), "price": "NaN"}).encode(),
        dumps({**price(), "at": "yesterday"}).encode(),
        dumps({**price(), "indicators": {"rsi14": 1.0}}).encode(),
        dumps({**price(), "timeframes": {}}).encode(),
        dumps({**price(), "week": None}).encode(),
    ],
)
def test_what_is_garbled_counts_as_missing_and_is_replaced(
    redis: Redis, cache: RedisMarketCache, text: bytes
) -> None:
    redis.set(LATEST, text)
    rebuild = Rebuild(price())

    assert not cache.latest("BTC", now=NOON, rebuild=rebuild).cached
    assert cache.latest("BTC", now=NOON, rebuild=rebuild).cached
    assert rebuild.times == 1


def test_even_a_key_of_another_type_is_replaced(redis: Redis, cache: RedisMarketCache) -> None:
    redis.rpush("market:data:BTC:kline:1d", "x")
    rebuild = Rebuild([candle(NOON - timedelta(days=1))])

    for cached in (False, True):
        assert cache.candles("BTC", Timeframe.D1, now=NOON, rebuild=rebuild).cached is cached


@pytest.mark.parametrize(
    ("put_at", "age", "counts"),
    [
        (NOON, timedelta(0), True),
        (NOON, 10 * MINUTE, True),
        (NOON, 11 * MINUTE, False),  # the market's time may run faster than Redis' own
        (NOON, -MINUTE, False),  # nor is anybody shown what he could not know yet
    ],
)
def test_a_price_counts_while_it_is_as_young_as_it_may_be(
    cache: RedisMarketCache, put_at: Any, age: timedelta, counts: bool
) -> None:
    cache.put_latest({"BTC": price(at=put_at)})

    found = cache.latest("BTC", now=put_at + age, rebuild=Rebuild(price("1")))

    assert found.cached is counts


def test_candles_count_until_the_next_must_have_been_collected(cache: RedisMarketCache) -> None:
    bar = candle(NOON, timeframe=Timeframe.H1)
    rebuild = Rebuild([bar])
    cache.put_latest({}, candles={("BTC", Timeframe.H1): [bar]})
    next_close = bar.close_time + Timeframe.H1.duration

    for now, cached in ((next_close + 9 * MINUTE, True), (next_close + 10 * MINUTE, False)):
        assert cache.candles("BTC", Timeframe.H1, now=now, rebuild=rebuild).cached is cached


def test_a_group_counts_only_as_of_the_very_moment(cache: RedisMarketCache) -> None:
    cache.put_group("onchain", {"asOf": plain(NOON), "values": []})
    later = NOON + timedelta(hours=1)
    rebuild = Rebuild({"asOf": plain(later), "values": []})

    assert cache.group("onchain", as_of=NOON, rebuild=rebuild).cached
    assert not cache.group("onchain", as_of=later, rebuild=rebuild).cached
    assert cache.group("onchain", as_of=later, rebuild=rebuild).cached


@pytest.mark.parametrize("before", [None, price(at=NOON - timedelta(days=1))])
def test_a_rebuild_never_goes_over_what_a_collector_wrote_meanwhile(
    cache: RedisMarketCache, before: dict[str, Any] | None
) -> None:
    if before is not None:
        cache.put_latest({"BTC": before})

    def slow() -> Mapping[str, Any]:
        cache.put_latest({"BTC": price("50001")})
        return price("50000")

    cache.latest("BTC", now=NOON, rebuild=slow)

    found = cache.latest("BTC", now=NOON, rebuild=Rebuild(None))
    assert found.value is not None
    assert found.value["price"] == "50001"


def test_a_rebuild_that_finds_nothing_or_breaks_leaves_nothing_behind(
    redis: Redis, cache: RedisMarketCache
) -> None:
    assert cache.latest("BTC", now=NOON, rebuild=Rebuild(None)).value is None

    def broken() -> Mapping[str, Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.latest("BTC", now=NOON, rebuild=broken)
    assert list(redis.scan_iter("*BTC*")) == []


def test_who_rebuilds_too_slowly_does_not_free_anothers_lock(
    redis: Redis, cache: RedisMarketCache
) -> None:
    lock = f"lock:rebuild:{LATEST}"

    def overtaken() -> Mapping[str, Any]:
        assert 0 < redis.pttl(lock) <= 3000
        redis.set(lock, "of another", px=3000)
        return price()

    cache.latest("BTC", now=NOON, rebuild=overtaken)

    assert redis.get(lock) == b"of another"


def test_who_waits_in_vain_serves_himself_and_writes_nothing(
    redis: Redis, cache: RedisMarketCache
) -> None:
    redis.set(f"lock:rebuild:{LATEST}", "of one who died", px=60_000)

    found = cache.latest("BTC", now=NOON, rebuild=Rebuild(price()))

    assert (found.cached, found.value) == (False, price())
    assert not redis.exists(LATEST)


# ---------------------------------------------------------------- counts


def test_reads_are_counted_by_kind_over_all_processes(redis: Redis) -> None:
    caches = [RedisMarketCache(redis) for _ in range(2)]
    for cache in caches:
        cache.latest("BTC", now=NOON, rebuild=Rebuild(price()))
        cache.state("BTC", Timeframe.W1)
    caches[0].put_state("BTC", Timeframe.W1, {})
    caches[1].state("BTC", Timeframe.W1)

    assert caches[0].use() == {
        "latest": CacheUse(hits=1, misses=1, rebuilds=1),
        "state": CacheUse(hits=1, misses=2),
    }
    assert CacheUse(hits=3, misses=1).hit_rate == pytest.approx(0.75)
    assert CacheUse().hit_rate is None
