"""Turns and looks as they begin, end and are told: the same in Postgres and in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.errors import Misfired, StaleFence
from automoney.ports import Books, Evidence, Executions, Kind, Pause, Pauses, Step
from automoney.schedule import Slot
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.memory.books import MemoryBooks
from automoney.stores.memory.executions import MemoryExecutions
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Tables
from automoney.stores.pauses import PostgresPauses
from automoney.trading.judgement import Judgement, look_id
from tests.builders import NOON, follower, judgement, score, view

HOUR = timedelta(hours=1)
SLOT = Slot(NOON)
NAME = judgement().execution_id
LOOK = look_id("hodl-wave", NOON)
NOTHING = Evidence()
CUT_SHORT = "it began and never came to an end"


@dataclass(frozen=True)
class Kept:
    """The three stores over one set of tables, and `row`: status, reason, kind and asker."""

    executions: Executions
    books: Books
    pauses: Pauses
    row: Callable[[str], tuple[Any, ...] | None]
    steps: Callable[[str], list[tuple[str, str, float]]]


def in_memory() -> Kept:
    tables = Tables()

    def row(name: str) -> tuple[Any, ...] | None:
        run = tables.runs.get(name)
        return (run.status, run.reason, run.kind, run.asked_by) if run else None

    def steps(name: str) -> list[tuple[str, str, float]]:
        return [(one.name, one.detail, one.milliseconds) for one in tables.runs[name].steps]

    return Kept(MemoryExecutions(tables), MemoryBooks(tables), MemoryPauses(tables), row, steps)


def in_postgres(database: Database) -> Kept:
    def row(name: str) -> tuple[Any, ...] | None:
        with database.connection() as connection:
            return connection.execute(
                "SELECT status, reason, kind, asked_by FROM executions WHERE execution_id = %s",
                (name,),
            ).fetchone()

    def steps(name: str) -> list[tuple[str, str, float]]:
        with database.connection() as connection:
            (found,) = connection.execute(
                "SELECT steps FROM executions WHERE execution_id = %s", (name,)
            ).fetchall()
        return [(one["name"], one["detail"], one["milliseconds"]) for one in found[0]]

    return Kept(
        PostgresExecutions(database), PostgresBooks(database), PostgresPauses(database), row, steps
    )


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Kept:
    kept = (
        in_memory()
        if request.param == "memory"
        else in_postgres(request.getfixturevalue("database"))
    )
    for user in ("ada", "bob"):
        kept.books.open_account(user, at=NOON, paper_money=Decimal(1_000))
        kept.books.follow(follower(user), at=NOON)
    return kept


def looked(conviction: str = "10") -> Judgement:
    return replace(judgement(view(conviction=conviction)), execution_id=LOOK)


def test_a_run_that_has_begun_is_known_until_it_ends(kept: Kept) -> None:
    assert kept.executions.begin("hodl-wave", SLOT, fence=1) == []
    assert kept.row(NAME) == ("begun", None, "turn", None)
    assert kept.executions.find(NAME) is None
    assert kept.executions.latest("hodl-wave") is None

    kept.executions.record(judgement(), fence=1, evidence=NOTHING)
    assert kept.row(NAME) == ("judged", None, "turn", None)
    kept.executions.begin("hodl-wave", SLOT, fence=2)
    assert kept.row(NAME) == ("judged", None, "turn", None)


def test_runs_that_never_ended_are_named_by_the_next_of_their_kind_and_strategy(
    kept: Kept,
) -> None:
    begin = kept.executions.begin
    begin("hodl-wave", SLOT, fence=1)
    begin("hodl-wave", SLOT, fence=1, kind=Kind.LOOK, asked_by="ada")
    begin("high-freq", SLOT, fence=1)

    assert begin("hodl-wave", Slot(NOON + HOUR), fence=2) == [NAME]
    assert kept.row(NAME) == ("aborted", CUT_SHORT, "turn", None)
    assert kept.row(LOOK) == ("begun", None, "look", "ada")
    assert begin("hodl-wave", Slot(NOON + 2 * HOUR), fence=3) == [
        judgement(at=NOON + HOUR).execution_id
    ]
    # A retry that comes late may still judge it, as long as no later turn has been judged.
    kept.executions.record(judgement(), fence=3, evidence=NOTHING)
    assert kept.row(NAME) == ("judged", None, "turn", None)


def test_no_turn_begins_once_a_later_one_has_been_judged(kept: Kept) -> None:
    kept.executions.record(judgement(at=NOON + HOUR), fence=1, evidence=NOTHING)
    later = replace(
        judgement(at=NOON + 2 * HOUR), execution_id=look_id("hodl-wave", NOON + 2 * HOUR)
    )
    kept.executions.record(later, fence=1, evidence=NOTHING, kind=Kind.LOOK)

    with pytest.raises(Misfired, match="the later slot of 2025-09-08 13:00 has been judged"):
        kept.executions.begin("hodl-wave", SLOT, fence=2)
    kept.executions.begin("hodl-wave", Slot(NOON + HOUR), fence=2)
    kept.executions.begin("hodl-wave", SLOT, fence=2, kind=Kind.LOOK)


def test_who_was_overtaken_begins_nothing(kept: Kept) -> None:
    kept.executions.begin("hodl-wave", Slot(NOON + HOUR), fence=7)

    with pytest.raises(StaleFence):
        kept.executions.begin("hodl-wave", SLOT, fence=6)
    assert kept.row(NAME) is None


def test_a_look_has_a_name_and_a_fence_of_its_own_and_no_orders(kept: Kept) -> None:
    executions = kept.executions
    executions.record(judgement(), fence=5, evidence=NOTHING)
    executions.record(looked("-40"), fence=1, evidence=NOTHING, kind=Kind.LOOK, asked_by="ada")

    assert executions.find(NAME) == judgement()
    assert executions.find(LOOK) == looked("-40")
    assert executions.latest("hodl-wave") == judgement()
    assert (executions.pending_users(LOOK), executions.pending_users(NAME)) == ([], ["ada", "bob"])
    assert executions.unfinished("hodl-wave", up_to=NOON + HOUR) == [NAME]
    last = executions.last_scores("hodl-wave", "BTC", before=NOON + HOUR)
    assert {one.value for one in last.values()} == {40.0}  # the turn's
    with pytest.raises(StaleFence):
        executions.record(looked(), fence=0, evidence=NOTHING, kind=Kind.LOOK)


def test_a_look_that_comes_to_nothing_is_kept_beside_the_turn(kept: Kept) -> None:
    kept.executions.record(judgement(), fence=1, evidence=NOTHING)
    kept.executions.record_failure(
        "hodl-wave", SLOT, fence=1, status="aborted", reason="x", kind=Kind.LOOK, asked_by="ada"
    )

    assert kept.row(LOOK) == ("aborted", "x", "look", "ada")
    assert kept.row(NAME) == ("judged", None, "turn", None)


def test_steps_are_kept_in_their_order_and_added_to(kept: Kept) -> None:
    first, second = Step("preconditions", "“fine”", 1.25), Step("hand-out", "2 queued", 3.5)
    kept.executions.record(judgement(), fence=1, evidence=Evidence([first]))
    kept.executions.conclude(NAME, [second])
    kept.executions.conclude("hodl-wave:never", [second])

    assert kept.steps(NAME) == [("preconditions", "“fine”", 1.25), ("hand-out", "2 queued", 3.5)]

    later = Slot(NOON + HOUR)
    name = judgement(at=later.at).execution_id
    kept.executions.record_failure(
        "hodl-wave", later, fence=2, status="aborted", reason="x", steps=[first]
    )
    assert kept.steps(name) == [("preconditions", "“fine”", 1.25)]


def test_a_score_says_who_made_it(kept: Kept) -> None:
    by_model = replace(score("macro", 5.5), judge="model", model="openai/gpt", request="ab" * 32)
    fallen = replace(score("technical", 7.0), fell_back=True)
    one = view()
    seen = replace(one, scores={**one.scores, "macro": by_model, "technical": fallen})
    kept.executions.record(judgement(seen), fence=1, evidence=NOTHING)

    assert kept.executions.find(NAME) == judgement(seen)
    last = kept.executions.last_scores("hodl-wave", "BTC", before=NOON + HOUR)
    assert (last["macro"], last["technical"]) == (by_model, fallen)


def test_who_has_paused_gets_no_order(kept: Kept) -> None:
    kept.pauses.pause(Pause("hodl-wave", "ada", NOON, "on a journey", "ada"))
    kept.pauses.pause(Pause("another", "bob", NOON, "on a journey", "bob"))
    kept.executions.record(judgement(), fence=1, evidence=NOTHING)
    assert kept.executions.pending_users(NAME) == ["bob"]

    kept.pauses.resume("hodl-wave", "ada", author="ada", reason="back", at=NOON)
    later = judgement(at=NOON + HOUR)
    kept.executions.record(later, fence=2, evidence=NOTHING)
    assert kept.executions.pending_users(later.execution_id) == ["ada", "bob"]
