"""Who has paused what, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from automoney.encoding import plain
from automoney.messages import Event, state_message
from automoney.ports import Pause
from automoney.stores.memory.tables import Ended, Tables


@dataclass(frozen=True, slots=True)
class MemoryPauses:
    """Meets `ports.Pauses`."""

    tables: Tables

    def current(self, strategy_id: str, user_id: str | None = None) -> Pause | None:
        return self.tables.paused(strategy_id, user_id)

    def touched(self, strategy_id: str) -> bool:
        return (strategy_id, None) in self.tables.pauses or any(
            (one.strategy_id, one.user_id) == (strategy_id, None) for one in self.tables.ended
        )

    def pause(self, pause: Pause) -> bool:
        whose = (pause.strategy_id, pause.user_id)
        if whose in self.tables.pauses:
            return False
        self.tables.pauses[whose] = pause
        self._tell(Event.STRATEGY_PAUSED, pause)
        return True

    def resume(
        self, strategy_id: str, user_id: str | None, *, author: str, reason: str, at: datetime
    ) -> bool:
        whose = (strategy_id, user_id)
        found = self.tables.pauses.pop(whose, None)
        known = any((one.strategy_id, one.user_id) == whose for one in self.tables.ended)
        if found or not known:
            self._tell(Event.STRATEGY_RESUMED, Pause(strategy_id, user_id, at, reason, author))
        self.tables.ended.append(Ended(strategy_id, user_id, found, at, author, reason))
        return found is not None

    def _tell(self, event: Event, pause: Pause) -> None:
        assert pause.since is not None, "only what ships off has no beginning, and is not kept"
        whose = (pause.strategy_id, pause.user_id)
        message = state_message(
            event, *whose, author=pause.author, reason=pause.reason, at=pause.since
        )
        for user_id in self.tables.follows.get(pause.strategy_id, ()):
            if pause.user_id in (None, user_id):
                self.tables.users[user_id].outbox.append(message)

    def log(self, strategy_id: str, user_id: str | None, limit: int) -> list[Mapping[str, Any]]:
        wanted = (strategy_id, user_id)
        ended = [one for one in self.tables.ended if (one.strategy_id, one.user_id) == wanted]
        rows = [_row(one.pause, one) for one in ended]
        current = self.tables.paused(*wanted)
        if current:
            rows.append(_row(current, None))
        rows.reverse()  # of two that began at once the later one is first
        return sorted(rows, key=itemgetter("since"), reverse=True)[:limit]


def _row(pause: Pause | None, ended: Ended | None) -> Mapping[str, Any]:
    """As `ports.Pauses.log` says; a mere resumption is a pause that was over as it began."""
    if pause is None and ended is not None:
        whose = (ended.strategy_id, ended.user_id)
        pause = Pause(*whose, since=ended.at, reason=ended.reason, author=ended.author)
    assert pause is not None, "a row tells of a pause, or of its end"
    row: Mapping[str, Any] = plain(
        {
            "since": pause.since,
            "reason": pause.reason,
            "author": pause.author,
            "ended": ended.at if ended else None,
            "endedBy": ended.author if ended else None,
            "endedBecause": ended.reason if ended else None,
        }
    )
    return row
