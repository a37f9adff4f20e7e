"""Receipts in Postgres: hash chains, one a strategy and one a user.

Both are written inside somebody else's transaction, which holds the lock that keeps a chain in
order: the strategy's fence for runs, the user's row for parts.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from psycopg import Connection

from automoney.ports.receipts import Filed
from automoney.ports.runs import Evidence
from automoney.stores.database import Database, Row
from automoney.trading.judgement import Judgement
from automoney.trading.receipts.chains import START, Link

_PUT_RUN = """
INSERT INTO receipts (strategy_id, number, execution_id, body, link)
SELECT new.strategy_id, coalesce(last.number, 0) + 1, new.execution_id, new.body,
       encode(sha256(decode(coalesce(last.link, new.start), 'hex') || sha256(new.body)), 'hex')
FROM (VALUES (%s, %s, %s::bytea, %s)) AS new (strategy_id, execution_id, body, start)
LEFT JOIN LATERAL (
    SELECT number, link FROM receipts WHERE receipts.strategy_id = new.strategy_id
    ORDER BY number DESC LIMIT 1
) AS last ON true
"""
_PUT_PARTS = """
INSERT INTO part_receipts (user_id, number, execution_id, body, link)
SELECT new.user_id, coalesce(last.number, 0) + 1, run.execution_id, new.body,
       encode(sha256(decode(coalesce(last.link, run.start), 'hex') || sha256(new.body)
                     || decode(coalesce(run.link, run.start), 'hex')), 'hex')
FROM (
    SELECT given.*, receipts.link FROM (VALUES (%s, %s)) AS given (execution_id, start)
    LEFT JOIN receipts USING (execution_id)
) AS run, unnest(%s::text[], %b::bytea[]) AS new (user_id, body)
LEFT JOIN LATERAL (
    SELECT number, link FROM part_receipts WHERE part_receipts.user_id = new.user_id
    ORDER BY number DESC LIMIT 1
) AS last ON true
"""

# Hashed where they are kept: only 64 characters of each are sent.
_RUN_CHAIN = """
SELECT number, execution_id, encode(sha256(body), 'hex'), link FROM receipts
WHERE strategy_id = %s AND number > %s ORDER BY number LIMIT %s
"""
_PART_CHAIN = """
SELECT part.number, part.execution_id, encode(sha256(part.body), 'hex'), part.link, run.link
FROM part_receipts AS part LEFT JOIN receipts AS run USING (execution_id)
WHERE part.user_id = %s AND part.number > %s ORDER BY part.number LIMIT %s
"""
_PAGE = 1_000
# One step into each follower's partition: no index finds the orders of a run that were executed.
_SERVED = """
SELECT theirs.user_id FROM executions AS run CROSS JOIN LATERAL (
    SELECT user_id FROM follows WHERE strategy_id = run.strategy_id OFFSET 0
) AS follower CROSS JOIN LATERAL (
    SELECT user_id, executed_at FROM orders
    WHERE orders.user_id = follower.user_id AND execution_id = run.execution_id OFFSET 0
) AS theirs
WHERE run.execution_id = %s AND theirs.executed_at IS NOT NULL ORDER BY theirs.user_id
"""


def put_run(connection: Connection[Row], judgement: Judgement, evidence: Evidence) -> None:
    """Keep a run's receipt and the blobs it names; the execution's row is there already."""
    _put_blobs(connection, evidence)
    connection.execute(
        _PUT_RUN, (judgement.strategy_id, judgement.execution_id, evidence.receipt, START)
    )


def put_parts(connection: Connection[Row], execution_id: str, bodies: Mapping[str, bytes]) -> None:
    """Keep the receipt of each follower's part; the users' rows are locked already."""
    given = (execution_id, START, list(bodies), list(bodies.values()))
    connection.execute(_PUT_PARTS, given)


def _put_blobs(connection: Connection[Row], evidence: Evidence) -> None:
    """Those that are not there yet: most are, for a series changes once a day."""
    if not evidence.blobs:
        return
    known = {
        row[0]
        for row in connection.execute(
            "SELECT sha256 FROM blobs WHERE sha256 = ANY(%s)", (list(evidence.blobs),)
        ).fetchall()
    }
    connection.cursor().executemany(
        "INSERT INTO blobs (sha256, body) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [
            (name, zlib.compress(body))
            for name, body in sorted(evidence.blobs.items())
            if name not in known
        ],
    )


@dataclass(frozen=True, slots=True)
class PostgresArchive:
    """Meets `ports.receipts.Archive`."""

    database: Database

    def run(self, execution_id: str) -> Filed | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT strategy_id, number, execution_id, body, link FROM receipts"
                " WHERE execution_id = %s",
                (execution_id,),
            ).fetchone()
        return Filed(*row) if row else None

    def part(self, execution_id: str, user_id: str) -> Filed | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT user_id, number, execution_id, body, link FROM part_receipts"
                " WHERE user_id = %s AND execution_id = %s",
                (user_id, execution_id),
            ).fetchone()
        return Filed(*row) if row else None

    def users(self, execution_id: str) -> list[str]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT user_id FROM part_receipts WHERE execution_id = %s ORDER BY user_id",
                (execution_id,),
            ).fetchall()
        return [row[0] for row in rows]

    def served(self, execution_id: str) -> list[str]:
        with self.database.connection() as connection:
            rows = connection.execute(_SERVED, (execution_id,)).fetchall()
        return [row[0] for row in rows]

    def run_chain(self, strategy_id: str) -> Iterator[Link]:
        return self._chain(_RUN_CHAIN, strategy_id)

    def part_chain(self, user_id: str) -> Iterator[Link]:
        return self._chain(_PART_CHAIN, user_id)

    def _chain(self, query: LiteralString, name: str) -> Iterator[Link]:
        """Page by page, for a chain grows for years."""
        links: list[Link] = []
        while True:
            with self.database.connection() as connection:
                rows = connection.execute(
                    query, (name, links[-1].number if links else 0, _PAGE)
                ).fetchall()
            links = [Link(*row) for row in rows]
            yield from links
            if len(links) < _PAGE:
                return

    def blobs(self, names: Iterable[str]) -> dict[str, bytes]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT sha256, body FROM blobs WHERE sha256 = ANY(%s)", (list(names),)
            ).fetchall()
        return {name: _unpressed(body) for name, body in rows}

    def newest(self, strategy_id: str, limit: int) -> list[str]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT execution_id FROM receipts WHERE strategy_id = %s"
                " ORDER BY number DESC LIMIT %s",
                (strategy_id, limit),
            ).fetchall()
        return [row[0] for row in rows]


def _unpressed(body: bytes) -> bytes:
    """The content; of what is no compressed content the bytes themselves, which fit no name."""
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body
