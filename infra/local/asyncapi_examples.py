"""One or two good examples of each message on the socket; tests hold them to the schemas."""

from typing import Any

_RUN = {"strategyId": "hodl-wave", "executionId": "hodl-wave:2025-11-05T12:00Z"}
_NOON = "2025-11-05T12:00:00Z"
_ALL: dict[str, Any] = {"event": None, "strategyId": None}
_ONE = {"event": "decision:made", "strategyId": "hodl-wave"}


def _score(agent: str, score: float, source: str) -> dict[str, Any]:
    return {
        "agent": agent,
        "score": score,
        "confidence": 0.85,
        "reasoning": "fed_funds: falling for 3 months",
        "degraded": False,
        "judge": "rules",
        "model": None,
        "fellBack": False,
        "judgedAt": _NOON,
        "sources": [source],
        "factors": [
            {
                "name": "fed_funds",
                "value": 4.33,
                "contribution": score,
                "note": "falling for 3 months",
                "ageHours": 36.0,
            }
        ],
    }


def _event(event: str, seq: int, data: dict[str, Any]) -> dict[str, Any]:
    return {"event": event, "seq": seq, "at": _NOON, "data": data}


def _state(event: str, seq: int, scope: str, author: str, reason: str) -> dict[str, Any]:
    data = {"strategyId": "hodl-wave", "scope": scope, "author": author, "reason": reason}
    return _event(event, seq, data)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "agent:scores": [
        _event(
            "agent:scores",
            17,
            _RUN
            | {
                "slot": _NOON,
                "assets": {
                    "BTC": {
                        "asset": "BTC",
                        "price": "45000",
                        "conviction": "12.5",
                        "degraded": False,
                        "weights": {"macro": "1"},
                        "scores": {"macro": _score("macro", 12.5, "fred")},
                    }
                },
            },
        )
    ],
    "decision:made": [
        _event(
            "decision:made",
            18,
            _RUN
            | {
                "asset": "BTC",
                "signal": "BUY",
                "rule": "buy",
                "conviction": "29.4",
                "weight": "0",
                "targetWeight": "0.25",
                "reasoning": "conviction 29.4 is at or above 25",
                "order": {"status": "filled", "reason": None, "detail": None},
            },
        )
    ],
    "trade:executed": [
        _event(
            "trade:executed",
            19,
            _RUN
            | {
                "asset": "BTC",
                "action": "BUY",
                "price": "45022.5",
                "markPrice": "45000",
                "quantity": "0.55527",
                "notional": "24999.64",
                "fee": "25",
                "at": _NOON,
            },
        )
    ],
    "portfolio:update": [
        _event(
            "portfolio:update",
            20,
            _RUN
            | {
                "totalValue": "99962.51",
                "cash": "74975.36",
                "pnl": "-37.49",
                "realisedPnl": "0",
                "unrealisedPnl": "-12.49",
                "fees": "25",
                "deposits": "100000",
                "holdings": [
                    {
                        "asset": "BTC",
                        "quantity": "0.55527",
                        "averageCost": "45022.5",
                        "price": "45000",
                        "priceAt": _NOON,
                        "value": "24987.15",
                        "unrealisedPnl": "-12.49",
                    }
                ],
            },
        )
    ],
    "data:degraded": [
        _event(
            "data:degraded",
            21,
            {
                "strategyId": "hodl-wave",
                "group": "prices",
                "state": "fallback",
                "source": "coingecko",
                "reason": "binance does not answer: coingecko stands in for it",
            },
        )
    ],
    "strategy:paused": [_state("strategy:paused", 22, "strategy", "olga", "exchange maintenance")],
    "strategy:resumed": [_state("strategy:resumed", 23, "mine", "ada", "back from a journey")],
    "subscribed": [{"event": "subscribed", "data": _ALL}, {"event": "subscribed", "data": _ONE}],
    "unsubscribed": [{"event": "unsubscribed", "data": _ONE}],
    "pong": [{"event": "pong"}],
    "error": [{"event": "error", "data": {"reason": "action must be one of subscribe, ping"}}],
    "connection:closed": [
        {"event": "connection:closed", "data": {"reason": "nothing was sent for 5 minutes"}}
    ],
    "gateway:failure": [
        {
            "message": "Internal server error",
            "connectionId": "TkL3ecpqFiACEYA=",
            "requestId": "TkL3eEAqFiAFn9w=",
        }
    ],
    "subscribe": [{"action": "subscribe"}, {"action": "subscribe", **_ONE}],
    "unsubscribe": [{"action": "unsubscribe", **_ONE}],
    "ping": [{"action": "ping"}],
}
