"""Telling followers of what concerns all of them, inside the transaction that changed it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from automoney.messages import Message, data_message
from automoney.stores.database import Database, Row
from automoney.stores.outbox import put_messages

# Sorted, as whoever books for followers locks them, so that nobody waits in a circle.
_FOLLOWERS = """
SELECT users.user_id, users.last_seq, follows.strategy_id
FROM users JOIN follows USING (user_id) {} ORDER BY users.user_id FOR UPDATE OF users
"""
_OF_ALL = _FOLLOWERS.format("")
_OF_STRATEGY = _FOLLOWERS.format("WHERE follows.strategy_id = %s")
_OF_USER = _FOLLOWERS.format("WHERE follows.strategy_id = %s AND users.user_id = %s")
# First of all there is a row: what is not there can't be locked.
_BEGIN = """
INSERT INTO data_states (collector, state, slot_at) VALUES (%s, 'good', %s) ON CONFLICT DO NOTHING
"""
_KNOWN = "SELECT state, source, slot_at FROM data_states WHERE collector = %s FOR UPDATE"
_TURN = "UPDATE data_states SET state = %s, source = %s, slot_at = %s WHERE collector = %s"


def tell_followers(
    connection: Connection[Row],
    message_of: Callable[[str], Message],
    *,
    strategy_id: str | None = None,
    user_id: str | None = None,
) -> int:
    """Put `message_of(strategy)` into the outbox of each follower; return how many there are.

    Of all strategies, of one, or that one follower of it.
    """
    asked: tuple[str, ...] = tuple(one for one in (strategy_id, user_id) if one is not None)
    query = (_OF_ALL, _OF_STRATEGY, _OF_USER)[len(asked)]
    told: defaultdict[str, list[str]] = defaultdict(list)
    last: dict[str, int] = {}
    for user, seq, strategy in connection.execute(query, asked).fetchall():
        told[user].append(strategy)
        last[user] = seq
    made = {one: message_of(one) for one in {name for names in told.values() for name in names}}
    rows: list[tuple[str, int, Sequence[Message]]] = [
        (user, last[user], [made[name] for name in sorted(names)]) for user, names in told.items()
    ]
    put_messages(connection, rows)
    return len(rows)


@dataclass(frozen=True, slots=True)
class PostgresDataStates:
    """Meets `ports.DataStates`."""

    database: Database

    def turn(
        self, collector: str, state: str, *, source: str | None, reason: str, at: datetime
    ) -> bool:
        with self.database.transaction() as connection:
            connection.execute(_BEGIN, (collector, at))
            known = connection.execute(_KNOWN, (collector,)).fetchone()
            assert known is not None, "it was just put there"
            if known[2] > at:
                return False
            connection.execute(_TURN, (state, source, at, collector))
            if state == known[0] and (state == "good" or source == known[1]):
                return False
            tell_followers(
                connection,
                lambda strategy: data_message(
                    strategy, collector, state, source=source, reason=reason, at=at
                ),
            )
            return True
