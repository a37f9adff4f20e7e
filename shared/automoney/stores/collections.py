"""Every try of every collector, from which success rates and alarms are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.ports import Collection
from automoney.stores.database import Database

_RECORD = """
INSERT INTO collection_runs
    (collector, source, slot_at, outcome, row_count, anomalies, latency_ms, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (collector, source, slot_at) DO UPDATE
SET outcome = EXCLUDED.outcome, row_count = EXCLUDED.row_count, anomalies = EXCLUDED.anomalies,
    latency_ms = EXCLUDED.latency_ms, error = EXCLUDED.error
WHERE collection_runs.outcome = 'failed'
"""


@dataclass(frozen=True, slots=True)
class PostgresCollections:
    """Meets `ports.Collections`."""

    database: Database

    def record(self, collection: Collection) -> None:
        with self.database.connection() as connection:
            connection.execute(
                _RECORD,
                (
                    collection.collector,
                    collection.source,
                    collection.slot_at,
                    collection.outcome,
                    collection.rows,
                    collection.anomalies,
                    round(collection.latency.total_seconds() * 1000),
                    collection.error,
                ),
            )

    def last_ok(self, collector: str, *, as_of: datetime) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT slot_at FROM collection_runs WHERE collector = %s AND slot_at <= %s"
                " AND outcome = 'ok' ORDER BY slot_at DESC LIMIT 1",
                (collector, as_of),
            ).fetchone()
        return row[0] if row else None

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT source, count(*) FILTER (WHERE outcome = 'ok'),"
                " count(*) FILTER (WHERE outcome = 'failed'), coalesce(sum(anomalies), 0)::int"
                " FROM collection_runs GROUP BY source ORDER BY source"
            ).fetchall()
        return {row[0]: {"ok": row[1], "failed": row[2], "anomalies": row[3]} for row in rows}

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT DISTINCT ON (collector) collector, source, slot_at, outcome, error"
                " FROM collection_runs ORDER BY collector, slot_at DESC, outcome DESC"
            ).fetchall()
        return {
            row[0]: {"source": row[1], "slot_at": row[2], "outcome": row[3], "error": row[4]}
            for row in rows
        }
