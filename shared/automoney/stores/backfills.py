"""Bulk loading into Postgres: rows by COPY, and how far a job has come, in one transaction.

COPY knows no conflicts, so the rows go to a temporary table first.  From there they are put by the
same statements as those of a collector.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from automoney.market.candles import Candle
from automoney.market.readings import Reading
from automoney.stores import candles as candle_store
from automoney.stores import readings as reading_store
from automoney.stores.database import Database, Row

_PROGRESS = """
INSERT INTO backfills (job, reached, row_count) VALUES (%s, %s, %s)
ON CONFLICT (job) DO UPDATE
SET reached = EXCLUDED.reached, row_count = backfills.row_count + EXCLUDED.row_count,
    updated_at = now()
"""


@dataclass(frozen=True, slots=True)
class PostgresBackfills:
    """Meets `ports.Backfills`."""

    database: Database

    def reached(self, job: str) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT reached FROM backfills WHERE job = %s", (job,)
            ).fetchone()
        return row[0] if row else None

    def put_candles(self, job: str, candles: Sequence[Candle], *, reached: datetime) -> int:
        rows = candle_store.candle_rows(candles)

        def put(connection: Connection[Row]) -> int:
            _copy(connection, "candles", candle_store.COLUMNS, rows)
            candle_store.lock_histories(connection, rows)
            return candle_store.merge_copied_candles(connection)

        return self._put(job, reached, put if rows else None)

    def put_readings(self, job: str, readings: Sequence[Reading], *, reached: datetime) -> int:
        rows = reading_store.reading_rows(readings)

        def put(connection: Connection[Row]) -> int:
            _copy(connection, "readings", reading_store.COLUMNS, rows)
            reading_store.lock_readings(connection)
            return reading_store.merge_copied_readings(connection)

        return self._put(job, reached, put if rows else None)

    def _put(
        self, job: str, reached: datetime, put: Callable[[Connection[Row]], int] | None
    ) -> int:
        with self.database.transaction() as connection:
            changed = put(connection) if put else 0
            connection.execute(_PROGRESS, (job, reached, changed))
        return changed


def _copy(connection: Connection[Row], like: str, columns: str, rows: Iterable[Row]) -> None:
    """Copy `rows` to the temporary table `arriving`, which is gone when the transaction ends."""
    connection.execute(f"CREATE TEMP TABLE arriving (LIKE {like}) ON COMMIT DROP")
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY arriving ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
