"""Every try of every collector, from which success rates and alarms are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.ports import Collection, Tally
from automoney.stores.database import Database

_RECORD = """
INSERT INTO collection_runs
    (collector, source, slot_at, outcome, row_count, anomalies, latency_ms, error, byte_count)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (collector, source, slot_at) DO UPDATE
SET outcome = EXCLUDED.outcome, row_count = EXCLUDED.row_count, anomalies = EXCLUDED.anomalies,
    latency_ms = EXCLUDED.latency_ms, error = EXCLUDED.error, byte_count = EXCLUDED.byte_count
WHERE collection_runs.outcome = 'failed'
"""
# The table is large and the collectors are few: they are found by leaping from one to the next.
_COLLECTORS = """
WITH RECURSIVE collectors (collector) AS (
    VALUES ('')
    UNION ALL
    SELECT (SELECT min(later.collector) FROM collection_runs AS later
            WHERE later.collector > before.collector)
    FROM collectors AS before WHERE before.collector IS NOT NULL
)
"""
_LAST_OK = """
SELECT slot_at FROM collection_runs
WHERE collector = %(collector)s AND slot_at <= %(as_of)s AND outcome = 'ok'
ORDER BY slot_at DESC LIMIT 1
"""
_FAILED_IN_A_ROW = f"""
SELECT count(DISTINCT slot_at) FROM collection_runs
WHERE collector = %(collector)s AND slot_at <= %(as_of)s
  AND slot_at > coalesce(({_LAST_OK}), '-infinity')
"""  # noqa: S608  # our own constant
_SUCCESS = f"""
{_COLLECTORS}
SELECT collector, tally.slots, tally.ok FROM collectors
CROSS JOIN LATERAL (
    SELECT count(*) AS slots, count(*) FILTER (WHERE slot.ok) AS ok
    FROM (SELECT bool_or(outcome = 'ok') AS ok FROM collection_runs AS run
          WHERE run.collector = collectors.collector
            AND run.slot_at >= %s AND run.slot_at < %s GROUP BY run.slot_at) AS slot
) AS tally
WHERE collector <> ''
"""  # noqa: S608  # our own constant
_SUMMARY = f"""
{_COLLECTORS}
SELECT source, sum(ok)::int, sum(failed)::int, sum(anomalies)::int FROM collectors
CROSS JOIN LATERAL (
    SELECT source, sum(anomalies) AS anomalies, count(*) FILTER (WHERE outcome = 'ok') AS ok,
        count(*) FILTER (WHERE outcome = 'failed') AS failed
    FROM collection_runs AS run
    WHERE run.collector = collectors.collector
      AND run.slot_at >= coalesce(%s::timestamptz, '-infinity')
    GROUP BY source
) AS each
GROUP BY source ORDER BY source
"""  # noqa: S608  # our own constant
_HEALTH = f"""
{_COLLECTORS}
SELECT collector, newest.source, newest.slot_at, newest.outcome, newest.error FROM collectors
CROSS JOIN LATERAL (
    SELECT source, slot_at, outcome, error FROM collection_runs AS run
    WHERE run.collector = collectors.collector ORDER BY slot_at DESC, outcome DESC LIMIT 1
) AS newest
"""  # noqa: S608  # our own constant


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
                    collection.bytes,
                ),
            )

    def last_ok(self, collector: str, *, as_of: datetime) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(_LAST_OK, {"collector": collector, "as_of": as_of}).fetchone()
        return row[0] if row else None

    def success(self, *, since: datetime, by: datetime) -> Mapping[str, Tally]:
        """A collector that has ever tried is there, with no slots if none was tried in between."""
        with self.database.connection() as connection:
            rows = connection.execute(_SUCCESS, (since, by)).fetchall()
        return {row[0]: Tally(slots=row[1], ok=row[2]) for row in rows}

    def failed_in_a_row(self, collector: str, *, up_to: datetime) -> int:
        with self.database.connection() as connection:
            row = connection.execute(
                _FAILED_IN_A_ROW, {"collector": collector, "as_of": up_to}
            ).fetchone()
        assert row is not None, "a count is always one row"
        return int(row[0])

    def summary(self, *, since: datetime | None = None) -> Mapping[str, Mapping[str, int]]:
        """Per source, of slots from `since` on: `ok`, `failed` and `anomalies` counts."""
        with self.database.connection() as connection:
            rows = connection.execute(_SUMMARY, (since,)).fetchall()
        return {row[0]: {"ok": row[1], "failed": row[2], "anomalies": row[3]} for row in rows}

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        with self.database.connection() as connection:
            rows = connection.execute(_HEALTH).fetchall()
        return {
            row[0]: {"source": row[1], "slot_at": row[2], "outcome": row[3], "error": row[4]}
            for row in rows
        }
