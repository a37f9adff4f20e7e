"""Judgements as rows: an execution, a view an asset, a score an asset and agent."""

from decimal import Decimal

from psycopg import Connection

from automoney.encoding import dumps
from automoney.market.candles import Mark
from automoney.ports.runs import Kind
from automoney.stores.database import Row
from automoney.trading.judgement import Factor, Judgement, Score, View

SCORES = (
    "asset, agent, value, confidence, reasoning, factors, sources, judged_at, degraded,"
    " judge, model, request, fell_back"
)
"""The columns that `score_of` reads."""

_PUT_VIEW = """
INSERT INTO views (execution_id, position, asset, conviction, weights, degraded, mark_price,
                   mark_at, mark_source, mark_anomalous)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_PUT_SCORE = f"""
INSERT INTO scores (execution_id, strategy_id, slot_at, kind, {SCORES})
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608  # the column list is the constant above


def put_views(connection: Connection[Row], judgement: Judgement, kind: Kind) -> None:
    """Keep its views and scores; the execution's row is there already."""
    cursor = connection.cursor()
    cursor.executemany(
        _PUT_VIEW,
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
        _PUT_SCORE,
        [
            (
                judgement.execution_id,
                judgement.strategy_id,
                judgement.slot_at,
                kind.value,
                view.asset,
                score.agent,
                score.value,
                score.confidence,
                score.reasoning,
                dumps(score.factors),
                dumps(score.sources),
                score.judged_at,
                score.degraded,
                score.judge,
                score.model,
                score.request,
                score.fell_back,
            )
            for view in judgement.views.values()
            for score in view.scores.values()
        ],
    )


def load(connection: Connection[Row], execution_id: str) -> Judgement | None:
    """The judgement that the execution came to; None for another, or none of that name."""
    run = connection.execute(
        "SELECT strategy_id, slot_at FROM executions WHERE execution_id = %s AND status = 'judged'",
        (execution_id,),
    ).fetchone()
    if run is None:
        return None
    scores: dict[str, dict[str, Score]] = {}
    for row in connection.execute(
        f"SELECT {SCORES} FROM scores WHERE execution_id = %s"  # noqa: S608  # a constant
        " ORDER BY asset, array_position(ARRAY['macro', 'onchain', 'technical'], agent)",
        (execution_id,),
    ).fetchall():
        scores.setdefault(row[0], {})[row[1]] = score_of(row)
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


def score_of(row: Row) -> Score:
    """The score of a row of `SCORES`."""
    _, agent, value, confidence, reasoning, factors, sources, judged_at, degraded, *judged = row
    return Score(
        agent,
        value,
        confidence,
        reasoning,
        tuple(Factor(**factor) for factor in factors),
        tuple(sources),
        judged_at,
        degraded,
        *judged,
    )
