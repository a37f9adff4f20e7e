"""What we push to a user's screen, and its wire form (description 5.1.2).  Pure.

Out: `{"event": "agent:scores", "seq": 17, "at": "...Z", "data": {...}}`; `seq` counts per user
from 1 without gaps, so a client drops what it has and asks for what it lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from automoney.encoding import plain
from automoney.trading.judgement import Judgement, Score, View
from automoney.trading.orders import Decision, Fill
from automoney.trading.portfolio import Portfolio


class Event(StrEnum):
    AGENT_SCORES = "agent:scores"
    DECISION_MADE = "decision:made"
    TRADE_EXECUTED = "trade:executed"
    PORTFOLIO_UPDATE = "portfolio:update"


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one user, not yet numbered.  `data` is plain JSON."""

    event: Event
    strategy_id: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message in a user's outbox: `seq` is its number there."""

    user_id: str
    seq: int
    message: Message

    def envelope(self) -> dict[str, Any]:
        """The wire form, as JSON-ready values."""
        return {
            "event": self.message.event.value,
            "seq": self.seq,
            "at": plain(self.message.at),
            "data": dict(self.message.data),
        }


def score_data(score: Score) -> dict[str, Any]:
    return {
        "agent": score.agent,
        "score": score.value,
        "confidence": score.confidence,
        "reasoning": score.reasoning,
        "degraded": score.degraded,
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
    return Message(
        Event.AGENT_SCORES, judgement.strategy_id, judgement.slot_at, scores_data(judgement)
    )


def decision_data(execution_id: str, decision: Decision) -> dict[str, Any]:
    return {
        "executionId": execution_id,
        "asset": decision.asset,
        "signal": decision.signal.value,
        "conviction": plain(decision.conviction),
        "weight": plain(decision.weight),
        "targetWeight": plain(decision.target_weight),
        "reasoning": decision.reasoning,
    }


def decision_message(judgement: Judgement, decision: Decision) -> Message:
    data = {
        "strategyId": judgement.strategy_id,
        **decision_data(judgement.execution_id, decision),
    }
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
                "value": plain(position.value),
                "unrealisedPnl": plain(position.unrealised_pnl),
            }
            for position in portfolio.positions
        ],
    }


def portfolio_message(judgement: Judgement, portfolio: Portfolio, at: datetime) -> Message:
    data = {
        "strategyId": judgement.strategy_id,
        "executionId": judgement.execution_id,
        **portfolio_data(portfolio),
    }
    return Message(Event.PORTFOLIO_UPDATE, judgement.strategy_id, at, data)
