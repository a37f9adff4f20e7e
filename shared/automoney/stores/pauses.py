"""Who has paused what, in Postgres: one open pause a strategy, and one a follower's part."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from automoney.encoding import plain
from automoney.messages import Event, state_message
from automoney.ports import Pause
from automoney.stores.database import Database, Row
from automoney.stores.notices import tell_followers

# The column is null for the whole strategy; the indexes have '' there, so that it can be unique.
_WHOSE = "strategy_id = %s AND coalesce(user_id, '') = %s"
_CURRENT = f"""
SELECT strategy_id, user_id, since, reason, author FROM pauses WHERE {_WHOSE} AND ended IS NULL
"""  # noqa: S608  # the condition is the constant above
_PAUSE = """
INSERT INTO pauses (strategy_id, user_id, since, reason, author) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (strategy_id, coalesce(user_id, '')) WHERE ended IS NULL DO NOTHING
"""
_RESUME = f"""
UPDATE pauses SET ended = %s, ended_by = %s, ended_because = %s WHERE {_WHOSE} AND ended IS NULL
"""  # noqa: S608
# Nothing to end: kept as a pause that was over as it began.
_RESUMED = """
INSERT INTO pauses (strategy_id, user_id, since, reason, author, ended, ended_by, ended_because)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_LOG = f"""
SELECT since, reason, author, ended, ended_by, ended_because FROM pauses
WHERE {_WHOSE} ORDER BY since DESC, pause_id DESC LIMIT %s
"""  # noqa: S608
_NAMES = ("since", "reason", "author", "ended", "endedBy", "endedBecause")


@dataclass(frozen=True, slots=True)
class PostgresPauses:
    """Meets `ports.Pauses`."""

    database: Database

    def current(self, strategy_id: str, user_id: str | None = None) -> Pause | None:
        with self.database.connection() as connection:
            row = connection.execute(_CURRENT, (strategy_id, user_id or "")).fetchone()
        return Pause(*row) if row else None

    def touched(self, strategy_id: str) -> bool:
        return bool(self.log(strategy_id, None, 1))

    def pause(self, pause: Pause) -> bool:
        values = (pause.strategy_id, pause.user_id, pause.since, pause.reason, pause.author)
        with self.database.transaction() as connection:
            if connection.execute(_PAUSE, values).rowcount != 1:
                return False
            _tell(connection, Event.STRATEGY_PAUSED, pause)
        return True

    def resume(
        self, strategy_id: str, user_id: str | None, *, author: str, reason: str, at: datetime
    ) -> bool:
        with self.database.transaction() as connection:
            ended = connection.execute(
                _RESUME, (at, author, reason, strategy_id, user_id or "")
            ).rowcount
            changed = (
                ended or not connection.execute(_LOG, (strategy_id, user_id or "", 1)).rowcount
            )
            if not ended:
                over = (at, reason, author, at, author, reason)
                connection.execute(_RESUMED, (strategy_id, user_id, *over))
            if changed:  # it was paused, or it ships off and was never resumed before
                resumed = Pause(strategy_id, user_id, at, reason, author)
                _tell(connection, Event.STRATEGY_RESUMED, resumed)
        return bool(ended)

    def log(self, strategy_id: str, user_id: str | None, limit: int) -> list[Mapping[str, Any]]:
        with self.database.connection() as connection:
            rows = connection.execute(_LOG, (strategy_id, user_id or "", limit)).fetchall()
        return [plain(dict(zip(_NAMES, row, strict=True))) for row in rows]


def _tell(connection: Connection[Row], event: Event, pause: Pause) -> None:
    """Tell all followers, or him whose part it is."""
    assert pause.since is not None, "only what ships off has no beginning, and is no row"
    message = state_message(
        event,
        pause.strategy_id,
        pause.user_id,
        author=pause.author,
        reason=pause.reason,
        at=pause.since,
    )
    tell_followers(
        connection, lambda _: message, strategy_id=pause.strategy_id, user_id=pause.user_id
    )
