"""How many requests a minute, by a model that remembers every one of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import TooManyRequests
from automoney.workflows.limiting import Limiter
from tests.api.fakes_api import FakeRates

MINUTE = datetime(2030, 1, 1, 12, tzinfo=UTC)


def limiter(rates: FakeRates | None = None, spare: FakeRates | None = None) -> Limiter:
    return Limiter(rates or FakeRates(), spare or FakeRates(), limit=60, reduced=30)


def admitted(limiter: Limiter, at: datetime, *, tries: int, caller: str = "ada") -> int:
    done = 0
    for _ in range(tries):
        try:
            limiter.admit(caller, now=at)
        except TooManyRequests:
            continue
        done += 1
    return done


def test_sixty_in_a_minute_and_not_one_more() -> None:
    assert admitted(limiter(), MINUTE + timedelta(seconds=5), tries=200) == 60


def test_each_caller_has_his_own() -> None:
    rates = limiter()
    assert admitted(rates, MINUTE, tries=100, caller="ada") == 60
    assert admitted(rates, MINUTE, tries=100, caller="bob") == 60


def test_without_redis_half_as_many_counted_elsewhere() -> None:
    away, spare = FakeRates(away=True), FakeRates()
    assert admitted(limiter(away, spare), MINUTE, tries=100) == 30
    assert not away.counts


def test_without_either_nobody_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    both = limiter(FakeRates(away=True), FakeRates(away=True))
    assert admitted(both, MINUTE, tries=100) == 100


def test_the_turn_of_the_minute_gives_no_second_helping() -> None:
    rates = limiter()
    assert admitted(rates, MINUTE + timedelta(seconds=59), tries=100) == 60
    assert admitted(rates, MINUTE + timedelta(seconds=61), tries=100) <= 1
    assert admitted(rates, MINUTE + timedelta(seconds=90), tries=100) == 30 - 1


def test_being_refused_costs_nothing() -> None:
    rates = limiter()
    admitted(rates, MINUTE, tries=5_000)
    assert admitted(rates, MINUTE + timedelta(minutes=2), tries=100) == 60


@given(
    before=st.integers(0, 80),
    second=st.integers(0, 59),
    more=st.integers(0, 120),
    limit=st.integers(1, 60),
)
def test_retry_after_is_long_enough_and_not_a_second_longer(
    before: int, second: int, more: int, limit: int
) -> None:
    rates = FakeRates()
    rates.counts["ada", int(MINUTE.timestamp()) // 60 - 1] = before
    one = Limiter(rates, FakeRates(), limit, limit)
    now = MINUTE + timedelta(seconds=second)
    admitted(one, now, tries=more)
    try:
        one.admit("ada", now=now)
    except TooManyRequests as refused:
        assert 1 <= refused.retry_after <= 120
        with pytest.raises(TooManyRequests):
            one.admit("ada", now=now + timedelta(seconds=refused.retry_after - 1))
        one.admit("ada", now=now + timedelta(seconds=refused.retry_after))
