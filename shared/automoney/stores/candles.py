"""Closed candles in Postgres."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.stores.database import Database, Row

COLUMNS = (
    "asset, timeframe, open_time, close_time, open, high, low, close, volume, source, anomalous,"
    " filled"
)
# Whoever changes a history waits for whoever else does: two that each saw only half of what is
# there would both take their bars for the newest.  Nothing is written to take part in this.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtext('candles'), history)
FROM (SELECT DISTINCT hashtext(name) AS history FROM unnest(%s::text[]) AS name ORDER BY 1) AS one
"""
# Only what is new or says something else is written.  All parts see the table as it was before.
_MERGE = """
WITH differing AS (
    SELECT arriving.* FROM {arriving}
    LEFT JOIN LATERAL (
        SELECT true AS same FROM candles AS old
        WHERE old.asset = arriving.asset AND old.timeframe = arriving.timeframe
          AND old.open_time = arriving.open_time
          AND (old.open, old.high, old.low, old.close, old.volume,
               old.source, old.anomalous, old.filled)
              IS NOT DISTINCT FROM
              (arriving.open, arriving.high, arriving.low, arriving.close, arriving.volume,
               arriving.source, arriving.anomalous, arriving.filled)
        LIMIT 1
    ) AS stored ON true
    WHERE stored.same IS NULL
), written AS (
    INSERT INTO candles ({columns}) SELECT {columns} FROM differing
    ON CONFLICT (asset, timeframe, open_time) DO UPDATE
    SET close_time = EXCLUDED.close_time, open = EXCLUDED.open, high = EXCLUDED.high,
        low = EXCLUDED.low, close = EXCLUDED.close, volume = EXCLUDED.volume,
        source = EXCLUDED.source, anomalous = EXCLUDED.anomalous, filled = EXCLUDED.filled
    RETURNING true
), revised AS (
    INSERT INTO candle_histories (asset, timeframe, revision)
    SELECT oldest.asset, oldest.timeframe, 1
    FROM (SELECT asset, timeframe, min(open_time) AS open_time FROM differing
          GROUP BY asset, timeframe) AS oldest
    WHERE EXISTS (
        SELECT FROM candles AS later
        WHERE later.asset = oldest.asset AND later.timeframe = oldest.timeframe
          AND later.open_time >= oldest.open_time
    )
    ON CONFLICT (asset, timeframe) DO UPDATE SET revision = candle_histories.revision + 1
)
SELECT count(*) FROM written
"""
_GIVEN = f"""
unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::numeric[], %s::numeric[],
       %s::numeric[], %s::numeric[], %s::numeric[], %s::text[], %s::boolean[], %s::text[])
AS arriving ({COLUMNS})
"""
_PUT = _MERGE.format(arriving=_GIVEN, columns=COLUMNS)
_PUT_COPIED = _MERGE.format(arriving="arriving", columns=COLUMNS)
_CLOSED = """
SELECT open_time, open, high, low, close, volume, source, anomalous, filled FROM candles
WHERE asset = %s AND timeframe = %s AND open_time >= %s AND close_time <= %s ORDER BY open_time
"""


@dataclass(frozen=True, slots=True)
class PostgresCandles:
    """Meets `ports.Candles`."""

    database: Database

    def put(self, candles: Iterable[Candle]) -> None:
        rows = candle_rows(candles)
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            with self.database.transaction() as connection:
                lock_histories(connection, rows)
                connection.execute(_PUT, columns)

    def revision(self, asset: str, timeframe: Timeframe) -> int:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT revision FROM candle_histories WHERE asset = %s AND timeframe = %s",
                (asset, timeframe.value),
            ).fetchone()
        return row[0] if row else 0

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT max(open_time) FROM candles WHERE asset = %s AND timeframe = %s",
                (asset, timeframe.value),
            ).fetchone()
        return row[0] if row else None

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        with self.database.connection() as connection:
            rows = connection.execute(_CLOSED, (asset, timeframe.value, since, by)).fetchall()
        return [_candle(asset, timeframe, row) for row in rows]

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        return self.closed(asset, Timeframe.D1, since=since, by=closed_by)

    def purge(self, timeframe: Timeframe, *, before: datetime) -> int:
        with self.database.connection() as connection:
            return connection.execute(
                "DELETE FROM candles WHERE timeframe = %s AND open_time < %s",
                (timeframe.value, before),
            ).rowcount


def candle_rows(candles: Iterable[Candle]) -> list[Row]:
    """A row of COLUMNS for each bar; of two with the same open time the last one given."""
    kept = {(candle.asset, candle.timeframe, candle.open_time): candle for candle in candles}
    return [
        (
            candle.asset,
            candle.timeframe.value,
            candle.open_time,
            candle.close_time,
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            candle.volume,
            candle.source,
            candle.anomalous,
            candle.filled.value if candle.filled else None,
        )
        for candle in kept.values()
    ]


def lock_histories(connection: Connection[Row], rows: Iterable[Row]) -> None:
    """Until the transaction ends, be the only one to put bars of the histories in `rows`.

    To be called as a statement of its own: the next one then sees what the others have done.
    """
    connection.execute(_LOCK, (sorted({f"{row[0]} {row[1]}" for row in rows}),))


def merge_copied_candles(connection: Connection[Row]) -> int:
    """Put what the temporary table `arriving` holds, as `put` does; return how many changed."""
    row = connection.execute(_PUT_COPIED).fetchone()
    assert row is not None, "a count is always one row"
    return int(row[0])


def _candle(asset: str, timeframe: Timeframe, row: Row) -> Candle:
    open_time, opened, high, low, close, volume, source, anomalous, filled = row
    return Candle(
        asset,
        timeframe,
        open_time,
        opened,
        high,
        low,
        close,
        volume,
        source,
        anomalous,
        Filled(filled) if filled else None,
    )
