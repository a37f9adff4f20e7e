"""Which outside sources asked to be left alone, remembered in Postgres beyond one invocation.

Not in Redis: with the cache gone a banned source must still be left alone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from psycopg import Error

from automoney.observability import logger
from automoney.stores.database import Database

_TRUSTED_SECONDS = 5.0  # how long "not open" holds without asking again: one run's many requests
_PATIENCE = 2.0  # seconds that a request waits for a connection to ask with
_TRIP = """
INSERT INTO source_breakers AS known (source, open_until) VALUES (%s, %s)
ON CONFLICT (source) DO UPDATE SET open_until = EXCLUDED.open_until
WHERE known.open_until < EXCLUDED.open_until
"""


@dataclass(frozen=True, slots=True)
class PostgresBreaker:
    """Meets `transport.Breaker`.  With Postgres gone none is open: the source will say so again."""

    database: Database
    _closed: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _tripped: set[str] = field(default_factory=set, init=False, repr=False)

    def open_until(self, source: str) -> datetime | None:
        asked = monotonic()
        since = asked - self._closed.get(source, -_TRUSTED_SECONDS)
        # Once tripped here it is read each time: another thread may have read it just before.
        if since < _TRUSTED_SECONDS and source not in self._tripped:
            return None
        try:
            with self.database.pool.connection(timeout=_PATIENCE) as connection:
                row = connection.execute(
                    "SELECT open_until FROM source_breakers WHERE source = %s", (source,)
                ).fetchone()
        except Error as error:  # the wait for a connection included
            logger.error("breaker not read", extra={"source": source, "error": str(error)})
            return None
        if row is None:
            self._closed[source] = asked
        return row[0] if row else None

    def trip(self, source: str, until: datetime) -> None:
        """Remember until when; a ban that lasts longer already stays as it is."""
        self._tripped.add(source)
        try:
            with self.database.pool.connection(timeout=_PATIENCE) as connection:
                connection.execute(_TRIP, (source, until))
        except Error as error:  # the wait for a connection included
            logger.error("breaker not kept", extra={"source": source, "error": str(error)})
