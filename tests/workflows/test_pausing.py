"""Paused is paused: by ops, by the engine, by a follower for himself, or as a strategy ships."""

from dataclasses import replace
from datetime import timedelta

from automoney.errors import ModelsUnavailable
from automoney.ports import ENGINE, Pause
from automoney.schedule import Slot
from automoney.trading.judgement import execution_id
from automoney.trading.strategies import HODL_WAVE
from automoney.workflows.pausing import OFF, pause_in_force, stopped_by_failure
from tests.builders import NOON
from tests.workflows.strategy_rooms import NAME, NEXT, SLOT, Room, scores

SILENT = ModelsUnavailable("ollama: no answer; bedrock: throttled")
LATER = execution_id("hodl-wave", NEXT.at)


class Models:
    """Whether any of them answers, and how often that was tried."""

    def __init__(self) -> None:
        self.answering, self.probed = False, 0

    def probe(self) -> bool:
        self.probed += 1
        return self.answering


def test_a_paused_slot_is_passed_over_and_not_recorded() -> None:
    room = Room(scores(10, 20, 50))
    room.pauses.pause(Pause("hodl-wave", None, NOON, "exchange maintenance", "olga"))

    answer = room.take(NEXT)

    assert answer == {
        "execution": LATER,
        "slot": "2025-09-08T16:00:00Z",
        "outcome": "paused",
        "reason": "exchange maintenance",
        "handed": 0,
    }
    assert (room.tables.runs, room.alerts.warned, room.panel.asked) == ({}, [], [])

    room.pauses.resume("hodl-wave", None, author="olga", reason="it is over", at=NEXT.at)
    assert room.take(NEXT)["outcome"] == "judged"


def test_what_was_judged_before_a_pause_is_still_carried_out() -> None:
    room = Room(scores(10, 20, 50))
    room.run()
    room.serve("ada")
    room.orders.handed.clear()
    room.pauses.pause(Pause("hodl-wave", None, NOON, "exchange maintenance", "olga"))

    assert room.take(NEXT)["handed"] == 1
    assert room.orders.handed == [(NAME, ["bob"])]


def test_without_any_model_the_strategy_is_paused_and_someone_paged_once() -> None:
    models = Models()
    room = Room(scores(10, 20, 50), failing=SILENT, probe=models.probe)

    assert room.run() == "aborted"
    assert room.kept().reason == "ollama: no answer; bedrock: throttled"
    (paged,) = room.alerts.paged
    assert paged.startswith("HODL-Wave paused: no language model answers: ")
    pause = room.pauses.current("hodl-wave")
    assert pause is not None
    assert (pause.author, pause.since, pause.user_id) == (ENGINE, NOON, None)
    assert stopped_by_failure(pause)

    assert room.take(NEXT)["outcome"] == "paused"  # a probe was tried, in vain
    assert (models.probed, len(room.alerts.paged)) == (1, 1)


def test_a_probe_that_succeeds_at_a_later_slot_resumes_what_the_engine_paused() -> None:
    models = Models()
    room = Room(scores(10, 20, 50), failing=SILENT, probe=models.probe)
    room.run()
    models.answering, room.panel.error = True, None

    assert room.take(NEXT)["outcome"] == "judged"
    assert room.pauses.current("hodl-wave") is None
    (row,) = room.pauses.log("hodl-wave", None, 10)
    assert (row["endedBy"], row["endedBecause"]) == (ENGINE, "a language model answers again")
    (warned,) = room.alerts.warned
    assert warned.startswith("HODL-Wave resumed: ")


def test_no_probe_ends_what_a_person_paused() -> None:
    models = Models()
    models.answering = True
    room = Room(scores(10, 20, 50), probe=models.probe)
    room.pauses.pause(Pause("hodl-wave", None, NOON, "holidays", "olga"))

    assert room.take(NEXT)["outcome"] == "paused"
    assert models.probed == 0


def test_a_strategy_that_ships_disabled_runs_once_somebody_resumes_it() -> None:
    room = Room(scores(10, 20, 50), probe=lambda: True)
    shipped = replace(HODL_WAVE, enabled=False)

    answer = room.take(SLOT, shipped)
    assert (answer["outcome"], answer["reason"]) == ("paused", OFF)
    pause = pause_in_force(shipped, room.pauses)
    assert pause is not None
    assert not stopped_by_failure(pause)

    room.pauses.resume("hodl-wave", None, author="olga", reason="let us see", at=NOON)
    assert room.take(SLOT, shipped)["outcome"] == "judged"

    room.pauses.pause(Pause("hodl-wave", None, NOON, "seen enough", "olga"))
    answer = room.take(NEXT, shipped)
    assert (answer["outcome"], answer["reason"]) == ("paused", "seen enough")


def test_a_follower_who_has_paused_gets_no_order() -> None:
    room = Room(scores(10, 20, 50))
    room.pauses.pause(Pause("hodl-wave", "ada", NOON, "on a journey", "ada"))

    room.run()
    assert room.orders.handed == [(NAME, ["bob"])]

    room.pauses.resume("hodl-wave", "ada", author="ada", reason="back", at=NOON)
    room.serve("bob")
    after = Slot(NEXT.at + timedelta(hours=4))
    room.take(after)
    assert room.orders.handed[-1] == (execution_id("hodl-wave", after.at), ["ada", "bob"])
