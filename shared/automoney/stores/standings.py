"""How followers stand before their parts of a run, read for all who are served together at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from automoney.stores.bookings import AccountsRead
from automoney.stores.database import Row
from automoney.stores.following import GUARDS, guards_of
from automoney.stores.starting_over import BEGAN_ANEW
from automoney.trading.standing import Standing
from automoney.trading.strategies import strategy_named

# Sorted, so that two who serve the same followers never wait for each other in a circle.
_LOCK = """
SELECT user_id, last_seq, started_at FROM users WHERE user_id = ANY(%s) ORDER BY user_id FOR UPDATE
"""
# Each of these is a statement of its own: it sees what whoever held the lock before has committed.
# They step into each user's partition by itself: of a list of users Postgres would try them all.
_ORDERS = """
SELECT wanted.user_id, run.strategy_id, run.slot_at,
       (SELECT coalesce(max(entry_no), 0) FROM entries WHERE entries.user_id = wanted.user_id)
FROM unnest(%s::text[]) AS wanted (user_id) CROSS JOIN executions AS run CROSS JOIN LATERAL (
    SELECT executed_at FROM orders
    WHERE orders.user_id = wanted.user_id AND orders.execution_id = run.execution_id OFFSET 0
) AS theirs
WHERE run.execution_id = %s AND theirs.executed_at IS NULL
"""
_FOLLOWS = f"""
SELECT user_id, {GUARDS}, (SELECT reason FROM pauses
    WHERE pauses.strategy_id = follows.strategy_id
      AND coalesce(pauses.user_id, '') = follows.user_id AND ended IS NULL)
FROM follows WHERE user_id = ANY(%s)
    AND strategy_id = (SELECT strategy_id FROM executions WHERE execution_id = %s)
"""  # noqa: S608  # the column list is a constant
_DAYS = """
SELECT wanted.user_id, today.opened_with, today.lowest
FROM users AS wanted CROSS JOIN executions AS run CROSS JOIN LATERAL (
    SELECT (array_agg(equity ORDER BY slot_at, execution_id))[1], min(equity) FROM valuations
    WHERE valuations.user_id = wanted.user_id AND valuations.slot_at < run.slot_at
        AND valuations.slot_at >= date_trunc('day', run.slot_at)
        AND valuations.slot_at > coalesce(wanted.started_at, '-infinity')
) AS today (opened_with, lowest)
WHERE wanted.user_id = ANY(%s) AND run.execution_id = %s
"""
_LEFT = "he does not follow it any more"


@dataclass(frozen=True, slots=True)
class Found:
    """A follower whose part of a run is not done; his row is locked.

    `last_seq` and `last_entry` are the newest numbers of his outbox and of his ledger.
    """

    user_id: str
    strategy_id: str
    slot_at: datetime
    standing: Standing
    last_seq: int
    last_entry: int


def found(connection: Connection[Row], users: Sequence[str], execution_id: str) -> Iterator[Found]:
    """Lock the rows of `users`, and read how those stand whose part is not done, by name.

    In a pipeline all of it takes one round trip.
    """
    wanted = list(users)
    locked = connection.execute(_LOCK, (wanted,))
    orders = connection.execute(_ORDERS, (wanted, execution_id))
    accounts = AccountsRead(connection, wanted)
    follows = connection.execute(_FOLLOWS, (wanted, execution_id))
    days = connection.execute(_DAYS, (wanted, execution_id))
    guards = {row[0]: row[1:] for row in follows.fetchall()}
    today = {row[0]: row[1:] for row in days.fetchall()}
    waiting = {row[0]: row[1:] for row in orders.fetchall()}
    account_of = accounts.found()
    for user_id, last_seq, started_at in locked.fetchall():
        if user_id in waiting:
            strategy_id, slot_at, last_entry = waiting[user_id]
            account, last_traded = account_of(user_id)
            row = guards.get(user_id)
            opened_with, lowest = today.get(user_id, (None, None))
            standing = Standing(
                account=account,
                guards=guards_of(row[:-1]) if row else strategy_named(strategy_id).guards,
                paused=_paused(row, slot_at, started_at),
                day_opened_with=opened_with,
                day_lowest=lowest,
                last_traded=last_traded,
            )
            yield Found(user_id, strategy_id, slot_at, standing, last_seq, last_entry)


def _paused(follows: Row | None, slot_at: datetime, started_at: datetime | None) -> str | None:
    """Why nothing is done for him, if that is so."""
    if follows is None:
        return _LEFT
    if started_at is not None and slot_at <= started_at:
        return BEGAN_ANEW
    paused: str | None = follows[-1]
    return paused
