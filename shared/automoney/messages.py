"""What we push to a user's screen, and its wire form (description 5.1.2).  Pure.

Out: `{"event": "agent:scores", "seq": 17, "at": "...Z", "data": {...}}`; `seq` counts per user
from 1 without gaps, so a client drops what it has and asks for what it lacks.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from automoney.encoding import dumps, plain
from automoney.quickly import quickly_made
from automoney.trading.judgement import Judgement, Score, Signal, View
from automoney.trading.orders import Decision, Fill, Rejection
from automoney.trading.portfolio import Portfolio


class Event(StrEnum):
    AGENT_SCORES = "agent:scores"
    DECISION_MADE = "decision:made"
    TRADE_EXECUTED = "trade:executed"
    PORTFOLIO_UPDATE = "portfolio:update"


class Later(Mapping[str, Any]):
    """A payload that is put together when it is first read: in a backtest nobody ever does."""

    __slots__ = ("_data", "_make", "_text")

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self._make = make
        self._data: dict[str, Any] | None = None
        self._text: str | None = None

    @classmethod
    def written(cls, text: str) -> "Later":
        """The payload that has been encoded as `text`."""
        payload = cls(lambda: json.loads(text))
        payload._text = text
        return payload

    @property
    def text(self) -> str:
        """As JSON, encoded once for all who are told the same."""
        if self._text is None:
            self._text = dumps(self.made)
        return self._text

    @property
    def made(self) -> dict[str, Any]:
        if self._data is None:
            self._data = self._make()
        return self._data

    def __getitem__(self, key: str) -> Any:
        return self.made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)


@quickly_made
@dataclass(frozen=True, slots=True)
class Message:
    """One event for one user, not yet numbered.  `data` is plain JSON."""

    event: Event
    strategy_id: str
    at: datetime
    data: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The data as JSON."""
        return self.data.text if isinstance(self.data, Later) else dumps(dict(self.data))


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message in a user's outbox: `seq` is its number there."""

    user_id: str
    seq: int
    message: Message

    @property
    def text(self) -> str:
        """The wire form as JSON, around the payload's own text."""
        event, at = dumps(self.message.event.value), dumps(self.message.at)
        return f'{{"event":{event},"seq":{self.seq},"at":{at},"data":{self.message.text}}}'

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
