"""When each user last had a fresh look taken, in Postgres: no cold start forgets it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.stores.database import Database

# Whoever asks at the same time waits for the row, and then sees what was taken.
_TAKE = """
INSERT INTO look_turns AS kept (user_id, taken_at) VALUES (%(user)s, %(now)s)
ON CONFLICT (user_id) DO UPDATE SET taken_at = excluded.taken_at
WHERE kept.taken_at <= excluded.taken_at - %(every)s::interval
RETURNING true
"""


@dataclass(frozen=True, slots=True)
class PostgresLookTurns:
    """Meets `ports.LookTurns`: the row stays locked until the block ends, one way or the other."""

    database: Database

    @contextmanager
    def taking(self, user_id: str, *, now: datetime, every: timedelta) -> Iterator[datetime | None]:
        with self.database.transaction() as connection:
            asked = {"user": user_id, "now": now, "every": every}
            if connection.execute(_TAKE, asked).fetchone():
                yield None
                return
            row = connection.execute(
                "SELECT taken_at FROM look_turns WHERE user_id = %s", (user_id,)
            ).fetchone()
            assert row is not None, "a conflict is with a row, and none is ever deleted"
            taken_at: datetime = row[0]
            yield taken_at + every
