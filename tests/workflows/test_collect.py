"""Any collector: who is asked, what is recorded of each try, and when people are told."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.schedule import Slot
from automoney.workflows.collect import Collected, DataCollector, collect
from tests.builders import NOON
from tests.fakes import FakeAlerts, FakeCollections

HOUR = timedelta(hours=1)


@dataclass
class Plain(DataCollector[str]):
    """Each source answers with a word, or a problem, or the error it is given."""

    answers: dict[str, str | Exception]
    name: str = "collect_words"
    anomalies: int = 0
    problem: str | None = None
    kept: list[str] = field(default_factory=list)
    was_missed: list[datetime] = field(default_factory=list)
    brings: Callable[[int], None] = lambda _: None

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.answers)

    async def collect(self, source: str, slot: Slot) -> Collected[str]:
        self.brings(100)
        answer = self.answers[source]
        if isinstance(answer, Exception):
            raise answer
        self.brings(len(answer))
        return Collected(source, answer, len(answer), self.anomalies, self.problem)

    def validate(self, collected: Collected[str], slot: Slot) -> Collected[str]:
        if collected.data == "nonsense":
            raise SourceUnavailable(collected.source, "talks nonsense")
        return collected

    def cache(self, collected: Collected[str], slot: Slot) -> dict[str, Any]:
        if collected.data == "too long":
            raise ValueError("no room for it")
        self.kept.append(collected.data)
        return {"said": collected.data}

    def missed(self, slot: Slot) -> None:
        self.was_missed.append(slot.at)


class Room:
    def __init__(self, **answers: str | Exception) -> None:
        self.now, self.came = NOON, 0
        self.collector = Plain(answers, brings=self._bring)
        self.collections, self.alerts = FakeCollections(), FakeAlerts()

    def _bring(self, count: int) -> None:
        self.came += count
        self.now += timedelta(milliseconds=40)

    def collect(self, at: datetime = NOON) -> dict[str, Any]:
        return asyncio.run(
            collect(
                self.collector,
                Slot(at),
                collections=self.collections,
                alerts=self.alerts,
                clock=lambda: self.now,
                meter=lambda: self.came,
            )
        )

    def hours_of(self, outcome: str | Exception, hours: int) -> None:
        """Collect every hour, `hours` times, from where the last ended."""
        self.collector.answers = {"a": outcome}
        first = max((one.slot_at for one in self.collections.recorded), default=NOON - HOUR)
        for number in range(1, hours + 1):
            self.collect(first + number * HOUR)


DOWN = SourceUnavailable("a", "answered 503")


def test_every_try_is_recorded_with_what_it_weighed_and_how_long_it_took() -> None:
    room = Room(a=DOWN, b="nonsense", c="fine", d="never asked")

    answer = room.collect()

    assert answer == {
        "collector": "collect_words",
        "slot": "2025-09-08T12:00:00+00:00",
        "source": "c",
        "outcome": "ok",
        "rows": 4,
        "anomalies": 0,
        "said": "fine",
    }
    tries = [
        (one.source, one.outcome, one.rows, one.bytes, one.latency / timedelta(milliseconds=1))
        for one in room.collections.recorded
    ]
    assert tries == [
        ("a", "failed", 0, 100, 40),
        ("b", "failed", 0, 108, 80),
        ("c", "ok", 4, 104, 80),
    ]
    errors = [one.error for one in room.collections.recorded]
    assert errors == ["a: answered 503", "b: talks nonsense", None]
    assert room.collector.was_missed == []


def test_anomalies_are_recorded_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    room = Room(a="fine")
    room.collector.anomalies = 2

    with caplog.at_level(logging.WARNING, logger="automoney"):
        assert room.collect()["anomalies"] == 2

    assert room.collections.recorded[0].anomalies == 2
    assert [record.message for record in caplog.records] == ["collected anomalies"]


def test_what_came_in_part_is_kept_and_counts_as_failed() -> None:
    room = Room(a="fine", b="better")
    room.collector.problem = "no candles"

    answer = room.collect()

    assert (answer["outcome"], answer["error"], answer["source"]) == ("failed", "no candles", "a")
    assert room.collector.kept == ["fine"]
    assert [one.outcome for one in room.collections.recorded] == ["failed"]


@pytest.mark.parametrize("answer", [KeyError("bids"), "too long"])
def test_a_bug_is_raised_and_leaves_no_record(answer: str | Exception) -> None:
    room = Room(a=DOWN, b=answer, c="fine")

    with pytest.raises((KeyError, ValueError)):
        room.collect()

    assert [one.source for one in room.collections.recorded] == ["a"]
    assert room.collector.kept == []


def test_when_nobody_gives_anything_the_collector_hears_of_it() -> None:
    room = Room(a=DOWN, b=DOWN)

    answer = room.collect()

    assert answer["outcome"] == "failed"
    assert room.collector.was_missed == [NOON]


@pytest.mark.parametrize(
    ("failures", "told"),
    [(1, []), (2, []), (3, [3]), (14, [3]), (15, [3, 15]), (27, [3, 15, 27])],
)
def test_people_are_told_of_the_third_failure_in_a_row_and_of_every_twelfth_after(
    failures: int, told: list[int]
) -> None:
    room = Room()
    room.hours_of("fine", 1)

    room.hours_of(DOWN, failures)

    assert [warned.split(":")[0] for warned in room.alerts.warned] == [
        f"collect_words failed {number} times in a row" for number in told
    ]


def test_what_they_are_told_names_since_when_and_why() -> None:
    room = Room()
    room.hours_of("fine", 1)

    room.hours_of(DOWN, 3)

    assert room.alerts.warned == [
        "collect_words failed 3 times in a row: Slots up to 2025-09-08T15:00:00Z; the last good"
        " one was 2025-09-08T12:00:00Z.  a last: a: answered 503"
    ]


def test_one_good_collection_ends_the_row_and_parts_do_not() -> None:
    room = Room()
    for outcome, hours in ((DOWN, 2), ("fine", 1), (DOWN, 2)):
        room.hours_of(outcome, hours)
    assert room.alerts.warned == []

    room.collector.problem = "no candles"
    room.hours_of("fine", 1)
    assert len(room.alerts.warned) == 1
    assert "no candles" in room.alerts.warned[0]


def test_one_that_never_worked_says_so() -> None:
    room = Room()

    room.hours_of(DOWN, 3)

    assert "it has never been whole" in room.alerts.warned[0]
