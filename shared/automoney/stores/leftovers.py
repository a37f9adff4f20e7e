"""Rows in Postgres that say nothing any more: bans that are over, budgets nobody spends from,
events that nobody may ask for any more.
"""

from dataclasses import dataclass
from datetime import datetime

from automoney.stores.database import Database


@dataclass(frozen=True, slots=True)
class PostgresLeftovers:
    """Meets `ports.Leftovers`."""

    database: Database

    def purge_breakers(self, *, before: datetime) -> int:
        with self.database.connection() as connection:
            return connection.execute(
                "DELETE FROM source_breakers WHERE open_until < %s", (before,)
            ).rowcount

    def purge_budgets(self, *, before: datetime) -> int:
        with self.database.connection() as connection:
            return connection.execute(
                "DELETE FROM call_budgets WHERE NOT EXISTS"
                " (SELECT FROM unnest(recent) AS call (made_at) WHERE made_at >= %s)",
                (before,),
            ).rowcount

    def purge_spending(self, *, before: datetime) -> int:
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM reservations WHERE reserved_at < %s", (before,))
            return connection.execute("DELETE FROM spending WHERE touched < %s", (before,)).rowcount

    def purge_events(self, *, before: datetime) -> int:
        with self.database.connection() as connection:
            return connection.execute(
                "DELETE FROM outbox WHERE relayed AND at < %s", (before,)
            ).rowcount
