"""A budget is never exceeded: in any span, from any number of threads, over restarts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.sources.table import Limit
from automoney.stores.budgets import PostgresBudget
from automoney.stores.database import Database
from tests.builders import NOON
from tests.stores.gone import vanished

SECOND = timedelta(seconds=1)
TEN_A_MINUTE = (Limit(10, 60 * SECOND),)
TWO_LIMITS = (Limit(2, 10 * SECOND), Limit(3, 30 * SECOND))
THREADS = 50


@dataclass
class Counted:
    """The rule in a few lines: a call counts at its time, or at that of the one before if later."""

    limits: tuple[Limit, ...]
    stamps: list[datetime] = field(default_factory=list)

    def has_room(self, now: datetime) -> bool:
        at = max([now, *self.stamps])
        return all(
            sum(stamp > at - limit.per for stamp in self.stamps) < limit.calls
            for limit in self.limits
        )

    def take(self, now: datetime) -> bool:
        room = self.has_room(now)
        if room:
            self.stamps.append(max([now, *self.stamps]))
        return room


def assert_never_exceeded(made: list[datetime], limits: tuple[Limit, ...]) -> None:
    """No span of a limit holds more of the calls than it allows."""
    in_order = sorted(made)
    for limit in limits:
        for first, one_too_many in zip(in_order, in_order[limit.calls :], strict=False):
            assert one_too_many - first >= limit.per


@contextmanager
def opened(url: str, *, size: int = 8) -> Iterator[Database]:
    database = Database.open(url, durable=True, max_size=size)
    try:
        yield database
    finally:
        database.close()


def test_what_is_refused_says_how_long_to_wait_and_is_not_counted(database: Database) -> None:
    budget = PostgresBudget(database)
    for seconds in range(10):
        assert budget.take("glassnode", TEN_A_MINUTE, now=NOON + seconds * SECOND) is None
    for _ in range(3):
        wait = budget.take("glassnode", TEN_A_MINUTE, now=NOON + 15 * SECOND)
        assert wait == 45 * SECOND
    assert budget.take("coinmetrics", TEN_A_MINUTE, now=NOON + 15 * SECOND) is None

    assert budget.take("glassnode", TEN_A_MINUTE, now=NOON + 60 * SECOND) is None
    assert budget.take("glassnode", TEN_A_MINUTE, now=NOON + 60 * SECOND) == SECOND


def test_the_tightest_of_several_limits_counts(database: Database) -> None:
    budget = PostgresBudget(database)
    taken = [budget.take("fred", TWO_LIMITS, now=NOON + at * SECOND) for at in (0, 1, 2, 10, 11)]
    assert taken == [None, None, 8 * SECOND, None, 19 * SECOND]


def test_only_calls_that_still_count_are_kept(database: Database) -> None:
    budget = PostgresBudget(database)
    for minutes in range(30):
        budget.take("fred", TWO_LIMITS, now=NOON + minutes * 20 * SECOND)
    with database.connection() as connection:
        row = connection.execute("SELECT recent FROM call_budgets").fetchone()
    assert row == ([NOON + 28 * 20 * SECOND, NOON + 29 * 20 * SECOND],)


def test_a_clock_that_steps_back_frees_nothing(database: Database) -> None:
    budget, one = PostgresBudget(database), (Limit(1, 60 * SECOND),)
    assert budget.take("fred", one, now=NOON) is None
    # Gone back by an hour, and put right again a moment later.
    assert budget.take("fred", one, now=NOON - 3600 * SECOND) == 3660 * SECOND
    assert budget.take("fred", one, now=NOON + SECOND) == 59 * SECOND

    two = (Limit(2, 60 * SECOND),)
    assert budget.take("fred", two, now=NOON - 3600 * SECOND) is None  # counts as made at noon
    assert budget.take("fred", two, now=NOON + 59 * SECOND) == SECOND


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.integers(-8, 16), max_size=25))
def test_it_allows_what_the_limits_do_and_no_more(database: Database, steps: list[int]) -> None:
    with database.connection() as connection:
        connection.execute("TRUNCATE call_budgets")
    counted, now = Counted(TWO_LIMITS), NOON
    for step in steps:
        now += step * SECOND
        wait = PostgresBudget(database).take("fred", TWO_LIMITS, now=now)
        assert counted.take(now) == (wait is None)
        if wait is not None:
            assert counted.has_room(now + wait)
            assert not counted.has_room(now + wait - timedelta(microseconds=1))
    assert_never_exceeded(counted.stamps, TWO_LIMITS)
    with database.connection() as connection:
        row = connection.execute("SELECT recent FROM call_budgets").fetchone()
    stored = row[0] if row else []
    assert stored == counted.stamps[len(counted.stamps) - len(stored) :]


def test_fifty_threads_at_once_get_the_budget_and_no_more(database: Database) -> None:
    budget, ready = PostgresBudget(database), Barrier(THREADS)

    def take(_: int) -> timedelta | None:
        ready.wait()
        return budget.take("glassnode", TEN_A_MINUTE, now=NOON)

    with ThreadPoolExecutor(THREADS) as pool:
        waits = list(pool.map(take, range(THREADS)))

    assert waits.count(None) == 10
    assert waits.count(60 * SECOND) == THREADS - 10


def test_fifty_threads_on_several_pools_never_exceed_it_in_any_span(
    database: Database, migrated_url: str
) -> None:
    together = Barrier(THREADS)
    times = [NOON + 7 * turn * SECOND for turn in range(20)]

    def take_often(budget: PostgresBudget) -> list[datetime]:
        made = []
        for now in times:
            together.wait()
            if budget.take("glassnode", TEN_A_MINUTE, now=now) is None:
                made.append(now)
        return made

    with (
        opened(migrated_url, size=4) as second,
        opened(migrated_url, size=4) as third,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        budgets = [PostgresBudget(one) for one in (database, second, third)]
        work = [budgets[number % 3] for number in range(THREADS)]
        made = [at for one in pool.map(take_often, work) for at in one]

    assert_never_exceeded(made, TEN_A_MINUTE)
    # All at noon; then, as these stop counting, all at the first time 60 s on.
    assert sorted(made) == [times[0]] * 10 + [times[9]] * 10 + [times[18]] * 10


def test_a_restart_forgets_no_call(database: Database, migrated_url: str) -> None:
    for number in range(12):
        with opened(migrated_url, size=1) as anew:
            wait = PostgresBudget(anew).take("glassnode", TEN_A_MINUTE, now=NOON)
            assert (wait is None) == (number < 10)


def test_without_postgres_nobody_counts_so_no_call_is_made(postgres_url: str) -> None:
    with vanished(postgres_url) as database:
        wait = PostgresBudget(database).take("glassnode", TEN_A_MINUTE, now=NOON)
    assert wait is not None
    assert timedelta(0) < wait <= 10 * SECOND


def test_a_source_without_limits_is_not_counted(database: Database) -> None:
    assert PostgresBudget(database).take("binance", (), now=NOON) is None
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM call_budgets").fetchone() == (0,)


@pytest.mark.parametrize("limit", [Limit(0, SECOND), Limit(3, timedelta(0))])
def test_a_limit_that_makes_no_sense_is_refused_by_name(database: Database, limit: Limit) -> None:
    with pytest.raises(InvalidInput, match="of fred"):
        PostgresBudget(database).take("fred", (limit,), now=NOON)
