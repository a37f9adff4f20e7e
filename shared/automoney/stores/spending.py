"""What may still be spent on language models, counted in Postgres over all functions.

A call's greatest cost is put aside before it is made, in all of its budgets or in none, and counted
for what it was after it.  A call that dies in between keeps what it put aside: it may have cost
that much, and nobody can tell.  Its run's retry asks by the same id, and so takes it over; what
nobody takes over counts for as long as the budget does, a run's for ever, a day's until midnight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg import Connection

from automoney.errors import BudgetSpent
from automoney.ports import Call, Cap, Kept
from automoney.stores.database import Database, Row
from automoney.stores.model_answers import put_answer
from automoney.stores.model_calls import failed_in_a_row, put_call

_PUT_ASIDE = """
INSERT INTO reservations (call_id, budgets, amount, reserved_at) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
# Rows are locked in the order of their names, here and below, so that nobody waits in a circle.
# A row is made or changed only if there is room; the schema's own CHECK says the same once more.
_RESERVE = """
INSERT INTO spending AS kept (budget, cap, reserved, touched)
SELECT budget, cap, %(dollars)s, %(at)s
FROM unnest(%(budgets)s::text[], %(caps)s::numeric[]) AS wanted (budget, cap)
WHERE %(dollars)s <= cap ORDER BY budget
ON CONFLICT (budget) DO UPDATE
SET reserved = kept.reserved + EXCLUDED.reserved, cap = EXCLUDED.cap,
    touched = greatest(kept.touched, EXCLUDED.touched)
WHERE kept.spent + kept.reserved + EXCLUDED.reserved <= EXCLUDED.cap
RETURNING budget
"""
_TAKE_BACK = "DELETE FROM reservations WHERE call_id = %s RETURNING budgets, amount"
_SETTLE = """
INSERT INTO spending AS kept (budget, cap, touched)
SELECT budget, 0, %(at)s FROM unnest(%(budgets)s::text[]) AS budget ORDER BY budget
ON CONFLICT (budget) DO UPDATE
SET reserved = kept.reserved - %(amount)s, spent = kept.spent + %(cost)s,
    touched = greatest(kept.touched, EXCLUDED.touched)
"""


@dataclass(frozen=True, slots=True)
class PostgresSpending:
    """Meets `ports.Spending`.  Take a durable `database`: what was forgotten could be spent twice.

    While Postgres does not answer nothing can be reserved, so nothing that costs money is asked.
    """

    database: Database

    def reserve(self, call_id: str, dollars: Decimal, caps: Sequence[Cap], *, at: datetime) -> None:
        budgets = sorted(cap.budget for cap in caps)
        with self.database.transaction() as connection:
            put_aside = connection.execute(_PUT_ASIDE, (call_id, budgets, dollars, at)).rowcount
            if not put_aside:
                return  # an earlier try died with it
            rows = connection.execute(
                _RESERVE,
                {
                    "dollars": dollars,
                    "at": at,
                    "budgets": [cap.budget for cap in caps],
                    "caps": [cap.dollars for cap in caps],
                },
            ).fetchall()
            having_room = {row[0] for row in rows}
            for cap in caps:
                if cap.budget not in having_room:
                    raise BudgetSpent(cap.budget, cap.dollars, _taken(connection, cap.budget))

    def keep(self, call: Call, kept: Kept) -> Kept:
        with self.database.transaction() as connection:
            _settle(connection, call)
            put_call(connection, call)
            failed_in_a_row(connection, call)
            return put_answer(connection, kept)

    def fail(self, call: Call) -> int:
        with self.database.transaction() as connection:
            _settle(connection, call)
            put_call(connection, call)
            return failed_in_a_row(connection, call)


def _settle(connection: Connection[Row], call: Call) -> None:
    """Turn what was put aside for the call into what it cost; nothing if it was settled before."""
    row = connection.execute(_TAKE_BACK, (call.call_id,)).fetchone()
    if row is not None:
        budgets, amount = row
        settled = {"budgets": budgets, "amount": amount, "cost": call.cost, "at": call.spender.at}
        connection.execute(_SETTLE, settled)


def _taken(connection: Connection[Row], budget: str) -> Decimal:
    """Dollars of the budget that are spent or put aside."""
    row = connection.execute(
        "SELECT spent + reserved FROM spending WHERE budget = %s", (budget,)
    ).fetchone()
    return row[0] if row else Decimal(0)
