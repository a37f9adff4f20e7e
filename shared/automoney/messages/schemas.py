"""JSON Schemas (2020-12) of every message on the socket: the one place that says their shape.

`docs/asyncapi.yaml` is made of them, and tests hold what is really sent against them.  No object
may have a property that is not named here.
"""

from collections.abc import Iterable
from typing import Any

from automoney.messages.envelope import Event
from automoney.trading.judgement import Signal
from automoney.trading.orders import Refused, Rule
from automoney.trading.strategies import STRATEGIES

Schema = dict[str, Any]

ACTIONS = ("subscribe", "unsubscribe", "ping")


def _object(properties: Schema, optional: Iterable[str] = (), about: str = "") -> Schema:
    needed = [name for name in properties if name not in set(optional)]
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if needed:
        made["required"] = needed
    return {"description": about, **made} if about else made


def _names(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _map(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_TRUTH: Schema = {"type": "boolean"}
_DECIMAL: Schema = {
    "type": "string",
    "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$",
    "description": "A decimal number; a string, so that no digit is lost",
}
_TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$",
    "description": "UTC, as RFC 3339 has it",
}
_SCORE: Schema = {"type": "number", "minimum": -100, "maximum": 100}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}

_FACTOR = _object(
    {
        "name": _TEXT,
        "value": _or_null(_NUMBER),
        "contribution": _NUMBER,
        "note": _TEXT,
        "ageHours": _or_null(_NUMBER),
    }
)
_AGENT_SCORE = _object(
    {
        "agent": _names(("macro", "onchain", "technical")),
        "score": _SCORE,
        "confidence": _SHARE,
        "reasoning": _TEXT,
        "degraded": _TRUTH,
        "judge": _TEXT,
        "model": _or_null(_TEXT),
        "fellBack": _TRUTH,
        "judgedAt": _TIME,
        "sources": {"type": "array", "items": _TEXT},
        "factors": {"type": "array", "items": _FACTOR},
    }
)
_VIEW = _object(
    {
        "asset": _TEXT,
        "price": _DECIMAL,
        "conviction": _DECIMAL,
        "degraded": _TRUTH,
        "weights": _map(_DECIMAL),
        "scores": _map(_AGENT_SCORE),
    }
)
_ORDER = _object(
    {
        "status": _names(("filled", "refused", "none")),
        "reason": _or_null(_names(Refused)),
        "detail": _or_null(_TEXT),
    }
)
_HOLDING = _object(
    {
        "asset": _TEXT,
        "quantity": _DECIMAL,
        "averageCost": _DECIMAL,
        "price": _DECIMAL,
        "priceAt": _TIME,
        "value": _DECIMAL,
        "unrealisedPnl": _DECIMAL,
    }
)
_STATE = _object(
    {
        "strategyId": _TEXT,
        "scope": {
            **_names(("strategy", "mine")),
            "description": "The strategy for all who follow it, or your own part of it",
        },
        "author": {**_TEXT, "description": "`engine`, or the id of who did it"},
        "reason": _TEXT,
    }
)

