"""Closed candles in Postgres."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.stores.database import Database, Row

_PUT = """
INSERT INTO candles (asset, timeframe, open_time, close_time, open, high, low, close, volume,
                     source, anomalous, filled)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::numeric[],
                     %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::text[],
                     %s::boolean[], %s::text[])
ON CONFLICT (asset, timeframe, open_time) DO UPDATE
SET open = EXCLUDED.open, high = EXCLUDED.high, low = EXCLUDED.low, close = EXCLUDED.close,
    volume = EXCLUDED.volume, source = EXCLUDED.source, anomalous = EXCLUDED.anomalous,
    filled = EXCLUDED.filled
"""
_CLOSED = """
SELECT open_time, open, high, low, close, volume, source, anomalous, filled FROM candles
WHERE asset = %s AND timeframe = %s AND open_time >= %s AND close_time <= %s ORDER BY open_time
"""


@dataclass(frozen=True, slots=True)
class PostgresCandles:
    """Meets `ports.Candles`."""

    database: Database

    def put(self, candles: Iterable[Candle]) -> None:
        rows = [
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
                candle.filled,
            )
            for candle in candles
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            with self.database.connection() as connection:
                connection.execute(_PUT, columns)

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

    def purge(self, *, before: datetime) -> int:
        with self.database.connection() as connection:
            return connection.execute(
                "DELETE FROM candles WHERE timeframe IN ('1h', '4h') AND open_time < %s", (before,)
            ).rowcount


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
