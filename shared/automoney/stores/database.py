"""Postgres: one small pool, and the two ways to use a connection of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Error
from psycopg_pool import ConnectionPool, PoolTimeout

Row = tuple[Any, ...]


def columns(rows: Iterable[Row]) -> list[list[Any]]:
    """Rows as one list a column: what `unnest` makes rows of again, in a single statement."""
    return [list(column) for column in zip(*rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Database:
    """A pool of autocommitting connections in UTC."""

    pool: ConnectionPool[Connection[Row]]

    @classmethod
    def open(cls, url: str, *, durable: bool, max_size: int = 8) -> "Database":
        """Connect lazily to `url`.

        `durable=False` lets a commit return before it is on disk: for the market's data, which
        would only be collected once more.  Money is always durable.
        """

        def configure(connection: Connection[Row]) -> None:
            # Statements, not start-up options: a proxy in front of Postgres refuses those.
            connection.execute("SET timezone = 'UTC'")
            if not durable:
                connection.execute("SET synchronous_commit = off")

        pool: ConnectionPool[Connection[Row]] = ConnectionPool(
            url,
            min_size=1,
            max_size=max_size,
            timeout=10,
            open=True,
            configure=configure,
            kwargs={"autocommit": True, "connect_timeout": 5},
        )
        return cls(pool)

    @contextmanager
    def connection(self) -> Iterator[Connection[Row]]:
        """A connection on which every statement commits by itself."""
        with self.pool.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection[Row]]:
        """A connection inside one transaction: all of the block or nothing."""
        with self.pool.connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def pipeline(self) -> Iterator[Connection[Row]]:
        """As `transaction`, but statements are sent without waiting for each other's results.

        Only a fetch, or the block's end, waits; an error of a statement turns up there, too.
        """
        # `connection.transaction` would wait four times by itself.  The pool rolls back what the
        # block leaves open, be it that the block raised or that a statement failed.
        with self.pool.connection() as connection, connection.pipeline():
            connection.execute("BEGIN", prepare=False)
            yield connection
            connection.execute("COMMIT", prepare=False)

    def answers(self) -> bool:
        """Whether a trivial query comes back; never raises."""

        try:
            with self.pool.connection(timeout=1) as connection:
                return connection.execute("SELECT true").fetchone() == (True,)
        except (Error, PoolTimeout):
            return False

    def close(self) -> None:
        self.pool.close()
