"""Events that were committed together with what they tell of, numbered per user."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from automoney.messages import Event, Message, Numbered
from automoney.stores.database import Database, Row


@dataclass(frozen=True, slots=True)
class PostgresOutbox:
    """Meets `ports.Outbox`."""

    database: Database

    @contextmanager
    def relaying(self, limit: int) -> Iterator[list[Numbered]]:
        with self.database.transaction() as connection:
            # Rows that another relay holds at this moment are its business, not ours.
            rows = connection.execute(
                "SELECT user_id, seq, event, strategy_id, at, data FROM outbox WHERE NOT relayed"
                " ORDER BY user_id, seq LIMIT %s FOR UPDATE SKIP LOCKED",
                (limit,),
            ).fetchall()
            yield [_numbered(row) for row in rows]
            if rows:
                connection.execute(
                    "UPDATE outbox SET relayed = true FROM unnest(%s::text[], %s::bigint[])"
                    " AS sent (user_id, seq)"
                    " WHERE outbox.user_id = sent.user_id AND outbox.seq = sent.seq",
                    ([row[0] for row in rows], [row[1] for row in rows]),
                )

    def since(self, user_id: str, seq: int, limit: int) -> list[Numbered]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT user_id, seq, event, strategy_id, at, data FROM outbox"
                " WHERE user_id = %s AND seq > %s ORDER BY seq LIMIT %s",
                (user_id, seq, limit),
            ).fetchall()
        return [_numbered(row) for row in rows]

    def last_seq(self, user_id: str) -> int:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT last_seq FROM users WHERE user_id = %s", (user_id,)
            ).fetchone()
        return row[0] if row else 0


def _numbered(row: Row) -> Numbered:
    user_id, seq, event, strategy_id, at, data = row
    return Numbered(user_id, seq, Message(Event(event), strategy_id, at, data))