DATA: dict[Event, Schema] = {
    Event.AGENT_SCORES: _object(
        {
            "strategyId": _TEXT,
            "executionId": _TEXT,
            "slot": _TIME,
            "assets": _map(_VIEW),
        }
    ),
    Event.DECISION_MADE: _object(
        {
            "strategyId": _TEXT,
            "executionId": _TEXT,
            "asset": _TEXT,
            "signal": _names(Signal),
            "rule": _names(Rule),
            "conviction": _DECIMAL,
            "weight": _DECIMAL,
            "targetWeight": _DECIMAL,
            "reasoning": _TEXT,
            "order": _ORDER,
        }
    ),
    Event.TRADE_EXECUTED: _object(
        {
            "strategyId": _TEXT,
            "executionId": _TEXT,
            "asset": _TEXT,
            "action": _names((Signal.BUY, Signal.SELL)),
            "price": _DECIMAL,
            "markPrice": _DECIMAL,
            "quantity": _DECIMAL,
            "notional": _DECIMAL,
            "fee": _DECIMAL,
            "at": _TIME,
        }
    ),
    Event.PORTFOLIO_UPDATE: _object(
        {
            "strategyId": _TEXT,
            "executionId": _TEXT,
            **dict.fromkeys(
                ("totalValue", "cash", "pnl", "realisedPnl", "unrealisedPnl", "fees", "deposits"),
                _DECIMAL,
            ),
            "holdings": {"type": "array", "items": _HOLDING},
        }
    ),
    Event.DATA_DEGRADED: _object(
        {
            "strategyId": _TEXT,
            "group": _names(("prices", "onchain", "macro", "sentiment")),
            "state": {
                **_names(("good", "fallback", "stale")),
                "description": "`fallback`: another source stands in; `stale`: nothing new comes;"
                " `good`: it is over",
            },
            "source": _or_null(_TEXT),
            "reason": _TEXT,
        }
    ),
    Event.STRATEGY_PAUSED: _STATE,
    Event.STRATEGY_RESUMED: _STATE,
}

ABOUT: dict[Event, str] = {
    Event.AGENT_SCORES: "The three judges have judged",
    Event.DECISION_MADE: "What was decided for your portfolio, and what became of it",
    Event.TRADE_EXECUTED: "A paper trade of yours was booked",
    Event.PORTFOLIO_UPDATE: "Your portfolio after a run",
    Event.DATA_DEGRADED: "Data went stale or a fallback is in use, or they are good again",
    Event.STRATEGY_PAUSED: "A strategy you follow, or your part of it, was paused",
    Event.STRATEGY_RESUMED: "It was resumed",
}


def _event(event: Event) -> Schema:
    seq = {"type": "integer", "minimum": 1, "description": "Counts per user, without gaps"}
    properties = {
        "event": {"const": event.value},
        "seq": seq,
        "at": {**_TIME, "description": "When it was, by the market's clock"},
        "data": DATA[event],
    }
    return _object(properties, about=ABOUT[event])


def _reply(event: str, data: Schema, about: str) -> Schema:
    return _object({"event": {"const": event}, "data": data}, about=about)


_ASKED: Schema = {
    "event": {**_or_null(_names(Event)), "description": "Absent or null: all events"},
    "strategyId": {**_or_null(_names(STRATEGIES)), "description": "Absent or null: all of them"},
}
_REASON = _object({"reason": _TEXT})

EVENTS: dict[str, Schema] = {event.value: _event(event) for event in Event}

REPLIES: dict[str, Schema] = {
    "subscribed": _reply("subscribed", _object(_ASKED), "You hear of these from now on"),
    "unsubscribed": _reply("unsubscribed", _object(_ASKED), "You hear of these no longer"),
    "pong": _object({"event": {"const": "pong"}}, about="Answers `ping`"),
    "error": _reply("error", _REASON, "Your message was not understood, and why"),
    "connection:closed": _reply(
        "connection:closed", _REASON, "The last message before we close, and why"
    ),
    "gateway:failure": _object(
        {"message": _TEXT, "connectionId": _TEXT, "requestId": _TEXT},
        about="API Gateway's own words when a function failed; send your message again",
    ),
}

REQUESTS: dict[str, Schema] = {
    "subscribe": _object({"action": {"const": "subscribe"}, **_ASKED}, _ASKED),
    "unsubscribe": _object({"action": {"const": "unsubscribe"}, **_ASKED}, _ASKED),
    "ping": _object(
        {"action": {"const": "ping"}},
        about="At least every five minutes, best every 30 seconds: it costs us nothing",
    ),
}


def outbound(message: Schema) -> Schema:
    """The schema of something that we send.  Raises KeyError for what has none."""
    name = message.get("event", "gateway:failure")
    return EVENTS[name] if name in EVENTS else REPLIES[name]
