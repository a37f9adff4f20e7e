"""Runs and their judgements in Postgres: one a (strategy, slot), guarded by a fence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, Cursor

from automoney.encoding import dumps
from automoney.errors import Misfired, StaleFence
from automoney.market.candles import Mark
from automoney.ports import Evidence, Kind, Step, fence_name, run_id
from automoney.ports.runs import CUT_SHORT, later_turn
from automoney.schedule import Slot
from automoney.stores.database import Database, Row
from automoney.stores.judgements import SCORES, load, put_views, score_of
from automoney.stores.receipts import put_run
from automoney.trading.judgement import Judgement, Score
from automoney.trading.strategies import AGENTS

_FENCE = """
INSERT INTO strategy_fences (strategy_id, fence) VALUES (%s, %s)
ON CONFLICT (strategy_id) DO UPDATE SET fence = EXCLUDED.fence
WHERE strategy_fences.fence <= EXCLUDED.fence
RETURNING fence
"""
# The row of the strategy is what keeps its receipts in order; a look writes one, too.
_LOCK = """
INSERT INTO strategy_fences (strategy_id, fence) VALUES (%s, 0)
ON CONFLICT (strategy_id) DO UPDATE SET fence = strategy_fences.fence
"""
_CUT_SHORT = """
UPDATE executions SET status = 'aborted', reason = %s
WHERE strategy_id = %s AND kind = %s AND status = 'begun' AND slot_at < %s
RETURNING execution_id
"""
_NEWEST = """
SELECT slot_at, execution_id FROM executions
WHERE strategy_id = %s AND status = 'judged' AND kind = 'turn' ORDER BY slot_at DESC LIMIT 1
"""
# A slot that was aborted or skipped may still be judged by a retry; a judged one never changes.
_RECORD = """
INSERT INTO executions (execution_id, strategy_id, slot_at, status, reason, fence, inputs, kind,
                        asked_by, steps)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (execution_id) DO UPDATE
SET status = EXCLUDED.status, reason = EXCLUDED.reason, fence = EXCLUDED.fence,
    inputs = EXCLUDED.inputs, steps = EXCLUDED.steps, recorded_at = now()
