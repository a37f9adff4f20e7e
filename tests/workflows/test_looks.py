"""A look is told to whoever asked and changes nothing else."""

from datetime import timedelta

import pytest

from automoney.errors import LeaseHeld, ModelsUnavailable
from automoney.messages import Event
from automoney.trading.judgement import execution_id, look_id
from tests.builders import NOON, score
from tests.workflows.strategy_rooms import NAME, NEXT, Room, scores

AT = NOON + timedelta(minutes=3, seconds=17)
LOOK = look_id("hodl-wave", AT)


def told(room: Room, user: str) -> list[tuple[Event, str]]:
    outbox = room.tables.users[user].outbox
    return [(message.event, message.data["executionId"]) for message in outbox]


def test_the_one_who_asked_is_told_the_scores_and_nobody_trades() -> None:
    room = Room(scores(10, 20, 50))

    answer = room.look(AT + timedelta(microseconds=5))

    assert (answer["execution"], answer["outcome"]) == (LOOK, "judged")
    assert (room.kept(LOOK).kind, room.kept(LOOK).asked_by) == ("look", "ada")
    assert told(room, "ada") == [(Event.AGENT_SCORES, LOOK)]
    assert (told(room, "bob"), room.orders.handed) == ([], [])
    assert room.panel.asked == [LOOK]
    steps = [step.name for step in room.kept(LOOK).steps]
    assert steps[-3:] == ["result", "hand-out", "clean-up"]


def test_delivered_again_it_is_told_once_and_another_who_asked_shares_it() -> None:
    room = Room(scores(10, 20, 50))
    room.look(AT)

    assert room.look(AT)["outcome"] == "known"
    assert room.look(AT, "bob")["outcome"] == "known"
    assert told(room, "ada") == told(room, "bob") == [(Event.AGENT_SCORES, LOOK)]
    assert len(room.panel.asked) == 1


def test_no_turn_takes_it_for_its_own_or_falls_back_on_its_scores() -> None:
    room = Room(scores(10, 20, 50))
    room.look(NOON)
    assert room.executions.latest("hodl-wave") is None

    room.panel.scores = {**scores(10, 0, 50), "onchain": None}
    assert room.run() == "judged"
    assert room.view(NAME).scores["onchain"].value == 0  # neutral, not the 20 of the look
    latest = room.executions.latest("hodl-wave")
    assert latest is not None
    assert latest.execution_id == NAME


def test_it_falls_back_on_the_scores_of_turns() -> None:
    judged = {**scores(10, 0, 50), "onchain": None}
    room = Room(judged, last={"onchain": score("onchain", 20, NOON - timedelta(hours=4))})

    room.look(AT)

    assert room.view(LOOK).scores["onchain"].value == 20


def test_it_neither_waits_for_a_turn_nor_holds_one_up() -> None:
    room = Room(scores(10, 20, 50))
    room.leases.held.add("strategy:hodl-wave")
    assert room.look(AT)["outcome"] == "judged"

    room.leases.held = {"strategy:hodl-wave:look"}
    assert room.take(NEXT)["outcome"] == "judged"
    with pytest.raises(LeaseHeld):  # it is delivered again
        room.look(AT + timedelta(minutes=1))


def test_one_that_comes_to_nothing_is_kept_with_its_reason_and_alarms_nobody() -> None:
    room = Room(scores(10, 20, 50), failing=ModelsUnavailable("no answer"))

    answer = room.look(AT)

    assert (answer["outcome"], answer["reason"]) == ("aborted", "no answer")
    assert (room.kept(LOOK).status, room.kept(LOOK).asked_by) == ("aborted", "ada")
    assert (room.alerts.warned, room.alerts.paged, told(room, "ada")) == ([], [], [])
    assert room.pauses.current("hodl-wave") is None
    assert execution_id("hodl-wave", AT) not in room.tables.runs
