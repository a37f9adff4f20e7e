"""Pages of what happened, newest first, for the API."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from automoney.encoding import parse_utc, plain
from automoney.messages import order_data
from automoney.stores.database import Database, Row
from automoney.stores.paging import END, cursor_of, no_cursor, position_of

# A BUY or SELL from before refusals were kept may have had no order, and nobody knows why.
_DECISIONS = """
SELECT d.slot_at, d.execution_id, d.position, d.strategy_id, d.asset, signal, rule, conviction,
       weight, target_weight, reasoning,
       CASE WHEN refused IS NOT NULL THEN 'refused' WHEN t.side IS NULL THEN 'none'
            ELSE 'filled' END, refused, refusal
FROM decisions AS d LEFT JOIN trades AS t
    ON t.user_id = %s AND t.execution_id = d.execution_id AND t.asset = d.asset
WHERE d.user_id = %s AND (d.slot_at, d.execution_id, d.position) < (%s, %s, %s)
ORDER BY d.slot_at DESC, d.execution_id DESC, d.position DESC LIMIT %s
"""
_TRADES = """
SELECT slot_at, execution_id, position, strategy_id, asset, side, price, mark_price, quantity,
       notional, fee, at
FROM trades
WHERE user_id = %s AND (slot_at, execution_id, position) < (%s, %s, %s)
ORDER BY slot_at DESC, execution_id DESC, position DESC LIMIT %s
"""
# From day to day through the index: a user may have a thousand valuations a week.
_EQUITY = """
WITH RECURSIVE days AS (
    (SELECT valuations.* FROM valuations
     WHERE user_id = %(user)s AND slot_at < %(until)s AND slot_at > %(since)s
     ORDER BY slot_at DESC, execution_id DESC LIMIT 1)
    UNION ALL
    SELECT last.* FROM days CROSS JOIN LATERAL (
        SELECT valuations.* FROM valuations
        WHERE user_id = %(user)s AND slot_at < date_trunc('day', days.slot_at)
            AND slot_at > %(since)s
        ORDER BY slot_at DESC, execution_id DESC LIMIT 1
    ) AS last
)
SELECT slot_at, execution_id, equity, cash, fees, realised, peak FROM days LIMIT %(limit)s
"""
_BEGAN = "SELECT coalesce(started_at, %s) FROM users WHERE user_id = %s"
_FIRST = datetime.min.replace(tzinfo=UTC)
_PARTS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class PostgresHistory:
    """Meets `ports.History`."""

    database: Database

    def decisions(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        rows, further = self._page(_DECISIONS, (user_id, user_id), limit, cursor)
        names = ("strategyId", "asset", "signal", "rule", "conviction", "weight", "targetWeight")
        return [
            {**_item(row[:-3], (*names, "reasoning")), "order": order_data(*row[-3:])}
            for row in rows
        ], further

    def trades(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        rows, further = self._page(_TRADES, (user_id,), limit, cursor)
        names = ("strategyId", "asset", "action", "price", "markPrice", "quantity", "notional")
        return [_item(row, (*names, "fee", "at")) for row in rows], further

    def equity(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        until = parse_utc(END[0]) if cursor is None else _day(cursor)
        with self.database.connection() as connection:
            began = connection.execute(_BEGAN, (_FIRST, user_id)).fetchone()
            asked = {"user": user_id, "since": began[0] if began else _FIRST, "until": until}
            rows = connection.execute(_EQUITY, {**asked, "limit": limit + 1}).fetchall()
        shown = rows[:limit]
        more = shown[-1][0].date().isoformat() if len(rows) > limit else None
        return [_worth(row) for row in shown], more

    def execution(self, execution_id: str) -> dict[str, Any] | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT execution_id, strategy_id, slot_at, status, reason, fence, inputs,"
                " recorded_at, kind, asked_by, steps FROM executions WHERE execution_id = %s",
                (execution_id,),
            ).fetchone()
        if row is None:
            return None
        names = ("executionId", "strategyId", "slot", "status", "reason", "fence", "inputs")
        more = ("recordedAt", "kind", "askedBy", "steps")
        found: dict[str, Any] = plain(dict(zip((*names, *more), row, strict=True)))
        return found

    def _page(
        self, query: str, users: tuple[str, ...], limit: int, cursor: str | None
    ) -> tuple[list[Row], str | None]:
        """One row more than asked for tells whether there is a next page."""
        with self.database.connection() as connection:
            rows = connection.execute(
                query,
                (*users, *position_of(cursor), limit + 1),
            ).fetchall()
        more = len(rows) > limit
        return rows[:limit], cursor_of(*rows[limit - 1][:3]) if more else None


def _item(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    slot_at, execution_id, _, *values = row
    item = {"executionId": execution_id, "slot": slot_at, **dict(zip(names, values, strict=True))}
    found: dict[str, Any] = plain(item)
    return found


def _worth(row: Row) -> dict[str, Any]:
    at, execution_id, equity, cash, fees, realised, peak = row
    drawdown = (1 - equity / peak).quantize(_PARTS, ROUND_HALF_EVEN) if peak > 0 else Decimal(0)
    found: dict[str, Any] = plain(
        {
            "day": at.date(),
            "at": at,
            "executionId": execution_id,
            "equity": equity,
            "cash": cash,
            "fees": fees,
            "realisedPnl": realised,
            "drawdown": drawdown,
        }
    )
    return found


def _day(cursor: str) -> datetime:
    """Midnight of the last day that was shown."""
    try:
        return datetime.combine(date.fromisoformat(cursor), time(), UTC)
    except ValueError:
        raise no_cursor(cursor) from None
