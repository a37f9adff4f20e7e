"""One good answer of each route, for the API's description.  The tests hold them to the code."""

from typing import Any

_RUN = "hodl-wave:2025-11-05T12:00Z"
_SLOT = "2025-11-05T12:00:00Z"


def _score(agent: str, value: float, factor: dict[str, Any], source: str) -> dict[str, Any]:
    return {
        "agent": agent,
        "score": value,
        "confidence": 0.85,
        "reasoning": f"{factor['name']}: {factor['note']}",
        "degraded": False,
        "judge": "rules",
        "model": None,
        "fellBack": False,
        "judgedAt": _SLOT,
        "sources": [source],
        "factors": [factor],
    }


def _factor(name: str, value: float, contribution: float, note: str, age: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "contribution": contribution,
        "note": note,
        "ageHours": age,
    }


_VIEW: dict[str, Any] = {
    "asset": "BTC",
    "price": "45000",
    "conviction": "29.4",
    "degraded": False,
    "weights": {"macro": "0.4", "onchain": "0.4", "technical": "0.2"},
    "scores": {
        "macro": _score(
            "macro", 12.5, _factor("fed_funds", 4.33, 12.5, "falling for 3 months", 36.0), "fred"
        ),
        "onchain": _score(
            "onchain", 41.0, _factor("mvrv_z", 1.8, 41.0, "below its mean", 12.0), "glassnode"
        ),
        "technical": _score(
            "technical", 40.0, _factor("rsi14", 58.2, 40.0, "rising, not hot", 0.0), "binance"
        ),
    },
}

SCORES: dict[str, Any] = {
    "strategyId": "hodl-wave",
    "executionId": _RUN,
    "slot": _SLOT,
    "assets": {"BTC": _VIEW},
    "stale": False,
}

_DECISION: dict[str, Any] = {
    "executionId": _RUN,
    "slot": _SLOT,
    "strategyId": "hodl-wave",
    "asset": "BTC",
    "signal": "BUY",
    "rule": "buy",
    "conviction": "29.4",
    "weight": "0",
    "targetWeight": "0.245",
    "reasoning": "Conviction +29.4 reaches +20: buy up to 24.5 % of equity (now 0.0 %).",
    "order": {"status": "filled", "reason": None, "detail": None},
}
DECISIONS: dict[str, Any] = {"decisions": [_DECISION], "nextCursor": None}

_TRADE: dict[str, Any] = {
    "executionId": _RUN,
    "slot": _SLOT,
    "strategyId": "hodl-wave",
    "asset": "BTC",
    "action": "BUY",
    "price": "45022.5",
    "markPrice": "45000",
    "quantity": "0.01",
    "notional": "450.225",
    "fee": "0.450225",
    "at": "2025-11-05T12:00:03Z",
}
TRADES: dict[str, Any] = {"trades": [_TRADE], "nextCursor": None}

_BOOKS: dict[str, Any] = {
    "totalValue": "99999.774775",
    "cash": "99549.324775",
    "pnl": "-0.225225",
    "realisedPnl": "0",
    "unrealisedPnl": "-0.225225",
    "fees": "0.450225",
    "deposits": "100000",
    "holdings": [
        {
            "asset": "BTC",
            "quantity": "0.01",
            "averageCost": "45067.5225",
            "price": "45045",
            "priceAt": "2025-11-05T12:04:00Z",
            "value": "450.45",
            "unrealisedPnl": "-0.225225",
        }
    ],
}
PORTFOLIO: dict[str, Any] = {"at": "2025-11-05T12:04:10Z", **_BOOKS}
FRESH: dict[str, Any] = {
    "at": "2025-11-05T12:04:10Z",
    "totalValue": "100000",
    "cash": "100000",
    "pnl": "0",
    "realisedPnl": "0",
    "unrealisedPnl": "0",
    "fees": "0",
    "deposits": "100000",
    "holdings": [],
}

EQUITY: dict[str, Any] = {
    "days": [
        {
            "day": "2025-11-05",
            "at": "2025-11-05T20:00:00Z",
            "executionId": "hodl-wave:2025-11-05T20:00Z",
            "equity": "101250.5",
            "cash": "75000",
            "fees": "25.1",
            "realisedPnl": "0",
            "drawdown": "0.0123",
        }
    ],
    "nextCursor": None,
}

