"""Published backtests in Postgres."""

from dataclasses import dataclass
from typing import Any

from automoney.encoding import dumps, plain
from automoney.ports.backtests import Backtest
from automoney.stores.database import Database, Row
from automoney.stores.paging import cursor_of, position_of

_PUT = """
INSERT INTO backtests (backtest_id, strategy_id, since, until, made_at, figures, result)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_NEWEST = """
SELECT backtest_id, strategy_id, since, until, made_at, figures FROM backtests
WHERE (made_at, backtest_id) < (%s, %s) ORDER BY made_at DESC, backtest_id DESC LIMIT %s
"""
_FIND = """
SELECT backtest_id, made_at, result FROM backtests WHERE backtest_id = %s
"""
_NAMES = ("id", "strategyId", "from", "to", "madeAt", "figures")


@dataclass(frozen=True, slots=True)
class PostgresBacktests:
    """Meets `ports.Backtests`."""

    database: Database

    def put(self, backtest: Backtest) -> bool:
        one = backtest
        values = (one.backtest_id, one.strategy_id, one.since, one.until, one.made_at)
        texts = (dumps(dict(one.figures)), dumps(dict(one.result)))
        with self.database.connection() as connection:
            return connection.execute(_PUT, (*values, *texts)).rowcount == 1

    def newest(self, *, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        made_at, backtest_id, _ = position_of(cursor)
        with self.database.connection() as connection:
            rows = connection.execute(_NEWEST, (made_at, backtest_id, limit + 1)).fetchall()
        shown = rows[:limit]
        further = cursor_of(shown[-1][4], shown[-1][0], 0) if len(rows) > limit else None
        return [_listed(row) for row in shown], further

    def find(self, backtest_id: str) -> dict[str, Any] | None:
        with self.database.connection() as connection:
            row = connection.execute(_FIND, (backtest_id,)).fetchone()
        if row is None:
            return None
        found: dict[str, Any] = {"id": row[0], "madeAt": plain(row[1]), **row[2]}
        return found


def _listed(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = plain(dict(zip(_NAMES, row, strict=True)))
    return found
