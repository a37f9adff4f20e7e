"""Events that were committed together with what they tell of, numbered per user."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import Connection

from automoney.messages import Event, Later, Message, Numbered
from automoney.stores.database import Database, Row, columns

# What several are told is sent once.  The texts go as they are (%b): as literals, every quotation
# mark in them would be escaped.
_PUT = """
INSERT INTO outbox (user_id, seq, event, strategy_id, at, data)
SELECT new.user_id, new.seq, new.event, new.strategy_id, new.at, text.data
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[])
    AS new (user_id, seq, event, strategy_id, at, text)
JOIN unnest(%b::json[]) WITH ORDINALITY AS text (data, number) ON text.number = new.text
"""
_LAST = """
UPDATE users SET last_seq = told.last_seq
FROM unnest(%s::text[], %s::bigint[]) AS told (user_id, last_seq)
WHERE users.user_id = told.user_id
"""


@dataclass(frozen=True, slots=True)
class PostgresOutbox:
    """Meets `ports.Outbox`."""

    database: Database

    @contextmanager
    def relaying(self, limit: int) -> Iterator[list[Numbered]]:
        with self.database.transaction() as connection:
            # Rows that another relay holds at this moment are its business, not ours.
            rows = connection.execute(
                "SELECT user_id, seq, event, strategy_id, at, data::text FROM outbox"
                " WHERE NOT relayed ORDER BY user_id, seq LIMIT %s FOR UPDATE SKIP LOCKED",
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
                "SELECT user_id, seq, event, strategy_id, at, data::text FROM outbox"
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


def put_messages(
    connection: Connection[Row], told: Iterable[tuple[str, int, Sequence[Message]]]
) -> None:
    """Number messages into users' outboxes: user, the last number there, and what he is told.

    The users' rows are locked already.
    """
    rows: list[Row] = []
    last: list[Row] = []
    texts: dict[str, int] = {}  # and which of them it is, from 1 on
    for user_id, after, messages in told:
        for seq, one in enumerate(messages, after + 1):
            number = texts.setdefault(one.text, len(texts) + 1)
            rows.append((user_id, seq, one.event.value, one.strategy_id, one.at, number))
        last.append((user_id, after + len(messages)))
    if rows:
        connection.execute(_PUT, (*columns(rows), list(texts)))
        connection.execute(_LAST, columns(last))


def _numbered(row: Row) -> Numbered:
    user_id, seq, event, strategy_id, at, data = row
    return Numbered(user_id, seq, Message(Event(event), strategy_id, at, Later.written(data)))