STRATEGIES: dict[str, Any] = {
    "strategies": [
        {
            "id": "hodl-wave",
            "name": "HODL-Wave",
            "assets": ["BTC", "ETH"],
            "cron": "0 */4 * * *",
            "lastRun": _SLOT,
            "nextRun": "2025-11-05T16:00:00Z",
            "timeframe": "1w",
            "timeframes": ["1w"],
            "weights": {"macro": "0.4", "onchain": "0.4", "technical": "0.2"},
            "degradedWeights": {"macro": "0.5", "onchain": "0.2", "technical": "0.3"},
            "buyAbove": "20",
            "sellBelow": "-20",
            "fullConviction": "60",
            "maxPosition": "0.5",
            "maxDailyLoss": None,
            "rebalanceBand": "0.05",
            "minimumOrder": "10",
            "cooldownSeconds": 0,
            "paused": False,
            "following": {
                "maxPosition": "0.5",
                "maxDailyLoss": "0.05",
                "allowedAssets": ["BTC"],
                "fee": None,
                "slippage": None,
            },
        }
    ],
    "paperMoney": "100000",
    "costs": {"fee": "0.001", "slippage": "0.0005"},
}

PAUSE: dict[str, Any] = {
    "strategyId": "hodl-wave",
    "strategy": {
        "paused": True,
        "since": _SLOT,
        "reason": "no language model answered: ollama: no answer within 20 s",
        "author": "engine",
        "log": [
            {
                "since": _SLOT,
                "reason": "no language model answered: ollama: no answer within 20 s",
                "author": "engine",
                "ended": None,
                "endedBy": None,
                "endedBecause": None,
            }
        ],
    },
    "mine": {"paused": False, "since": None, "reason": None, "author": None, "log": []},
}

EVENTS: dict[str, Any] = {
    "events": [
        {
            "event": "trade:executed",
            "seq": 17,
            "at": "2025-11-05T12:00:03Z",
            "data": {name: value for name, value in _TRADE.items() if name != "slot"},
        }
    ],
    "lastSeq": 17,
}

_BAR: dict[str, Any] = {
    "openTime": "2025-11-03T00:00:00Z",
    "open": "44000",
    "high": "45500",
    "low": "43500",
    "close": "45000",
    "volume": "18250.5",
    "source": "binance",
    "isAnomaly": False,
    "filled": None,
}
CANDLES: dict[str, Any] = {"asset": "BTC", "timeframe": "1w", "candles": [_BAR]}


def _reading(value: float, period: str, source: str, age: float) -> dict[str, Any]:
    return {
        "value": value,
        "period": period,
        "source": source,
        "filled": None,
        "isAnomaly": False,
        "proxy": False,
        "ageHours": age,
        "isStale": False,
    }


_INDICATORS: dict[str, Any] = {
    "ema21": 43210.5,
    "ema55": 40100.2,
    "rsi14": 58.2,
    "macd": 900.1,
    "macdSignal": 850.4,
    "macdHist": 49.7,
    "bbUpper": 47000.0,
    "bbMiddle": 43000.0,
    "bbLower": 39000.0,
    "atr14": 2100.3,
}
MARKET: dict[str, Any] = {
    "asset": "BTC",
    "price": "45000",
    "at": "2025-11-05T12:00:00Z",
    "source": "binance",
    "isAnomaly": False,
    "origin": "cache",
    "indicators": _INDICATORS,
    "week": _BAR,
    "timeframes": {"1h": _INDICATORS, "4h": _INDICATORS, "1d": _INDICATORS},
    "ageSeconds": 90,
    "isStale": False,
    "onchain": {"mvrv_z": _reading(1.8, "2025-11-04T00:00:00Z", "glassnode", 12.0)},
    "macro": {"fed_funds": _reading(4.33, "2025-11-03T00:00:00Z", "fred", 36.0)},
    "sentiment": {"fear_greed": _reading(63.0, "2025-11-05T00:00:00Z", "alternative.me", 12.0)},
}

_USE: dict[str, Any] = {
    "hits": 960,
    "misses": 40,
    "rebuilds": 12,
    "failures": 0,
    "hitRate": 0.96,
}
HEALTH: dict[str, Any] = {
    "status": "ok",
    "world": "live",
    "marketTime": "2025-11-05T12:01:30Z",
    "database": "ok",
    "cache": {"status": "ok", **_USE, "kinds": {"latest": _USE}},
    "sources": {
        "collect_prices": {
            "source": "binance",
            "outcome": "ok",
            "at": _SLOT,
            "ageSeconds": 90,
            "failedInARow": 0,
            "okAgeSeconds": 90,
            "success24h": 0.9965,
        }
    },
}
