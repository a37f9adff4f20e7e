"""Pauses: one open at a time, each kept with who and why."""

from datetime import timedelta

import pytest

from automoney.ports import ENGINE, Pause, Pauses
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Tables
from automoney.stores.pauses import PostgresPauses
from tests.builders import NOON

WHOLE = Pause("hodl-wave", None, NOON, "exchange maintenance", "olga")
MINE = Pause("hodl-wave", "ada", NOON, "on a journey", "ada")
LATER = NOON + timedelta(hours=4)


@pytest.fixture(params=["memory", "postgres"])
def pauses(request: pytest.FixtureRequest) -> Pauses:
    if request.param == "memory":
        return MemoryPauses(Tables())
    return PostgresPauses(request.getfixturevalue("database"))


def test_the_first_pause_holds_until_it_is_ended(pauses: Pauses) -> None:
    assert pauses.pause(WHOLE)
    assert not pauses.pause(Pause("hodl-wave", None, LATER, "another reason", ENGINE))
    assert pauses.current("hodl-wave") == WHOLE

    assert pauses.resume("hodl-wave", None, author="otto", reason="it is over", at=LATER)
    assert pauses.current("hodl-wave") is None
    assert pauses.log("hodl-wave", None, 10) == [
        {
            "since": "2025-09-08T12:00:00Z",
            "reason": "exchange maintenance",
            "author": "olga",
            "ended": "2025-09-08T16:00:00Z",
            "endedBy": "otto",
            "endedBecause": "it is over",
        }
    ]


def test_a_part_and_the_whole_are_paused_apart(pauses: Pauses) -> None:
    assert pauses.pause(WHOLE)
    assert pauses.pause(MINE)

    assert pauses.resume("hodl-wave", "ada", author="ada", reason="back", at=LATER)
    assert pauses.current("hodl-wave", "ada") is None
    assert pauses.current("hodl-wave") == WHOLE
    assert pauses.current("high-freq") is None


def test_only_the_whole_counts_as_touched(pauses: Pauses) -> None:
    pauses.pause(MINE)
    assert not pauses.touched("hodl-wave")

    assert not pauses.resume("hodl-wave", None, author="olga", reason="let us see", at=NOON)
    assert pauses.touched("hodl-wave")
    assert pauses.current("hodl-wave") is None
    (row,) = pauses.log("hodl-wave", None, 10)
    assert row == {
        "since": "2025-09-08T12:00:00Z",
        "reason": "let us see",
        "author": "olga",
        "ended": "2025-09-08T12:00:00Z",
        "endedBy": "olga",
        "endedBecause": "let us see",
    }


def test_the_log_is_newest_first(pauses: Pauses) -> None:
    for hour in range(5):
        at = NOON + timedelta(hours=hour)
        pauses.pause(Pause("hodl-wave", None, at, f"reason {hour}", "olga"))
        pauses.resume("hodl-wave", None, author="olga", reason="go on", at=at)

    assert [row["reason"] for row in pauses.log("hodl-wave", None, 2)] == ["reason 4", "reason 3"]
