"""Every call of a language model, in Postgres, and what they add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.sql import SQL

from automoney.ports import Call, Grouping, Outcome, Purse, Spender, Used
from automoney.stores.database import Database, Row

_COLUMNS = (
    "call_id, request, provider, model, purpose, at, execution_id, user_id, outcome, error,"
    " input_tokens, output_tokens, cost, latency_ms, estimated"
)
_PUT = f"""
INSERT INTO model_calls ({_COLUMNS})
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608  # the column list is the constant above
# Under the row's lock: of calls that fail at once each gets a number of its own, so that the fifth
# is told of exactly once.
_ONE_MORE = """
INSERT INTO model_failures AS known (provider, in_a_row) VALUES (%s, 1)
ON CONFLICT (provider) DO UPDATE SET in_a_row = known.in_a_row + 1 RETURNING in_a_row
"""
_CAME_BACK = "UPDATE model_failures SET in_a_row = 0 WHERE provider = %s AND in_a_row > 0"
_KEYS: Mapping[Grouping, LiteralString] = {
    Grouping.DAY: "to_char(at, 'YYYY-MM-DD')",
    Grouping.PROVIDER: "provider || '/' || model",
    Grouping.DAY_MODEL: "to_char(at, 'YYYY-MM-DD') || ' ' || provider || '/' || model",
    Grouping.USER: "user_id",
    Grouping.RUN: "execution_id",
}
_TOTALS: LiteralString = """
SELECT {key}, count(*), count(*) FILTER (WHERE outcome <> 'ok'), sum(input_tokens),
       sum(output_tokens), sum(cost) AS cost
FROM model_calls WHERE at >= %(since)s AND at < %(until)s AND {key} IS NOT NULL {whose}
GROUP BY 1 ORDER BY {order} LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PostgresUsage:
    """Meets `ports.Usage`."""

    database: Database

    def totals(
        self,
        by: Grouping,
        *,
        since: datetime,
        until: datetime,
        user_id: str | None = None,
        limit: int = 100,
    ) -> list[Used]:
        query = SQL(_TOTALS).format(
            key=SQL(_KEYS[by]),
            whose=SQL("AND user_id = %(user_id)s" if user_id is not None else ""),
            order=SQL("1 DESC" if by in (Grouping.DAY, Grouping.DAY_MODEL) else "cost DESC, 1"),
        )
        values = {"since": since, "until": until, "user_id": user_id, "limit": limit}
        with self.database.connection() as connection:
            return [Used(*row) for row in connection.execute(query, values).fetchall()]

    def of_execution(self, execution_id: str) -> list[Call]:
        with self.database.connection() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM model_calls"  # noqa: S608  # a constant
                " WHERE execution_id = %s ORDER BY number",
                (execution_id,),
            ).fetchall()
        return [_call(row) for row in rows]

    def purses(self, budgets: Sequence[str]) -> list[Purse]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT budget, cap, spent, reserved FROM spending WHERE budget = ANY(%s)"
                " ORDER BY budget",
                (list(budgets),),
            ).fetchall()
        return [Purse(*row) for row in rows]


def put_call(connection: Connection[Row], call: Call) -> None:
    connection.execute(
        _PUT,
        (
            call.call_id,
            call.request,
            call.provider,
            call.model,
            call.purpose,
            call.spender.at,
            call.spender.execution_id,
            call.spender.user_id,
            call.outcome,
            call.error,
            call.input_tokens,
            call.output_tokens,
            call.cost,
            call.latency_ms,
            call.estimated,
        ),
    )


def failed_in_a_row(connection: Connection[Row], call: Call) -> int:
    """How many calls of its provider have failed since one came back, this one included."""
    if call.outcome is not Outcome.FAILED:
        connection.execute(_CAME_BACK, (call.provider,))
        return 0
    row = connection.execute(_ONE_MORE, (call.provider,)).fetchone()
    assert row is not None, "a row that is written is returned"
    count: int = row[0]
    return count


def _call(row: Row) -> Call:
    call_id, request, provider, model, purpose, at, execution_id, user_id, outcome, *rest = row
    spender = Spender(at, execution_id, user_id)
    return Call(call_id, request, provider, model, purpose, spender, Outcome(outcome), *rest)
