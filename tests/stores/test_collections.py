"""Every try is kept, and the success rate and the runs of failures are read from the tries."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from automoney.ports import Collection, Tally
from automoney.stores.collections import PostgresCollections
from automoney.stores.database import Database
from tests.builders import NOON

HOUR = timedelta(hours=1)
ONCHAIN = "collect_onchain"


def tried(
    hours: int, outcome: str, source: str = "glassnode", collector: str = ONCHAIN
) -> Collection:
    """A try `hours` after noon."""
    return Collection(
        collector, source, NOON + hours * HOUR, outcome, 2, 1, timedelta(milliseconds=7), bytes=900
    )


def recorded(database: Database, tries: Iterable[Collection]) -> PostgresCollections:
    collections = PostgresCollections(database)
    for one in tries:
        collections.record(one)
    return collections


def slots(outcomes: str, start: int = 0) -> list[Collection]:
    """One slot an hour: `.` is ok, `x` failed, `+` failed at first but ok at a second source."""
    tries = []
    for hours, outcome in enumerate(outcomes, start):
        tries.append(tried(hours, "ok" if outcome == "." else "failed"))
        if outcome == "+":
            tries.append(tried(hours, "ok", "coinmetrics"))
    return tries


def test_a_try_that_failed_and_then_worked_counts_as_ok(database: Database) -> None:
    collections = recorded(database, [tried(0, "failed")])
    assert collections.last_ok(ONCHAIN, as_of=NOON) is None
    collections.record(tried(0, "ok"))
    collections.record(tried(0, "failed"))  # a late second delivery does not undo it

    assert collections.summary() == {"glassnode": {"ok": 1, "failed": 0, "anomalies": 1}}
    assert collections.last_ok(ONCHAIN, as_of=NOON) == NOON
    assert collections.health() == {
        ONCHAIN: {"source": "glassnode", "slot_at": NOON, "outcome": "ok", "error": None}
    }


def test_what_the_answers_weighed_is_kept_with_the_try_that_counts(database: Database) -> None:
    recorded(database, [tried(0, "failed"), tried(0, "ok")])
    with database.connection() as connection:
        rows = connection.execute("SELECT outcome, byte_count FROM collection_runs").fetchall()
    assert rows == [("ok", 900)]


@pytest.mark.parametrize(
    ("outcomes", "since", "by", "tally", "share"),
    [
        ("", 0, 9, None, None),
        ("....", 0, 9, Tally(4, 4), 1.0),
        ("xxxx", 0, 9, Tally(4, 0), 0.0),
        (".x+x", 0, 9, Tally(4, 2), 0.5),
        ("++++", 0, 9, Tally(4, 4), 1.0),  # two tries, one slot
        ("x..x", 1, 3, Tally(2, 2), 1.0),  # from the start on, but not the end
        ("x..x", 0, 1, Tally(1, 0), 0.0),
        ("....", 5, 9, Tally(0, 0), None),  # silence is no success
    ],
)
def test_success_is_counted_by_slot(
    database: Database, outcomes: str, since: int, by: int, tally: Tally | None, share: float | None
) -> None:
    collections = recorded(database, slots(outcomes))

    found = collections.success(since=NOON + since * HOUR, by=NOON + by * HOUR)

    assert found.get(ONCHAIN) == tally
    assert tally is None or tally.share == share


@pytest.mark.parametrize(
    ("outcomes", "up_to", "failed"),
    [
        ("", 9, 0),
        (".", 9, 0),
        ("xxx", 9, 3),  # never ok
        (".xxx", 9, 3),
        ("xx.x", 9, 1),
        ("xxx.", 9, 0),
        (".xx+", 9, 0),
        (".xx+", 2, 2),  # as it was then
        (".xxx", 1, 1),
        ("xxx", -1, 0),
    ],
)
def test_failures_in_a_row_end_at_the_newest_success(
    database: Database, outcomes: str, up_to: int, failed: int
) -> None:
    collections = recorded(database, slots(outcomes))
    assert collections.failed_in_a_row(ONCHAIN, up_to=NOON + up_to * HOUR) == failed


def test_a_slot_that_two_sources_failed_at_is_one_failure(database: Database) -> None:
    both = [tried(0, "failed"), tried(0, "failed", "coinmetrics")]
    collections = recorded(database, both)
    assert collections.failed_in_a_row(ONCHAIN, up_to=NOON) == 1
    assert collections.success(since=NOON, by=NOON + HOUR) == {ONCHAIN: Tally(1, 0)}


def test_collectors_are_told_apart(database: Database) -> None:
    collections = recorded(
        database,
        [
            *slots(".x"),
            tried(0, "ok", "binance", "collect_prices"),
            tried(1, "failed", "binance", "collect_prices"),
            tried(1, "ok", "coingecko", "collect_prices"),
        ],
    )

    assert collections.success(since=NOON, by=NOON + 9 * HOUR) == {
        ONCHAIN: Tally(2, 1),
        "collect_prices": Tally(2, 2),
    }
    newest = {name: (one["source"], one["outcome"]) for name, one in collections.health().items()}
    assert newest == {ONCHAIN: ("glassnode", "failed"), "collect_prices": ("coingecko", "ok")}
    assert collections.failed_in_a_row("collect_prices", up_to=NOON + HOUR) == 0


def test_the_summary_counts_tries_of_all_time_or_since_a_slot(database: Database) -> None:
    collections = recorded(database, slots(".x+"))
    assert collections.summary() == {
        "coinmetrics": {"ok": 1, "failed": 0, "anomalies": 1},
        "glassnode": {"ok": 1, "failed": 2, "anomalies": 3},
    }
    assert collections.summary(since=NOON + 2 * HOUR) == {
        "coinmetrics": {"ok": 1, "failed": 0, "anomalies": 1},
        "glassnode": {"ok": 0, "failed": 1, "anomalies": 1},
    }
