"""One good answer to why it did not trade, and one of each about backtests."""

from typing import Any

from automoney.api.examples import DECISIONS

_REASON = "Conviction +12.4 is between -20 and +20: hold (now 0.0 %)."
WHY: dict[str, Any] = {
    "strategyId": "hodl-wave",
    "asset": "BTC",
    "traded": False,
    "words": f"At 2025-11-05 12:00 UTC BTC was left alone. {_REASON}",
    "decision": {
        **DECISIONS["decisions"][0],
        "signal": "HOLD",
        "rule": "between",
        "conviction": "12.4",
        "targetWeight": "0",
        "reasoning": _REASON,
        "order": {"status": "none", "reason": None, "detail": None},
    },
    "holds": [
        {"code": "between", "words": _REASON},
        {"code": "next_run", "words": "HODL-Wave runs next at 2025-11-05 16:00 UTC."},
    ],
    "nextRun": "2025-11-05T16:00:00Z",
}


def _figures(final: str, percent: float, drawdown: float, trades: int) -> dict[str, Any]:
    return {
        "decisions": 33_480,
        "trades": trades,
        "start_equity": "100000",
        "final_equity": final,
        "return_pct": percent,
        "max_drawdown_pct": drawdown,
        "sharpe": 0.91,
        "sortino": 1.29,
        "fees_paid": "645.12",
        "exposure_pct": 62.1,
    }


_OWN = _figures("1334000.5", 1234.0, 62.3, 17)
_HOLD = _figures("760000.25", 660.0, 81.2, 2)
_DCA = _figures("842000.75", 742.0, 72.4, 798)
BACKTEST: dict[str, Any] = {
    "id": "0123456789abcdef0123456789abcdef",
    "strategyId": "hodl-wave",
    "from": "2018-02-01",
    "to": "2025-09-21",
    "madeAt": "2025-11-05T12:00:00Z",
    "figures": {**_OWN, "buyAndHold": _HOLD, "dca": _DCA, "decisions_sha256": "a" * 64},
}
BACKTESTS: dict[str, Any] = {"backtests": [BACKTEST], "nextCursor": None}
WHOLE: dict[str, Any] = {
    "id": BACKTEST["id"],
    "madeAt": BACKTEST["madeAt"],
    "strategy": "hodl-wave",
    "from": "2018-02-01T00:00:00Z",
    "to": "2025-09-21T00:00:00Z",
    **_OWN,
    "buy_and_hold": _HOLD,
    "dca": _DCA,
    "spans": [],
    "decisions_sha256": "a" * 64,
}
