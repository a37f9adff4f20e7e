"""Readings with their vintages in Postgres: nothing is overwritten, revisions are added."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from automoney.market.readings import Reading
from automoney.stores.database import Database

# A value is kept when it is the first of its period or differs from the newest vintage there.
_PUT = """
INSERT INTO readings (series, asset, source, period, vintage, value, available_at, anomalous, proxy)
SELECT new.* FROM unnest(
    %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
    %s::float8[], %s::timestamptz[], %s::boolean[], %s::boolean[]
) AS new (series, asset, source, period, vintage, value, available_at, anomalous, proxy)
LEFT JOIN LATERAL (
    SELECT value FROM readings AS old
    WHERE old.series = new.series AND old.asset = new.asset AND old.source = new.source
      AND old.period = new.period
    ORDER BY old.vintage DESC LIMIT 1
) AS last ON true
WHERE last.value IS DISTINCT FROM new.value
ON CONFLICT DO NOTHING
"""
_HISTORY = """
SELECT DISTINCT ON (series, source, period)
       series, source, period, value, available_at, vintage, anomalous, proxy
FROM readings
WHERE series = ANY(%s) AND asset = %s AND period >= %s AND available_at <= %s AND vintage <= %s
ORDER BY series, source, period, vintage DESC
"""


@dataclass(frozen=True, slots=True)
class PostgresReadings:
    """Meets `ports.Readings`."""

    database: Database

    def put_readings(self, readings: Iterable[Reading]) -> int:
        kept = list(readings)
        if not kept:
            return 0
        columns = (
            [reading.series for reading in kept],
            [reading.asset or "" for reading in kept],
            [reading.source for reading in kept],
            [reading.period for reading in kept],
            [reading.vintage for reading in kept],
            [reading.value for reading in kept],
            [reading.available_at for reading in kept],
            [reading.anomalous for reading in kept],
            [reading.proxy for reading in kept],
        )
        with self.database.connection() as connection:
            return connection.execute(_PUT, columns).rowcount

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        with self.database.connection() as connection:
            rows = connection.execute(
                _HISTORY, (list(names), asset or "", since, as_of, as_of)
            ).fetchall()
        by_source: dict[str, dict[str, list[Reading]]] = defaultdict(lambda: defaultdict(list))
        for series, source, period, value, available_at, vintage, anomalous, proxy in rows:
            by_source[series][source].append(
                Reading(
                    series,
                    asset,
                    period,
                    value,
                    available_at,
                    vintage,
                    source,
                    anomalous=anomalous,
                    proxy=proxy,
                )
            )
        return {series: _one_source(sources) for series, sources in by_source.items()}

    def last_period(self, source: str) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT max(period) FROM readings WHERE source = %s", (source,)
            ).fetchone()
        return row[0] if row else None


def _one_source(sources: Mapping[str, list[Reading]]) -> tuple[Reading, ...]:
    """The source with the newest period, alone: levels of two sources do not mix."""
    newest = max(
        sources, key=lambda name: (sources[name][-1].period, sources[name][-1].vintage, name)
    )
    return tuple(sources[newest])
