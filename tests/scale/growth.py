"""Eight years of data and 1,000 users, put into a migrated database by set-based SQL in seconds.

What decides whether a query stays quick is there in full: every day, reading, run of a collector
and run of a strategy of eight years (about 1 M runs of collectors, 17,500 of a strategy).  What
repeats per user is cut, so that building takes seconds and not minutes: orders and decisions reach
back RUNS runs (six weeks of a strategy that runs six times a day), every fifth of them traded, and
the outbox holds what was told of the last TOLD runs.  A user's own pages and books are found
through indexes that begin with his id, so a longer past makes those a level deeper, and no plan
worse; `test_plans` shows that they are the ones that are used.

Values are made up but possible: prices above 0, ledger entries that sum to zero.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

NOW = datetime(2025, 9, 8, 12, tzinfo=UTC)  # a slot of the strategies
STRATEGY = "hodl-wave"
USERS = 1_000
RUNS = 250
TOLD = 50
WAITING = 400  # messages that no relay has handed over yet

# Partitioned by user: what one user asks for may touch one partition of each.
BY_USER = frozenset(
    {
        *("orders", "decisions", "trades", "entries", "postings", "balances", "holdings"),
        *("outbox", "part_receipts", "valuations"),
    }
)
# What grows with time or users.  Plans may not read any of these whole.
GROWING = BY_USER | {
    *("candles", "marks", "readings", "collection_runs", "executions", "views", "scores"),
    *("fill_marks", "users", "follows", "model_answers", "model_calls", "spending", "look_turns"),
    *("receipts", "blobs", "pauses"),
}
_PARTITIONS = 8
_VALUES = {"now": NOW, "users": USERS, "runs": RUNS, "told": TOLD, "waiting": WAITING}


def grow(connection: Connection[Any]) -> None:
    """Fill a migrated, empty database, and let Postgres look at what is there."""
    partitions = [f"{table}_{part}" for table in BY_USER for part in range(_PARTITIONS)]
    for table in ("collection_runs", *partitions):
        # Less to log while it is built, and read just the same.
        connection.execute(sql.SQL("ALTER TABLE {} SET UNLOGGED").format(sql.Identifier(table)))
    connection.execute("SET session_replication_role = replica")  # references are right: unchecked
    text = Path(__file__).with_name("growth.sql").read_text()
    for step in text.removesuffix(";\n").split(";\n"):
        connection.execute(step, _VALUES)
    connection.execute("RESET session_replication_role")
    connection.execute("VACUUM ANALYZE")
