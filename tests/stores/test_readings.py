"""Vintages: what is new or revised is kept, and history loaded later goes in beneath it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automoney.market.readings import Reading
from automoney.stores.backfills import PostgresBackfills
from automoney.stores.database import Database
from automoney.stores.readings import PostgresReadings
from tests.builders import NOON, reading

DAY = timedelta(days=1)
TODAY = NOON.replace(hour=0)
Put = Callable[[Sequence[Reading]], int]


def m2(value: float, seen: int, *, period: int = 30) -> Reading:
    """Of the day `period` days ago, seen `seen` days ago."""
    made = reading("M2SL", TODAY - period * DAY, value, vintage=TODAY - seen * DAY)
    return replace(made, available_at=made.vintage)


@pytest.fixture(params=["put", "backfill"])
def put(request: pytest.FixtureRequest, database: Database) -> Put:
    """Both ways to put readings."""
    if request.param == "put":
        return PostgresReadings(database).put_readings

    def by_copy(readings: Sequence[Reading]) -> int:
        return PostgresBackfills(database).put_readings("job", readings, reached=NOON)

    return by_copy


def seen(database: Database, days_ago: int) -> list[float]:
    """The values of M2SL as of then."""
    found = PostgresReadings(database).history(
        ["M2SL"], None, since=TODAY - 90 * DAY, as_of=TODAY - days_ago * DAY
    )
    return [one.value for one in found.get("M2SL", ())]


def vintages(database: Database) -> list[tuple[int, float]]:
    """What is stored: how many days ago it was seen, and the value."""
    with database.connection() as connection:
        rows = connection.execute("SELECT vintage, value FROM readings ORDER BY vintage").fetchall()
    return [((TODAY - vintage) // DAY, value) for vintage, value in rows]


def test_history_loaded_later_goes_in_beneath_what_was_seen(database: Database, put: Put) -> None:
    assert put([m2(102.0, seen=5)]) == 1
    assumed = replace(m2(100.0, seen=20), vintage_assumed=True)

    assert put([assumed]) == 1
    assert put([assumed]) == 0

    assert [seen(database, ago) for ago in (21, 20, 6, 5, 0)] == [[], [100], [100], [102], [102]]


def test_what_was_seen_later_hides_no_earlier_vintage_of_the_same_value(
    database: Database, put: Put
) -> None:
    put([m2(100.0, seen=5)])
    assert put([m2(100.0, seen=20)]) == 1
    assert seen(database, 20) == [100]


def test_the_same_value_again_is_no_revision_and_a_change_back_is(
    database: Database, put: Put
) -> None:
    assert [put([m2(value, seen=ago)]) for value, ago in ((1, 9), (1, 8), (2, 7), (1, 6))] == [
        *(1, 0, 1, 1)
    ]
    assert vintages(database) == [(9, 1), (7, 2), (6, 1)]


def test_vintages_that_arrive_together_are_told_apart(database: Database, put: Put) -> None:
    put([m2(1, seen=20)])
    arriving = [m2(value, seen=ago) for value, ago in ((3, 2), (1, 10), (2, 9), (2, 8), (3, 3))]
    assert put(arriving) == 2
    assert vintages(database) == [(20, 1), (9, 2), (3, 3)]


def test_a_stored_vintage_is_never_overwritten(database: Database, put: Put) -> None:
    put([m2(1, seen=9)])
    assert put([m2(2, seen=9), m2(1, seen=8)]) == 0
    assert vintages(database) == [(9, 1)]


def test_an_assumed_vintage_says_so_when_it_is_read(database: Database, put: Put) -> None:
    kept = [
        replace(m2(1, seen=9, period=40), vintage_assumed=True),
        replace(m2(2, seen=8), proxy=True, anomalous=True),
    ]
    put(kept)
    found = PostgresReadings(database).history(["M2SL"], None, since=TODAY - 90 * DAY, as_of=TODAY)
    assert list(found["M2SL"]) == kept


def test_whoever_holds_a_copy_sees_what_was_put_elsewhere(database: Database, put: Put) -> None:
    holder = PostgresReadings(database)

    def values() -> list[float]:
        found = holder.history(["M2SL"], None, since=TODAY - 90 * DAY, as_of=TODAY)
        return [one.value for one in found.get("M2SL", ())]

    assert values() == []
    put([m2(1, seen=9)])
    assert values() == [1]
    put([m2(2, seen=8)])
    assert values() == [2]


def test_the_answer_is_the_same_object_until_more_is_known(database: Database, put: Put) -> None:
    """Whoever works something out of it can tell by that whether to do so again."""
    put([m2(1, seen=9), m2(2, seen=5)])
    holder = PostgresReadings(database)

    def asked(days_ago: int, since: int = 90) -> Mapping[str, tuple[Reading, ...]]:
        return holder.history(
            ["M2SL"], None, since=TODAY - since * DAY, as_of=TODAY - days_ago * DAY
        )

    first = asked(8)
    assert asked(6) is first
    assert [one.value for one in asked(5)["M2SL"]] == [2]  # that day the revision was seen
    assert asked(6) == first  # and whoever asks for an earlier moment does not see it
    assert asked(6, since=10) == {}
    assert asked(9) == first
    assert asked(10) == {}
    before = asked(6)
    put([m2(3, seen=7)])
    assert before == first
    assert [one.value for one in asked(6)["M2SL"]] == [3]


def test_a_copy_is_kept_as_long_as_nothing_changes(database: Database, put: Put) -> None:
    put([m2(1, seen=9)])
    with database.connection() as connection:
        before = connection.execute("SELECT revision FROM readings_revision").fetchone()
        put([m2(1, seen=9), m2(1, seen=3)])
        assert connection.execute("SELECT revision FROM readings_revision").fetchone() == before


def test_the_same_value_from_two_at_once_is_kept_once(database: Database, put: Put) -> None:
    threads = 8
    ready = Barrier(threads)

    def see(number: int) -> int:
        ready.wait()
        return put([m2(1, seen=number, period=30)])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(see, range(threads)))
    kept = [ago for ago, _ in vintages(database)]
    assert kept == sorted(kept, reverse=True)
    assert max(kept) == threads - 1  # an earlier sight of it may come later, a later one may not


def test_the_newest_period_of_a_source(database: Database, put: Put) -> None:
    put([m2(1, seen=9, period=30), m2(2, seen=8, period=20)])
    assert PostgresReadings(database).last_period("fred") == TODAY - 20 * DAY
    assert PostgresReadings(database).last_period("glassnode") is None


def kept_by_rule(puts: Sequence[Sequence[Reading]]) -> dict[tuple[int, int], float]:
    """The rule in a few lines, by (period, vintage) in days ago: one reading after the other."""
    kept: dict[tuple[int, int], float] = {}
    for readings in puts:
        first: dict[tuple[int, int], float] = {}  # of two with the same vintage
        for one in readings:
            when = ((TODAY - one.period) // DAY, (TODAY - one.vintage) // DAY)
            first.setdefault(when, one.value)
        for (period, ago), value in sorted(first.items(), reverse=True):
            older = [other for where, other in kept if where == period and other >= ago]
            if not older or kept[period, min(older)] != value:
                kept.setdefault((period, ago), value)
    return kept


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    puts=st.lists(
        st.lists(
            st.builds(
                m2,
                st.sampled_from([1.0, 2.0]),
                st.integers(0, 6),
                period=st.sampled_from([30, 31]),
            ),
            max_size=6,
        ),
        max_size=5,
    )
)
def test_any_puts_keep_what_the_rule_keeps(
    database: Database, put: Put, puts: list[list[Reading]]
) -> None:
    with database.connection() as connection:
        connection.execute("TRUNCATE readings")
    kept = sum(put(readings) for readings in puts)
    with database.connection() as connection:
        rows = connection.execute("SELECT period, vintage, value FROM readings").fetchall()
    stored = {((TODAY - row[0]) // DAY, (TODAY - row[1]) // DAY): row[2] for row in rows}
    assert stored == kept_by_rule(puts)
    assert kept == len(stored)