WHERE executions.status <> 'judged'
RETURNING execution_id
"""
_CONCLUDE = """
UPDATE executions SET steps = coalesce(steps, '[]') || %s::jsonb WHERE execution_id = %s
"""
_ORDER = """
INSERT INTO orders (user_id, execution_id)
SELECT user_id, %s FROM follows WHERE strategy_id = %s AND NOT EXISTS (
    SELECT 1 FROM pauses
    WHERE pauses.strategy_id = follows.strategy_id
      AND coalesce(pauses.user_id, '') = follows.user_id AND ended IS NULL
)
ON CONFLICT DO NOTHING
"""
# One step into the index per agent: a DISTINCT ON would read all the years behind it.
_LAST_SCORES = f"""
SELECT newest.* FROM unnest(%s::text[]) AS wanted (agent) CROSS JOIN LATERAL (
    SELECT {SCORES} FROM scores
    WHERE strategy_id = %s AND asset = %s AND scores.agent = wanted.agent AND slot_at < %s
      AND NOT degraded AND kind = 'turn'
    ORDER BY slot_at DESC LIMIT 1
) AS newest
"""  # noqa: S608  # the column list is a constant


@dataclass(frozen=True, slots=True)
class PostgresExecutions:
    """Meets `ports.Executions`."""

    database: Database

    def find(self, execution_id: str) -> Judgement | None:
        with self.database.connection() as connection:
            return load(connection, execution_id)

    def begin(
        self,
        strategy_id: str,
        slot: Slot,
        *,
        fence: int,
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> list[str]:
        with self.database.pipeline() as connection:
            fenced = _fence(connection, strategy_id, kind, fence)
            newest = connection.execute(_NEWEST, (strategy_id,))
            _check(fenced, strategy_id, kind, fence)
            judged = newest.fetchone()
            if kind is Kind.TURN and judged is not None and judged[0] > slot.at:
                raise Misfired(later_turn(judged[0]))
            found = connection.execute(_CUT_SHORT, (CUT_SHORT, strategy_id, kind.value, slot.at))
            _put(connection, strategy_id, slot, fence, "begun", kind=kind, asked_by=asked_by)
            cut = found.fetchall()
        return sorted(row[0] for row in cut)

    def record(
        self,
        judgement: Judgement,
        *,
        fence: int,
        evidence: Evidence,
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> Judgement:
        with self.database.pipeline() as connection:
            fenced = _fence(connection, judgement.strategy_id, kind, fence)
            new = _put(
                connection,
                judgement.strategy_id,
                Slot(judgement.slot_at),
                fence,
                "judged",
                kind=kind,
                asked_by=asked_by,
                inputs=evidence.inputs,
                steps=evidence.steps,
            )
            _check(fenced, judgement.strategy_id, kind, fence)
            if not new:
                kept = load(connection, judgement.execution_id)
                assert kept is not None, "a run without a new row has a judgement"
                return kept
            put_views(connection, judgement, kind)
            put_run(connection, judgement, evidence)
            if kind is Kind.TURN:
                connection.execute(_ORDER, (judgement.execution_id, judgement.strategy_id))
        return judgement

    def record_failure(
        self,
        strategy_id: str,
        slot: Slot,
        *,
        fence: int,
        status: str,
        reason: str,
        steps: Sequence[Step] = (),
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> None:
        with self.database.pipeline() as connection:
            fenced = _fence(connection, strategy_id, kind, fence)
            _put(
                connection,
                strategy_id,
                slot,
                fence,
                status,
                kind=kind,
                asked_by=asked_by,
                reason=reason,
                steps=steps,
            )
            _check(fenced, strategy_id, kind, fence)

    def conclude(self, execution_id: str, steps: Sequence[Step]) -> None:
        with self.database.connection() as connection:
            connection.execute(_CONCLUDE, (dumps(list(steps)), execution_id))

    def fences(self) -> Mapping[str, int]:
        """The newest fence that each strategy's turns, and its looks, have written with."""
        with self.database.connection() as connection:
            rows = connection.execute("SELECT strategy_id, fence FROM strategy_fences").fetchall()
        return {row[0]: row[1] for row in rows}

    def last_scores(self, strategy_id: str, asset: str, *, before: datetime) -> Mapping[str, Score]:
        with self.database.connection() as connection:
            rows = connection.execute(
                _LAST_SCORES, (list(AGENTS), strategy_id, asset, before)
            ).fetchall()
        return {row[1]: score_of(row) for row in rows}

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
            row = connection.execute(_NEWEST, (strategy_id,)).fetchone()
            return load(connection, row[1]) if row else None

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


def _put(
    connection: Connection[Row],
    strategy_id: str,
    slot: Slot,
    fence: int,
    status: str,
    *,
    kind: Kind,
    asked_by: str | None,
    reason: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    steps: Sequence[Step] = (),
) -> bool:
    """Keep how the run stands; False, and nothing, if it has a judgement."""
    row = connection.execute(
        _RECORD,
        (
            run_id(strategy_id, slot.at, kind),
            strategy_id,
            slot.at,
            status,
            reason,
            fence,
            None if inputs is None else dumps(inputs),
            kind.value,
            asked_by,
            dumps(list(steps)),
        ),
    ).fetchone()
    return row is not None


def _fence(connection: Connection[Row], strategy_id: str, kind: Kind, fence: int) -> Cursor[Row]:
    """Lock the run's rows of fences, and ask whether nobody newer has written."""
    name = fence_name(strategy_id, kind)
    fenced = connection.execute(_FENCE, (name, fence))
    if name != strategy_id:
        connection.execute(_LOCK, (strategy_id,))
    return fenced


def _check(fenced: Cursor[Row], strategy_id: str, kind: Kind, fence: int) -> None:
    """Raise StaleFence if somebody has; what was written meanwhile is rolled back with that."""
    if fenced.fetchone() is None:
        raise StaleFence(f"{fence_name(strategy_id, kind)}: fence {fence} has been overtaken")
