"""A cache that stops, says nothing, and comes back: it costs time, and little of that."""

import logging
import socket
import threading
from collections.abc import Iterator
from itertools import count

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from automoney.encoding import plain
from automoney.market.candles import Timeframe
from automoney.ports import CacheUse
from automoney.stores.cache import RedisMarketCache
from automoney.stores.redis_link import RedisLink
from tests.builders import NOON, judgement
from tests.stores.valkey import OwnValkey, valkey

__all__ = ["valkey"]  # a fixture

GROUP = {"asOf": plain(NOON), "values": []}
PAUSE = 2.0  # seconds


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def group(cache: RedisMarketCache) -> bool:
    """Whether the cache had the group."""
    return cache.group("macro", as_of=NOON, rebuild=lambda: GROUP).cached


@pytest.fixture
def silent() -> Iterator[tuple[int, list[int]]]:
    """A port that takes connections and says nothing, and how many there were."""
    came: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        numbers = count(1)
        open_ones: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    open_ones.append(listener.accept()[0])
                except OSError:
                    return
                came.append(next(numbers))

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1], came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in open_ones:
            one.close()


def test_it_stops_and_comes_back_and_is_found_again_by_the_same_cache(valkey: OwnValkey) -> None:
    clock = Clock()
    cache = RedisMarketCache(valkey.client(), clock=clock)
    assert [group(cache), group(cache)] == [False, True]

    valkey.stop()
    assert not group(cache)
    assert cache.use() is None
    assert cache.state("BTC", Timeframe.W1) is None
    cache.put_group("macro", GROUP)
    cache.put_scores(judgement())

    valkey.start()
    assert not group(cache)  # it is not asked again yet
    clock.now += PAUSE
    cache.put_group("macro", GROUP)
    assert group(cache)
    use = cache.use()
    assert use is not None
    assert use["groups"].failures == 2  # those are told of once it is back
    assert use["state"] == CacheUse(failures=1)


def test_connections_that_died_with_it_are_replaced_without_a_failure(valkey: OwnValkey) -> None:
    cache = RedisMarketCache(valkey.client())
    together = threading.Barrier(4)

    def ping() -> None:
        together.wait()
        cache.redis.ping()

    threads = [threading.Thread(target=ping) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    valkey.stop()
    valkey.start()

    assert all(cache.link.send(("PING",)) == [True] for _ in range(4))


def test_one_that_says_nothing_costs_one_wait_in_a_while_not_one_a_request(
    silent: tuple[int, list[int]],
) -> None:
    port, came = silent
    clock = Clock()
    client = Redis(
        port=port,
        socket_timeout=0.05,
        socket_connect_timeout=0.05,
        retry=Retry(NoBackoff(), 0),
    )
    cache = RedisMarketCache(client, clock=clock)

    answers = [group(cache) for _ in range(50)]

    assert answers == [False] * 50
    assert len(came) == 1
    clock.now += PAUSE - 0.001
    assert not group(cache)
    assert len(came) == 1
    clock.now += 0.001
    assert not group(cache)
    assert len(came) == 2


def test_it_is_told_of_once_in_a_while_and_without_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Redis(port=1, password="hunter2", retry=Retry(NoBackoff(), 0))
    cache = RedisMarketCache(client, clock=Clock())

    with caplog.at_level(logging.INFO, logger="automoney"):
        for _ in range(10):
            group(cache)

    assert [record.message for record in caplog.records] == ["the cache does not answer"]
    assert "hunter2" not in repr(cache) + str([vars(record) for record in caplog.records])


def test_a_refused_command_is_no_reason_to_stay_away(redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    client.delete("test:text")
    client.set("test:text", "x")
    link = RedisLink(client)

    replies = link.send(("INCR", "test:text"), ("GET", "test:text"))

    assert replies is not None
    assert "not an integer" in str(replies[0])
    assert replies[1] == b"x"
    assert link.send(("PING",)) == [True]
    client.close()
