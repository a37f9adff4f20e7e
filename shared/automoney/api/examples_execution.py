"""One good answer of the route that explains a run, for the API's description."""

from typing import Any

from automoney.api.examples import DECISIONS, PORTFOLIO, SCORES, TRADES

_RUN, _SLOT = SCORES["executionId"], SCORES["slot"]
_VIEW = SCORES["assets"]["BTC"]
_MARK = {
    "asset": "BTC",
    "price": "45000",
    "at": "2025-11-05T11:55:02Z",
    "source": "binance",
    "anomalous": False,
}


def _input(source: str, name: str, value: Any, age: float, limit: float) -> dict[str, Any]:
    return {
        "source": source,
        "name": name,
        "asset": None if source == "macro" else "BTC",
        "value": value,
        "by": "fred" if source == "macro" else "binance",
        "period": "2025-11-01T00:00:00Z" if source == "macro" else None,
        "availableAt": "2025-11-04T00:00:00Z" if source == "macro" else _MARK["at"],
        "ageHours": age,
        "limitHours": limit,
        "stale": False,
        "filled": None,
        "proxy": False,
        "anomalous": False,
    }


def _term(agent: str, weight: str, points: str) -> dict[str, Any]:
    return {
        "agent": agent,
        "score": _VIEW["scores"][agent]["score"],
        "weight": weight,
        "points": points,
        "usedAgain": False,
        "judgedAt": _SLOT,
    }


def _receipt(chain: str, number: int, length: int) -> dict[str, Any]:
    return {
        "chain": chain,
        "number": number,
        "bytes": length,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "link": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "error": None,
    }


def _own(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A row of a page, without what the run says itself."""
    return {**{name: row[name] for name in row if name not in ("slot", "strategyId")}, **more}


_DECISION, _TRADE = DECISIONS["decisions"][0], TRADES["trades"][0]
_AFTER = {name: PORTFOLIO[name] for name in PORTFOLIO if name != "at"}
_PART: dict[str, Any] = {
    "userId": "ada",
    "paused": None,
    "guards": {"maxPosition": "0.5", "maxDailyLoss": None, "allowedAssets": None},
    "costs": {"fee": "0.001", "slippage": "0.0005"},
    "before": {
        **_AFTER,
        **{"totalValue": "100000", "cash": "100000", "pnl": "0", "unrealisedPnl": "0", "fees": "0"},
        "holdings": [],
    },
    "decisions": [_own(_DECISION)],
    "trades": [_own(_TRADE, slippage="0.225")],
    "after": _AFTER,
}

EXECUTION: dict[str, Any] = {
    "executionId": _RUN,
    "strategyId": "hodl-wave",
    "slot": _SLOT,
    "status": "judged",
    "reason": None,
    "fence": 7,
    "inputs": {"BTC": {"mark": _MARK, "timeframe": "1w", "stale": [], "readings": {}}},
    "recordedAt": "2025-11-05T12:00:02.120000Z",
    "kind": "turn",
    "askedBy": None,
    "steps": [
        {"name": "agents", "detail": "BTC: macro +12.50, onchain +41.00", "milliseconds": 3.1}
    ],
    "assets": SCORES["assets"],
    "data": [
        _input("prices", "price", "45000", 0.08, 0.25),
        _input("macro", "us10y", 4.08, 36.0, 240.0),
    ],
    "weighing": {
        "BTC": {
            "weights": "weights",
            "why": "every agent has its usual weight",
            "terms": [
                _term("macro", "0.4", "5"),
                _term("onchain", "0.4", "16.4"),
                _term("technical", "0.2", "8"),
            ],
            "conviction": _VIEW["conviction"],
        }
    },
    "models": [
        {
            "provider": "openai",
            "model": "gpt-4.1-mini",
            "request": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "outcome": "ok",
            "error": None,
            "inputTokens": 1480,
            "outputTokens": 260,
            "cost": "0.001008",
            "milliseconds": 1240,
        }
    ],
    "cost": "0.001008",
    "part": _PART,
    "receipts": {"run": _receipt("hodl-wave", 1204, 9_870), "part": _receipt("ada", 318, 2_170)},
    "summary": [
        "HODL-Wave, 2025-11-05 12:00 UTC: conviction BTC +29.40, on a scale from -100 (get out) to"
        " +100 (get in).",
        "BTC: macro +12.50 x 0.4 = +5.00, onchain +41.00 x 0.4 = +16.40, technical +40.00 x 0.2 ="
        " +8.00; every agent has its usual weight.",
        "ada bought 0.01 BTC at 45,022.50 for 450.23, with a fee of 0.45 (rule: buy): Conviction"
        " +29.4 reaches +20: buy up to 24.5 % of equity (now 0.0 %).",
        "Models were asked 1 times, for 0.001008 dollars.",
    ],
}
