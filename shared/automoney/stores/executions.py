"""Runs and their judgements in Postgres: one a (strategy, slot), guarded by a fence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection

from automoney.encoding import dumps
from automoney.errors import StaleFence
from automoney.market.candles import Mark
from automoney.schedule import Slot
from automoney.stores.database import Database, Row
from automoney.trading.judgement import Factor, Judgement, Score, View, execution_id
from automoney.trading.strategies import AGENTS

_FENCE = """
INSERT INTO strategy_fences (strategy_id, fence) VALUES (%s, %s)
ON CONFLICT (strategy_id) DO UPDATE SET fence = EXCLUDED.fence
WHERE strategy_fences.fence <= EXCLUDED.fence
RETURNING fence
"""
# A slot that was aborted or skipped may still be judged by a retry; a judged one never changes.
_RECORD = """
INSERT INTO executions (execution_id, strategy_id, slot_at, status, reason, fence, inputs)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (strategy_id, slot_at) DO UPDATE
SET status = EXCLUDED.status, reason = EXCLUDED.reason, fence = EXCLUDED.fence,
    inputs = EXCLUDED.inputs, recorded_at = now()
WHERE executions.status <> 'judged'
RETURNING execution_id
"""
_SCORES = "asset, agent, value, confidence, reasoning, factors, sources, judged_at, degraded"
# One step into the index per agent: a DISTINCT ON would read all the years behind it.
_LAST_SCORES = f"""
SELECT newest.* FROM unnest(%s::text[]) AS wanted (agent) CROSS JOIN LATERAL (
    SELECT {_SCORES} FROM scores
    WHERE strategy_id = %s AND asset = %s AND scores.agent = wanted.agent AND slot_at < %s
      AND NOT degraded
    ORDER BY slot_at DESC LIMIT 1
) AS newest
"""  # noqa: S608  # the column list is the constant above


@dataclass(frozen=True, slots=True)
class PostgresExecutions:
    """Meets `ports.Executions`."""

    database: Database

    def find(self, execution_id: str) -> Judgement | None:
        with self.database.connection() as connection:
            return _load(connection, execution_id)

    def record(self, judgement: Judgement, *, fence: int, inputs: Mapping[str, Any]) -> Judgement:
        with self.database.transaction() as connection:
            _raise_fence(connection, judgement.strategy_id, fence)
            row = connection.execute(
                _RECORD,
                (
                    judgement.execution_id,
                    judgement.strategy_id,
                    judgement.slot_at,
                    "judged",
                    None,
                    fence,
                    dumps(inputs),
                ),
            ).fetchone()
            if row is None:
                kept = _load(connection, judgement.execution_id)
                assert kept is not None, "a slot without a new row has a judgement"
                return kept
            _put_views(connection, judgement)
            connection.execute(
                "INSERT INTO orders (user_id, execution_id)"
                " SELECT user_id, %s FROM follows WHERE strategy_id = %s ON CONFLICT DO NOTHING",
                (judgement.execution_id, judgement.strategy_id),
            )
        return judgement

    def record_failure(
        self, strategy_id: str, slot: Slot, *, fence: int, status: str, reason: str
    ) -> None:
        with self.database.transaction() as connection:
            _raise_fence(connection, strategy_id, fence)
            connection.execute(
                _RECORD,
                (
                    execution_id(strategy_id, slot.at),
                    strategy_id,
                    slot.at,
                    status,
                    reason,
                    fence,
                    None,
                ),
            )

    def fences(self) -> Mapping[str, int]:
        """The newest fence each strategy has written with."""
        with self.database.connection() as connection:
            rows = connection.execute("SELECT strategy_id, fence FROM strategy_fences").fetchall()
        return {row[0]: row[1] for row in rows}

    def last_scores(self, strategy_id: str, asset: str, *, before: datetime) -> Mapping[str, Score]:
        with self.database.connection() as connection:
            rows = connection.execute(
                _LAST_SCORES, (list(AGENTS), strategy_id, asset, before)
            ).fetchall()
        return {row[1]: _score(row) for row in rows}

    def pending_users(self, execution_id: str) -> list[str]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT user_id FROM orders WHERE execution_id = %s AND executed_at IS NULL"
                " ORDER BY user_id",
                (execution_id,),
            ).fetchall()
        return [row[0] for row in rows]

    def unfinished(self, strategy_id: str, *, up_to: datetime) -> list[str]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT execution_id FROM executions"
                " WHERE strategy_id = %s AND slot_at <= %s AND execution_id IN"
                " (SELECT execution_id FROM orders WHERE executed_at IS NULL) ORDER BY slot_at",
                (strategy_id, up_to),
            ).fetchall()
        return [row[0] for row in rows]

    def latest(self, strategy_id: str) -> Judgement | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT execution_id FROM executions WHERE strategy_id = %s AND status = 'judged'"
                " ORDER BY slot_at DESC LIMIT 1",
                (strategy_id,),
            ).fetchone()
            return _load(connection, row[0]) if row else None

    def fill_marks(self, execution_id: str) -> Mapping[str, Mark]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT asset, price, at, source, anomalous FROM fill_marks"
                " WHERE execution_id = %s",
                (execution_id,),
            ).fetchall()
        return {row[0]: Mark(*row) for row in rows}

    def fix_fill_mark(self, execution_id: str, mark: Mark) -> Mark:
        with self.database.connection() as connection:
            connection.execute(
                "INSERT INTO fill_marks (execution_id, asset, price, at, source, anomalous)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (execution_id, mark.asset, mark.price, mark.at, mark.source, mark.anomalous),
            )
        return self.fill_marks(execution_id)[mark.asset]


def _raise_fence(connection: Connection[Row], strategy_id: str, fence: int) -> None:
    if connection.execute(_FENCE, (strategy_id, fence)).fetchone() is None:
        raise StaleFence(f"{strategy_id}: fence {fence} has been overtaken")


def _put_views(connection: Connection[Row], judgement: Judgement) -> None:
    cursor = connection.cursor()
    cursor.executemany(
        "INSERT INTO views (execution_id, position, asset, conviction, weights, degraded,"
        " mark_price, mark_at, mark_source, mark_anomalous)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                judgement.execution_id,
                position,
                view.asset,
                view.conviction,
                dumps(dict(view.weights)),
                view.degraded,
                view.mark.price,
                view.mark.at,
                view.mark.source,
                view.mark.anomalous,
            )
            for position, view in enumerate(judgement.views.values())
        ],
    )
    cursor.executemany(
        "INSERT INTO scores (execution_id, strategy_id, slot_at, asset, agent, value, confidence,"
        " reasoning, factors, sources, judged_at, degraded)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                judgement.execution_id,
                judgement.strategy_id,
                judgement.slot_at,
                view.asset,
                score.agent,
                score.value,
                score.confidence,
                score.reasoning,
                dumps(score.factors),
                dumps(score.sources),
                score.judged_at,
                score.degraded,
            )
            for view in judgement.views.values()
            for score in view.scores.values()
        ],
    )


def _load(connection: Connection[Row], execution_id: str) -> Judgement | None:
    run = connection.execute(
        "SELECT strategy_id, slot_at FROM executions WHERE execution_id = %s AND status = 'judged'",
        (execution_id,),
    ).fetchone()
    if run is None:
        return None
    scores: dict[str, dict[str, Score]] = {}
    for row in connection.execute(
        f"SELECT {_SCORES} FROM scores WHERE execution_id = %s"  # noqa: S608  # a constant
        " ORDER BY asset, array_position(ARRAY['macro', 'onchain', 'technical'], agent)",
        (execution_id,),
    ).fetchall():
        scores.setdefault(row[0], {})[row[1]] = _score(row)
    views = connection.execute(
        "SELECT asset, conviction, weights, degraded, mark_price, mark_at, mark_source,"
        " mark_anomalous FROM views WHERE execution_id = %s ORDER BY position",
        (execution_id,),
    ).fetchall()
    return Judgement(
        execution_id,
        run[0],
        run[1],
        {
            asset: View(
                asset,
                Mark(asset, price, at, source, anomalous),
                scores[asset],
                {agent: Decimal(share) for agent, share in weights.items()},
                conviction,
                degraded,
            )
            for asset, conviction, weights, degraded, price, at, source, anomalous in views
        },
    )


def _score(row: Row) -> Score:
    _, agent, value, confidence, reasoning, factors, sources, judged_at, degraded = row
    return Score(
        agent,
        value,
        confidence,
        reasoning,
        tuple(Factor(**factor) for factor in factors),
        tuple(sources),
        judged_at,
        degraded,
    )
