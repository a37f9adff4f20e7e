"""The payload of each event, as plain JSON."""

from datetime import datetime
from typing import Any

from automoney.encoding import plain
from automoney.messages.envelope import Event, Later, Message
from automoney.trading.judgement import Judgement, Score, Signal, View
from automoney.trading.orders import Decision, Fill, Rejection
from automoney.trading.portfolio import Portfolio


def score_data(score: Score) -> dict[str, Any]:
    return {
        "agent": score.agent,
        "score": score.value,
        "confidence": score.confidence,
        "reasoning": score.reasoning,
        "degraded": score.degraded,
        "judge": score.judge,
        "model": score.model,
        "fellBack": score.fell_back,
        "judgedAt": plain(score.judged_at),
        "sources": list(score.sources),
        "factors": [
            {
                "name": factor.name,
                "value": factor.value,
                "contribution": factor.contribution,
                "note": factor.note,
                "ageHours": factor.age_hours,
            }
            for factor in score.factors
        ],
    }


def view_data(view: View) -> dict[str, Any]:
    return {
        "asset": view.asset,
        "price": plain(view.mark.price),
        "conviction": plain(view.conviction),
        "degraded": view.degraded,
        "weights": plain(dict(view.weights)),
        "scores": {agent: score_data(score) for agent, score in view.scores.items()},
    }


def scores_data(judgement: Judgement) -> dict[str, Any]:
    """The payload of `agent:scores`, also what `GET /api/agents/scores` answers."""
    return {
        "strategyId": judgement.strategy_id,
        "executionId": judgement.execution_id,
        "slot": plain(judgement.slot_at),
        "assets": {asset: view_data(view) for asset, view in judgement.views.items()},
    }


def scores_message(judgement: Judgement) -> Message:
    data = Later(lambda: scores_data(judgement))
    return Message(Event.AGENT_SCORES, judgement.strategy_id, judgement.slot_at, data)


def order_data(status: str, reason: str | None = None, detail: str | None = None) -> dict[str, Any]:
    """What became of a decision: `filled`, `refused` (why, and in words), or `none` was wanted."""
    return {"status": status, "reason": reason, "detail": detail}


def decision_data(
    execution_id: str, decision: Decision, refusal: Rejection | None
) -> dict[str, Any]:
    """A decision with its outcome; a BUY or SELL without a refusal was filled."""
    if refusal is not None:
        order = order_data("refused", refusal.reason.value, refusal.detail)
    else:
        order = order_data("none" if decision.signal is Signal.HOLD else "filled")
    return {
        "executionId": execution_id,
        "asset": decision.asset,
        "signal": decision.signal.value,
        "rule": decision.rule.value,
        "conviction": plain(decision.conviction),
        "weight": plain(decision.weight),
        "targetWeight": plain(decision.target_weight),
        "reasoning": decision.reasoning,
        "order": order,
    }


def decision_message(
    judgement: Judgement, decision: Decision, refusal: Rejection | None = None
) -> Message:
    data = Later(
        lambda: {
            "strategyId": judgement.strategy_id,
            **decision_data(judgement.execution_id, decision, refusal),
        }
    )
    return Message(Event.DECISION_MADE, judgement.strategy_id, judgement.slot_at, data)


def trade_data(execution_id: str, fill: Fill) -> dict[str, Any]:
    return {
        "executionId": execution_id,
        "asset": fill.asset,
        "action": fill.side.value,
        "price": plain(fill.price),
        "markPrice": plain(fill.mark_price),
        "quantity": plain(fill.quantity),
        "notional": plain(fill.notional),
        "fee": plain(fill.fee),
        "at": plain(fill.at),
    }


def trade_message(judgement: Judgement, fill: Fill) -> Message:
    data = {"strategyId": judgement.strategy_id, **trade_data(judgement.execution_id, fill)}
    return Message(Event.TRADE_EXECUTED, judgement.strategy_id, fill.at, data)


def portfolio_data(portfolio: Portfolio) -> dict[str, Any]:
    return {
        "totalValue": plain(portfolio.equity),
        "cash": plain(portfolio.cash),
        "pnl": plain(portfolio.pnl),
        "realisedPnl": plain(portfolio.realised_pnl),
        "unrealisedPnl": plain(portfolio.unrealised_pnl),
        "fees": plain(portfolio.fees),
        "deposits": plain(portfolio.deposits),
        "holdings": [
            {
                "asset": position.asset,
                "quantity": plain(position.quantity),
                "averageCost": plain(position.average_cost),
                "price": plain(position.price),
                "priceAt": plain(position.priced_at),
                "value": plain(position.value),
                "unrealisedPnl": plain(position.unrealised_pnl),
            }
            for position in portfolio.positions
        ],
    }


def portfolio_message(judgement: Judgement, portfolio: Portfolio, at: datetime) -> Message:
    data = Later(
        lambda: {
            "strategyId": judgement.strategy_id,
            "executionId": judgement.execution_id,
            **portfolio_data(portfolio),
        }
    )
    return Message(Event.PORTFOLIO_UPDATE, judgement.strategy_id, at, data)


def state_message(
    event: Event, strategy_id: str, user_id: str | None, *, author: str, reason: str, at: datetime
) -> Message:
    """A strategy was paused or resumed: the whole for all followers, or that user's own part."""
    scope = "strategy" if user_id is None else "mine"
    data = {"strategyId": strategy_id, "scope": scope, "author": author, "reason": reason}
    return Message(event, strategy_id, at, data)


def data_message(
    strategy_id: str, group: str, state: str, *, source: str | None, reason: str, at: datetime
) -> Message:
    """`group` is prices, onchain, macro or sentiment; `state` good, fallback or stale."""
    data = {
        "strategyId": strategy_id,
        "group": group,
        "state": state,
        "source": source,
        "reason": reason,
    }
    return Message(Event.DATA_DEGRADED, strategy_id, at, data)
