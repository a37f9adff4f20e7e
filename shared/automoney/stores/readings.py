"""Readings with their vintages in Postgres: nothing is overwritten, revisions are added."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg import Connection

from automoney.market.readings import Reading
from automoney.stores.database import Database, Row

COLUMNS = (
    "series, asset, source, period, vintage, value, available_at, anomalous, proxy, vintage_assumed"
)
# Two that put the same value at once would both find it new.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('readings'), 0)"
# A value is kept when it differs from the newest vintage of its period that is not newer than its
# own.  That one may be stored or arrive with it; where both have the same vintage the stored stays.
# So history that is loaded afterwards goes in beneath what was seen later.
_MERGE = """
WITH following AS (
    SELECT arriving.*,
        lag(vintage) OVER earlier AS given_vintage, lag(value) OVER earlier AS given_value
    FROM {arriving}
    WINDOW earlier AS (PARTITION BY series, asset, source, period ORDER BY vintage)
)
INSERT INTO readings ({columns})
SELECT {columns} FROM following AS new
LEFT JOIN LATERAL (
    SELECT old.vintage AS stored_vintage, old.value AS stored_value FROM readings AS old
    WHERE old.series = new.series AND old.asset = new.asset AND old.source = new.source
      AND old.period = new.period AND old.vintage <= new.vintage
    ORDER BY old.vintage DESC LIMIT 1
) AS last ON true
WHERE new.value IS DISTINCT FROM
    CASE WHEN given_vintage > stored_vintage OR stored_vintage IS NULL THEN given_value
         ELSE stored_value END
ON CONFLICT DO NOTHING
"""
_GIVEN = f"""
unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::float8[],
       %s::timestamptz[], %s::boolean[], %s::boolean[], %s::boolean[])
AS arriving ({COLUMNS})
"""
_PUT = _MERGE.format(arriving=_GIVEN, columns=COLUMNS)
_PUT_COPIED = _MERGE.format(arriving="arriving", columns=COLUMNS)
_CHANGED = "UPDATE readings_revision SET revision = revision + 1"
# Series by series, since one sort of all of them takes twice as long as reading them.
_HISTORY = """
SELECT known.* FROM unnest(%s::text[]) AS wanted (series) CROSS JOIN LATERAL (
    SELECT series, source, period, value, available_at, vintage, anomalous, proxy, vintage_assumed
    FROM readings WHERE readings.series = wanted.series AND asset = %s AND period >= %s
    ORDER BY source, period, vintage
) AS known
"""


_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Copy:
    """Readings of some series from `since` on, as they were at `revision`."""

    revision: int
    since: datetime
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was known of `copy` at `at`; no more is known of it before `until`."""

    copy: _Copy
    since: datetime
    at: datetime
    until: datetime
    series: Mapping[str, tuple[Reading, ...]]

    def holds(self, copy: _Copy, since: datetime, as_of: datetime) -> bool:
        return self.copy is copy and self.since == since and self.at <= as_of < self.until


@dataclass(frozen=True, slots=True)
class PostgresReadings:
    """Meets `ports.Readings`."""

    database: Database
    _copies: dict[tuple[tuple[str, ...], str | None], _Copy] = field(
        default_factory=dict, init=False, repr=False
    )
    _answers: dict[tuple[tuple[str, ...], str | None], _Answer] = field(
        default_factory=dict, init=False, repr=False
    )

    def put_readings(self, readings: Iterable[Reading]) -> int:
        rows = reading_rows(readings)
        if not rows:
            return 0
        columns = [list(column) for column in zip(*rows, strict=True)]
        with self.database.transaction() as connection:
            lock_readings(connection)
            return _noted(connection, connection.execute(_PUT, columns).rowcount)

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        """As the port has it; while nothing changes the answer is the same object."""
        key, copy = (tuple(names), asset), self._copy(tuple(names), asset, since)
        kept = self._answers.get(key)
        if kept is None or not kept.holds(copy, since, as_of):
            kept = self._answers[key] = _answered(copy, since, as_of)
        return kept.series

    def _copy(self, names: tuple[str, ...], asset: str | None, since: datetime) -> _Copy:
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
        return copy

    def last_period(self, source: str) -> datetime | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT max(period) FROM readings WHERE source = %s", (source,)
            ).fetchone()
        return row[0] if row else None


def reading_rows(readings: Iterable[Reading]) -> list[Row]:
    """A row of COLUMNS for each reading; of two with the same vintage the first one given."""
    kept: dict[Row, Row] = {}
    for one in readings:
        key = (one.series, one.asset or "", one.source, one.period, one.vintage)
        seen = (one.value, one.available_at, one.anomalous, one.proxy, one.vintage_assumed)
        kept.setdefault(key, key + seen)
    return list(kept.values())


def lock_readings(connection: Connection[Row]) -> None:
    """Until the transaction ends, be the only one to put readings.

    To be called as a statement of its own: the next one then sees what the others have done.
    """
    connection.execute(_LOCK)


def merge_copied_readings(connection: Connection[Row]) -> int:
    """Put what the temporary table `arriving` holds, as `put_readings` does; return how many."""
    return _noted(connection, connection.execute(_PUT_COPIED).rowcount)


def _noted(connection: Connection[Row], changed: int) -> int:
    """Tell those who hold copies."""
    if changed:
        connection.execute(_CHANGED)
    return changed


def _reading(asset: str | None, row: Row) -> Reading:
    series, source, period, value, available_at, vintage, anomalous, proxy, assumed = row
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
        vintage_assumed=assumed,
    )


def _answered(copy: _Copy, since: datetime, as_of: datetime) -> _Answer:
    newest: dict[str, dict[str, dict[datetime, Reading]]] = {}
    until = _NEVER
    for reading in copy.readings:
        known_from = max(reading.available_at, reading.vintage)
        if known_from > as_of:
            until = min(until, known_from)
        elif reading.period >= since:
            sources = newest.setdefault(reading.series, {})
            sources.setdefault(reading.source, {})[reading.period] = reading
    series = {name: _one_source(sources) for name, sources in newest.items()}
    return _Answer(copy, since, as_of, until, series)


def _one_source(sources: Mapping[str, Mapping[datetime, Reading]]) -> tuple[Reading, ...]:
    """The source with the newest period, alone: levels of two sources do not mix."""

    def newest(name: str) -> tuple[datetime, datetime, str]:
        last = sources[name][max(sources[name])]
        return last.period, last.vintage, name

    return tuple(sources[max(sources, key=newest)].values())
