"""Executions: once a slot, guarded by a fence."""

from datetime import timedelta
from decimal import Decimal

import pytest

from automoney.errors import StaleFence
from automoney.ports import Evidence
from automoney.schedule import Slot
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.history import PostgresHistory
from tests.builders import NOON, judgement, mark, score, view

NOTHING = Evidence()


@pytest.fixture
def executions(database: Database) -> PostgresExecutions:
    return PostgresExecutions(database)


def test_a_judgement_comes_back_as_it_was(executions: PostgresExecutions) -> None:
    made = judgement(view("BTC"), view("ETH", "-31.07", "4000.5"))

    executions.record(made, fence=1, evidence=NOTHING)

    assert executions.find(made.execution_id) == made
    assert executions.latest("hodl-wave") == made
    assert executions.find("hodl-wave:never") is None


def test_the_first_judgement_of_a_slot_stays(executions: PostgresExecutions) -> None:
    first, second = judgement(view(conviction="40")), judgement(view(conviction="-40"))
    executions.record(first, fence=1, evidence=NOTHING)

    assert executions.record(second, fence=2, evidence=NOTHING) == first


def test_a_holder_that_was_overtaken_writes_nothing(executions: PostgresExecutions) -> None:
    later = judgement(at=NOON + timedelta(hours=4))
    executions.record(later, fence=7, evidence=NOTHING)

    with pytest.raises(StaleFence):
        executions.record(judgement(), fence=6, evidence=NOTHING)
    assert executions.find(judgement().execution_id) is None
    assert executions.fences() == {"hodl-wave": 7}


def test_an_aborted_slot_can_still_be_judged_but_not_the_other_way(
    executions: PostgresExecutions, database: Database
) -> None:
    slot = Slot(NOON)
    executions.record_failure("hodl-wave", slot, fence=1, status="aborted", reason="no price")
    executions.record(judgement(), fence=2, evidence=NOTHING)
    executions.record_failure("hodl-wave", slot, fence=3, status="aborted", reason="no price")

    found = PostgresHistory(database).execution(judgement().execution_id)
    assert found is not None
    assert found["status"] == "judged"


def test_last_scores_pass_over_degraded_ones(executions: PostgresExecutions) -> None:
    good = judgement(view(conviction="10"), at=NOON - timedelta(hours=8))
    executions.record(good, fence=1, evidence=NOTHING)
    bad_view = view(conviction="20")
    degraded = {**bad_view.scores, "onchain": score("onchain", 20.0, degraded=True)}
    bad = judgement(
        type(bad_view)("BTC", bad_view.mark, degraded, bad_view.weights, Decimal(20), True),
        at=NOON - timedelta(hours=4),
    )
    executions.record(bad, fence=2, evidence=NOTHING)

    last = executions.last_scores("hodl-wave", "BTC", before=NOON)

    assert {agent: one.value for agent, one in last.items()} == {
        "macro": 20.0,
        "onchain": 10.0,
        "technical": 20.0,
    }


def test_the_first_fill_mark_wins(executions: PostgresExecutions) -> None:
    name = judgement().execution_id
    executions.record(judgement(), fence=1, evidence=NOTHING)

    assert executions.fix_fill_mark(name, mark(price="1")) == mark(price="1")
    assert executions.fix_fill_mark(name, mark(price="2")) == mark(price="1")
    assert executions.fill_marks(name) == {"BTC": mark(price="1")}
