"""No cap in money is ever passed: from any number of threads, over crashes and retries."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from random import Random
from threading import Barrier, Lock

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automoney.errors import BudgetSpent
from automoney.ports import Cap, Outcome, Purse
from automoney.stores.database import Database
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from tests.builders import NOON
from tests.llm.builders import call, kept_answer
from tests.stores.test_budgets import opened

THREADS = 50
DAY = Cap("day 2025-09-08", Decimal(1))
RUN = Cap("run hodl-wave:2025-09-08T12:00Z", Decimal("0.50"))


def purse(database: Database, budget: str = DAY.budget) -> Purse:
    (found,) = PostgresUsage(database).purses([budget])
    return found


def test_what_is_reserved_is_counted_and_settled_for_what_it_cost(database: Database) -> None:
    spending = PostgresSpending(database)
    spending.reserve("a", Decimal("0.40"), [DAY, RUN], at=NOON)
    assert purse(database) == Purse(DAY.budget, Decimal(1), Decimal(0), Decimal("0.40"))

    spending.keep(call("a", cost="0.013"), kept_answer())

    assert purse(database) == Purse(DAY.budget, Decimal(1), Decimal("0.013"), Decimal(0))
    assert purse(database, RUN.budget).spent == Decimal("0.013")


def test_a_refusal_names_the_budget_and_reserves_in_none(database: Database) -> None:
    spending = PostgresSpending(database)
    spending.reserve("a", Decimal("0.30"), [DAY, RUN], at=NOON)
    with pytest.raises(BudgetSpent) as caught:
        spending.reserve("b", Decimal("0.21"), [DAY, RUN], at=NOON)
    assert str(caught.value) == f"the budget of {RUN.budget} is spent: 0.30 of 0.50 dollars"
    assert purse(database).reserved == Decimal("0.30")
    spending.reserve("b", Decimal("0.20"), [DAY, RUN], at=NOON)
    assert purse(database, RUN.budget).reserved == Decimal("0.50")


def test_what_costs_more_than_a_whole_cap_is_refused_at_once(database: Database) -> None:
    with pytest.raises(BudgetSpent, match=r"0 of 1 dollars"):
        PostgresSpending(database).reserve("a", Decimal("1.01"), [DAY], at=NOON)
    assert PostgresUsage(database).purses([DAY.budget]) == []


def test_a_retry_takes_over_what_a_dead_call_put_aside(database: Database) -> None:
    spending = PostgresSpending(database)
    for _ in range(3):  # died twice
        spending.reserve("a", Decimal("0.60"), [DAY], at=NOON)
    assert purse(database).reserved == Decimal("0.60")

    spending.keep(call("a", cost="0.10"), kept_answer())
    spending.keep(call("a", cost="0.10"), kept_answer())  # and its answer was delivered twice

    assert purse(database) == Purse(DAY.budget, Decimal(1), Decimal("0.10"), Decimal(0))


def test_what_a_dead_call_put_aside_counts_as_long_as_the_budget(database: Database) -> None:
    """It may have cost that much, so setting it free some time could pass the cap."""
    spending = PostgresSpending(database)
    spending.reserve("dead", Decimal("0.60"), [DAY], at=NOON)
    with pytest.raises(BudgetSpent):
        spending.reserve("b", Decimal("0.41"), [DAY], at=NOON + timedelta(hours=11))


def test_a_lower_cap_counts_from_the_next_call_on(database: Database) -> None:
    spending = PostgresSpending(database)
    spending.reserve("a", Decimal("0.60"), [DAY], at=NOON)
    with pytest.raises(BudgetSpent, match=r"0\.60 of 0\.5 dollars"):
        spending.reserve("b", Decimal("0.01"), [Cap(DAY.budget, Decimal("0.5"))], at=NOON)


def test_the_database_itself_refuses_to_pass_a_cap(database: Database) -> None:
    PostgresSpending(database).reserve("a", Decimal("0.60"), [DAY], at=NOON)
    with database.connection() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE spending SET spent = 0.41")


def test_fifty_runs_at_once_never_pass_a_dollar(database: Database, migrated_url: str) -> None:
    """Threads on two pools, each a run of six calls; a call in five dies before it is settled."""
    ready, lock = Barrier(THREADS), Lock()
    real: list[Decimal] = []  # what the provider bills, dead calls included
    refused: list[str] = []

    def work(spending: PostgresSpending, number: int) -> None:
        random = Random(number)
        run = Cap(f"run {number}", Decimal("0.10"))
        ready.wait()
        for question in range(6):
            name = f"{number}/{question}"
            most = Decimal(random.randint(1_000, 30_000)) / 1_000_000
            cost = most * random.randint(1, 100) / 100
            try:
                spending.reserve(name, most, [run, DAY], at=NOON)
            except BudgetSpent as error:
                with lock:
                    refused.append(error.budget)
                continue
            with lock:
                real.append(cost)
            if random.random() < 0.2:
                continue
            if random.random() < 0.3:
                spending.fail(call(name, cost=str(cost), outcome=Outcome.FAILED))
            else:
                spending.keep(call(name, cost=str(cost)), kept_answer())

    with opened(migrated_url, size=6) as second, ThreadPoolExecutor(THREADS) as pool:
        stores = [PostgresSpending(database), PostgresSpending(second)]
        list(pool.map(lambda number: work(stores[number % 2], number), range(THREADS)))

    day = purse(database)
    assert sum(real) <= day.spent + day.reserved <= 1
    assert day.spent + day.reserved > Decimal("0.96")  # and it is used up, all but a call
    assert DAY.budget in refused
    for number in range(THREADS):
        for run in PostgresUsage(database).purses([f"run {number}"]):
            assert run.spent + run.reserved <= run.cap


def test_the_same_call_at_once_from_fifty_threads_is_put_aside_once(database: Database) -> None:
    spending, ready = PostgresSpending(database), Barrier(THREADS)

    def reserve(_: int) -> None:
        ready.wait()
        spending.reserve("same", Decimal("0.90"), [DAY, RUN_ENOUGH], at=NOON)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(reserve, range(THREADS)))
    assert purse(database).reserved == Decimal("0.90")


RUN_ENOUGH = Cap(RUN.budget, Decimal(1))


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),  # the call
        st.sampled_from(["reserve", "settle", "die"]),
        st.integers(1, 60),  # cents at most
        st.integers(0, 100),  # percent of that it costs
    ),
    max_size=30,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_it_counts_as_a_ledger_in_a_few_lines(
    database: Database, steps: Sequence[tuple[str, str, int, int]]
) -> None:
    with database.connection() as connection:
        connection.execute("TRUNCATE spending, reservations, model_calls")
    spending = PostgresSpending(database)
    open_calls: dict[str, Decimal] = {}
    spent = Decimal(0)
    for name, what, cents, percent in steps:
        most = Decimal(cents) / 100
        if what == "reserve":
            room = name in open_calls or spent + sum(open_calls.values()) + most <= 1
            if room:
                spending.reserve(name, most, [DAY], at=NOON)
                open_calls.setdefault(name, most)
            else:
                with pytest.raises(BudgetSpent):
                    spending.reserve(name, most, [DAY], at=NOON)
        elif what == "settle":
            cost = open_calls.pop(name, Decimal(0)) * percent / 100
            spending.keep(call(name, cost=str(cost)), kept_answer())
            spent += cost
    found = PostgresUsage(database).purses([DAY.budget])
    if found:
        assert found == [Purse(DAY.budget, Decimal(1), spent, sum(open_calls.values(), Decimal(0)))]
    else:
        assert not open_calls
        assert not spent


def test_failures_in_a_row_are_told_apart_even_at_once(database: Database) -> None:
    """So that the fifth is told of exactly once."""
    spending, ready = PostgresSpending(database), Barrier(12)
    spending.fail(call("other", provider="bedrock", outcome=Outcome.FAILED))

    def fail(number: int) -> int:
        ready.wait()
        return spending.fail(call(str(number), outcome=Outcome.FAILED))

    with ThreadPoolExecutor(12) as pool:
        counts = list(pool.map(fail, range(12)))
    assert sorted(counts) == list(range(1, 13))

    assert spending.fail(call("cut off", outcome=Outcome.UNUSABLE)) == 0  # it works, after all
    assert spending.fail(call("again", outcome=Outcome.FAILED)) == 1
    spending.keep(call("fine"), kept_answer())
    assert spending.fail(call("and again", outcome=Outcome.FAILED)) == 1


def test_nothing_is_half_settled(database: Database) -> None:
    """The call, its answer and its money are one transaction."""
    spending = PostgresSpending(database)
    spending.reserve("a", Decimal("0.40"), [DAY], at=NOON)
    with suppress(psycopg.Error):
        spending.keep(call("a", cost="-1"), kept_answer())
    assert purse(database).reserved == Decimal("0.40")
    assert PostgresUsage(database).of_execution(call("a").spender.execution_id or "") == []
