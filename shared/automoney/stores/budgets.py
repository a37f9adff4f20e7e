"""How many calls each outside source still allows, counted in Postgres over all functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Error

from automoney.errors import InvalidInput
from automoney.observability import logger
from automoney.stores.database import Database
from automoney.transport import Limit

_PATIENCE = 2.0  # seconds that a request waits for a connection to count with
_UNCOUNTED = timedelta(seconds=5)  # how long to stay away while calls cannot be counted
_SHORTEST = timedelta(milliseconds=1)
# One statement, so that the row is looked at and changed under its lock.  `recent` ascends, since a
# call never counts as earlier than the one before: a clock that steps back frees nothing.  A limit
# has room if its `calls`-th newest call lies a whole `per` back; subscripts below 1 give NULL.
_TAKE = """
INSERT INTO call_budgets AS kept (source, recent) VALUES (%(source)s, ARRAY[%(now)s::timestamptz])
ON CONFLICT (source) DO UPDATE
SET recent = (
    SELECT coalesce(array_agg(made_at ORDER BY made_at), '{}')
    FROM unnest(kept.recent) AS made_at
    WHERE made_at > greatest(%(now)s, kept.recent[cardinality(kept.recent)]) - %(longest)s::interval
) || greatest(%(now)s, kept.recent[cardinality(kept.recent)])
WHERE NOT EXISTS (
    SELECT FROM unnest(%(calls)s::int[], %(per)s::interval[]) AS most (calls, per)
    WHERE kept.recent[cardinality(kept.recent) - calls + 1]
        > greatest(%(now)s, kept.recent[cardinality(kept.recent)]) - per
)
RETURNING true
"""


@dataclass(frozen=True, slots=True)
class PostgresBudget:
    """Meets `transport.Budget`, exactly and beyond this process.

    Take a durable `database`: a call that was forgotten could be made once more.  While Postgres
    does not answer no call is allowed, since nobody counts.
    """

    database: Database

    def take(self, source: str, limits: Sequence[Limit], *, now: datetime) -> timedelta | None:
        """Raises InvalidInput for a limit that allows no call or spans no time."""
        for limit in limits:
            if limit.calls < 1:
                raise InvalidInput(f"calls of {source}", limit.calls, "1 or more")
            if limit.per <= timedelta(0):
                raise InvalidInput(f"per of {source}", limit.per, "a span above 0")
        if not limits:
            return None
        asked = {
            "source": source,
            "now": now,
            "calls": [limit.calls for limit in limits],
            "per": [limit.per for limit in limits],
            "longest": max(limit.per for limit in limits),
        }
        try:
            with self.database.pool.connection(timeout=_PATIENCE) as connection:
                if connection.execute(_TAKE, asked).fetchone():
                    return None
                row = connection.execute(
                    "SELECT recent FROM call_budgets WHERE source = %s", (source,)
                ).fetchone()
        except Error as error:  # the wait for a connection included
            logger.error("call not counted", extra={"source": source, "error": str(error)})
            return _UNCOUNTED
        return _wait(row[0] if row else (), limits, now)


def _wait(recent: Sequence[datetime], limits: Sequence[Limit], now: datetime) -> timedelta:
    """Until every limit has room, as far as is known now; `recent` ascends."""
    full = [limit for limit in limits if len(recent) >= limit.calls]
    waits = [recent[-limit.calls] + limit.per - now for limit in full]
    return max([*waits, _SHORTEST])
