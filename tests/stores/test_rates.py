"""Requests counted in Redis and in DynamoDB: the same answers, and None while they are away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError
from redis import Redis

from automoney.ports.limits import Counted, Rates
from automoney.stores.rates import DynamoRates, RedisRates
from automoney.stores.redis_link import RedisLink
from tests.fakes_dynamo import FakeDynamo
from tests.stores.dynamo import dynamo_of
from tests.stores.valkey import OwnValkey, valkey

__all__ = ["valkey"]  # a fixture

NOON = datetime(2030, 1, 1, 12, 0, 59, tzinfo=UTC)


@pytest.fixture(params=["redis", "fake", "moto"])
def rates(request: pytest.FixtureRequest) -> Iterator[Rates]:
    if request.param == "redis":
        with Redis.from_url(request.getfixturevalue("redis_url")) as redis:
            yield RedisRates(RedisLink(redis))
    else:
        dynamo = dynamo_of(request.param, request)
        yield DynamoRates(dynamo.client, dynamo.rates)


def test_counts_by_caller_and_minute(rates: Rates) -> None:
    ada, bob = f"user:{uuid4()}", f"user:{uuid4()}"
    assert rates.count(ada, now=NOON) == Counted(0, 1)
    assert rates.count(ada, now=NOON) == Counted(0, 2)
    assert rates.count(bob, now=NOON) == Counted(0, 1)
    assert rates.count(ada, now=NOON + timedelta(seconds=1)) == Counted(2, 1)
    assert rates.count(ada, now=NOON + timedelta(seconds=61)) == Counted(1, 1)
    assert rates.count(ada, now=NOON + timedelta(minutes=5)) == Counted(0, 1)


def test_what_was_refused_is_taken_back(rates: Rates) -> None:
    ada = f"user:{uuid4()}"
    rates.count(ada, now=NOON)
    rates.count(ada, now=NOON)
    rates.take_back(ada, now=NOON)
    assert rates.count(ada, now=NOON) == Counted(0, 2)


def test_a_count_in_redis_does_not_live_for_ever(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        caller = f"user:{uuid4()}"
        RedisRates(RedisLink(redis)).count(caller, now=NOON)
        (key,) = redis.keys(f"rate:{caller}:*")
        assert 60 < redis.ttl(key) <= 180


def test_a_redis_that_is_gone_counts_nothing_and_says_so(valkey: OwnValkey) -> None:
    with valkey.client() as redis:
        rates = RedisRates(RedisLink(redis))
        assert rates.count("user:ada", now=NOON) == Counted(0, 1)
        valkey.stop()
        assert rates.count("user:ada", now=NOON) is None
        rates.take_back("user:ada", now=NOON)


def test_a_dynamodb_that_is_gone_counts_nothing_and_says_so() -> None:
    dynamo = FakeDynamo()
    dynamo.fail = EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
    rates = DynamoRates(dynamo.client, "rates")
    assert rates.count("user:ada", now=NOON) is None
    rates.take_back("user:ada", now=NOON)
