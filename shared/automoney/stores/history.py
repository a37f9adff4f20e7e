"""Pages of what happened, newest first, for the API."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.encoding import parse_utc, plain, utc_text
from automoney.errors import InvalidInput
from automoney.stores.database import Database, Row

_DECISIONS = """
SELECT slot_at, execution_id, position, strategy_id, asset, signal, conviction, weight,
       target_weight, reasoning
FROM decisions
WHERE user_id = %s AND (slot_at, execution_id, position) < (%s, %s, %s)
ORDER BY slot_at DESC, execution_id DESC, position DESC LIMIT %s
"""
_TRADES = """
SELECT slot_at, execution_id, position, strategy_id, asset, side, price, mark_price, quantity,
       notional, fee, at
FROM trades
WHERE user_id = %s AND (slot_at, execution_id, position) < (%s, %s, %s)
ORDER BY slot_at DESC, execution_id DESC, position DESC LIMIT %s
"""
_END = ("9999-12-31T00:00:00Z", "", 0)


@dataclass(frozen=True, slots=True)
class PostgresHistory:
    """Meets `ports.History`."""

    database: Database

    def decisions(
        self, user_id: str, *, limit: int, before: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        rows, cursor = self._page(_DECISIONS, user_id, limit, before)
        names = ("strategyId", "asset", "signal", "conviction", "weight", "targetWeight")
        return [_item(row, (*names, "reasoning")) for row in rows], cursor

    def trades(
        self, user_id: str, *, limit: int, before: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        rows, cursor = self._page(_TRADES, user_id, limit, before)
        names = ("strategyId", "asset", "action", "price", "markPrice", "quantity", "notional")
        return [_item(row, (*names, "fee", "at")) for row in rows], cursor

    def execution(self, execution_id: str) -> dict[str, Any] | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT execution_id, strategy_id, slot_at, status, reason, fence, inputs,"
                " recorded_at FROM executions WHERE execution_id = %s",
                (execution_id,),
            ).fetchone()
        if row is None:
            return None
        names = ("executionId", "strategyId", "slot", "status", "reason", "fence", "inputs")
        found: dict[str, Any] = plain(dict(zip((*names, "recordedAt"), row, strict=True)))
        return found

    def _page(
        self, query: str, user_id: str, limit: int, before: str | None
    ) -> tuple[list[Row], str | None]:
        """One row more than asked for tells whether there is a next page."""
        with self.database.connection() as connection:
            rows = connection.execute(
                query,
                (user_id, *_position(before), limit + 1),
            ).fetchall()
        more = len(rows) > limit
        return rows[:limit], _cursor(rows[limit - 1]) if more else None


def _item(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    slot_at, execution_id, _, *values = row
    item = {"executionId": execution_id, "slot": slot_at, **dict(zip(names, values, strict=True))}
    found: dict[str, Any] = plain(item)
    return found


def _cursor(row: Row) -> str:
    text = json.dumps([utc_text(row[0]), row[1], row[2]])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(before: str | None) -> tuple[datetime, str, int]:
    try:
        at, execution_id, position = (
            json.loads(base64.urlsafe_b64decode(before)) if before is not None else _END
        )
        return parse_utc(at), str(execution_id), int(position)
    except (ValueError, TypeError, binascii.Error, InvalidInput):
        raise InvalidInput("before", before, "the `next` of an earlier page") from None
