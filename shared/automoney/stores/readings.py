"""Readings with their vintages in Postgres: nothing is overwritten, revisions are added."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from automoney.market.readings import Reading
from automoney.stores.database import Database, Row

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
SELECT series, source, period, value, available_at, vintage, anomalous, proxy FROM readings
WHERE series = ANY(%s) AND asset = %s AND period >= %s
ORDER BY series, source, period, vintage
"""


@dataclass(frozen=True, slots=True)
class _Copy:
    """Readings of some series from `since` on, as they were at `revision`."""

    revision: int
    since: datetime
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class PostgresReadings:
    """Meets `ports.Readings`."""

    database: Database
    _copies: dict[tuple[tuple[str, ...], str | None], _Copy] = field(
        default_factory=dict, init=False, repr=False
    )

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
        with self.database.transaction() as connection:
            changed = connection.execute(_PUT, columns).rowcount
            if changed:
                connection.execute("UPDATE readings_revision SET revision = revision + 1")
        return changed

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        newest: dict[str, dict[str, dict[datetime, Reading]]] = {}
        for reading in self._all(tuple(names), asset, since):
            if max(reading.available_at, reading.vintage) <= as_of and reading.period >= since:
                sources = newest.setdefault(reading.series, {})
                sources.setdefault(reading.source, {})[reading.period] = reading
        return {series: _one_source(sources) for series, sources in newest.items()}

    def _all(
        self, names: tuple[str, ...], asset: str | None, since: datetime
    ) -> tuple[Reading, ...]:
        """Every vintage from `since` on, by period: read again only after a change.

        Readings change a few times a day and are read by every run.
        """
        with self.database.connection() as connection:
            row = connection.execute("SELECT revision FROM readings_revision").fetchone()
            assert row is not None, "the migration puts the only row there"
            copy = self._copies.get((names, asset))
            if copy is None or copy.revision != row[0] or copy.since > since:
                rows = connection.execute(_HISTORY, (list(names), asset or "", since)).fetchall()
                copy = _Copy(row[0], since, tuple(_reading(asset, one) for one in rows))
                self._copies[names, asset] = copy
        return copy.readings

    def last_period(self, source: str) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT max(period) FROM readings WHERE source = %s", (source,)
            ).fetchone()
        return row[0] if row else None


def _reading(asset: str | None, row: Row) -> Reading:
    series, source, period, value, available_at, vintage, anomalous, proxy = row
    return Reading(
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


def _one_source(sources: Mapping[str, Mapping[datetime, Reading]]) -> tuple[Reading, ...]:
    """The source with the newest period, alone: levels of two sources do not mix."""

    def newest(name: str) -> tuple[datetime, datetime, str]:
        last = sources[name][max(sources[name])]
        return last.period, last.vintage, name

    return tuple(sources[max(sources, key=newest)].values())
