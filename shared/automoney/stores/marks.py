"""Recent marks in Postgres, so that a run reads the same price with or without Redis."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from automoney.market.candles import Mark
from automoney.stores.database import Database

_PUT = """
INSERT INTO marks (asset, at, price, source, anomalous)
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::numeric[], %s::text[], %s::boolean[])
ON CONFLICT (asset, at) DO NOTHING
"""
_NEWEST = """
SELECT wanted.asset, newest.price, newest.at, newest.source, newest.anomalous
FROM unnest(%s::text[]) AS wanted (asset)
CROSS JOIN LATERAL (
    SELECT price, at, source, anomalous FROM marks
    WHERE marks.asset = wanted.asset AND at < %s ORDER BY at DESC LIMIT 1
) AS newest
"""


@dataclass(frozen=True, slots=True)
class PostgresMarks:
    """Meets `ports.Marks`."""

    database: Database

    def put_marks(self, marks: Iterable[Mark]) -> None:
        rows = [(mark.asset, mark.at, mark.price, mark.source, mark.anomalous) for mark in marks]
        if rows:
            with self.database.connection() as connection:
                connection.execute(_PUT, [list(column) for column in zip(*rows, strict=True)])

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        return self.marks([asset], as_of=as_of).get(asset)

    def marks(self, assets: Sequence[str], *, as_of: datetime) -> Mapping[str, Mark]:
        with self.database.connection() as connection:
            rows = connection.execute(_NEWEST, (list(assets), as_of)).fetchall()
        return {row[0]: Mark(row[0], row[1], row[2], row[3], row[4]) for row in rows}

    def purge(self, *, before: datetime) -> int:
        with self.database.connection() as connection:
            return connection.execute("DELETE FROM marks WHERE at < %s", (before,)).rowcount
