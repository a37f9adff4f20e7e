"""EventBridge played on one machine: fires the manifest's rules as they fall due.

The market's rules follow the market's clock, which is the wall's in a live world and runs ahead in
a recorded or synthetic one; rules marked `wall` keep the wall's time.  A rule fires some seconds
late, as EventBridge does; a failed invocation is tried twice more, a minute apart, unless its slot
is by then over ten minutes old.
"""

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automoney.manifest import FUNCTIONS, Cron, Function
from automoney.schedule import MISFIRE_GRACE, RETRIES, RETRY_AFTER

LATE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One firing of a rule: `at` is the slot's due time, `fires` when it is really invoked."""

    fires: datetime
    priority: int
    index: int
    at: datetime = field(compare=False)
    function: Function = field(compare=False)
    rule: Cron = field(compare=False)
    tries: int = field(default=0, compare=False)


def rules(*, wall: bool) -> list[tuple[Function, Cron]]:
    """The manifest's cron rules that keep the wall's time, or the market's."""
    return [
        (function, trigger)
        for function in FUNCTIONS
        for trigger in function.triggers
        if isinstance(trigger, Cron) and trigger.wall is wall
    ]


class Agenda:
    """What is due next, in order of time and then of priority: collectors before strategies."""

    def __init__(self, chosen: list[tuple[Function, Cron]], after: datetime) -> None:
        self._heap = [
            self._due(index, function, rule, rule.schedule.next_after(after))
            for index, (function, rule) in enumerate(chosen)
        ]
        heapq.heapify(self._heap)

    @staticmethod
    def _due(index: int, function: Function, rule: Cron, at: datetime) -> Due:
        return Due(at + LATE, function.priority, index, at, function, rule)

    @property
    def next_at(self) -> datetime:
        return self._heap[0].fires

    def pop(self) -> Due:
        """Take the next firing and put the rule's following one on the agenda."""
        due = heapq.heappop(self._heap)
        if due.tries == 0:
            following = due.rule.schedule.next_after(due.at)
            heapq.heappush(self._heap, self._due(due.index, due.function, due.rule, following))
        return due

    def again(self, due: Due) -> bool:
        """Put a failed firing on the agenda once more; False if it had its tries."""
        fires = due.fires + RETRY_AFTER
        if due.tries >= RETRIES or fires - due.at > MISFIRE_GRACE:
            return False
        retry = Due(fires, due.priority, due.index, due.at, due.function, due.rule, due.tries + 1)
        heapq.heappush(self._heap, retry)
        return True


def first_firings(now: datetime) -> list[Due]:
    """The latest slot of each of the market's rules at `now`, in order of priority."""
    found = [
        Due(now, function.priority, index, rule.schedule.slot_at(now).at, function, rule)
        for index, (function, rule) in enumerate(rules(wall=False))
    ]
    return sorted(found)
