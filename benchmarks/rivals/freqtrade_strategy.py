"""The like strategy as freqtrade wants it: columns for all bars at once, by TA-Lib."""
# mypy: disable-error-code="import-not-found,import-untyped,misc"

from typing import Any, ClassVar

import numpy as np
import talib
from freqtrade.strategy import IStrategy

from benchmarks.rivals import rule


class InAndOut(IStrategy):
    """Half the account in an asset or nothing of it."""

    INTERFACE_VERSION = 3
    timeframe = "1h"
    startup_candle_count = 200
    can_short = False
    use_exit_signal = True
    minimal_roi: ClassVar[dict[str, float]] = {}
    stoploss = -0.99
    order_types: ClassVar[dict[str, Any]] = {
        "entry": "market",
        "exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        high, low, close = (dataframe[name].to_numpy() for name in ("high", "low", "close"))
        macd, _, _ = talib.MACD(close, rule.MACD_FAST, rule.MACD_SLOW, 9)
        upper, middle, _ = talib.BBANDS(close, rule.BANDS, rule.WIDTH, rule.WIDTH)
        trend = talib.EMA(close, rule.FAST) / talib.EMA(close, rule.SLOW) - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = (
                trend * rule.TREND_SCALE,
                talib.RSI(close, rule.RSI) / 50 - 1,
                macd / talib.ATR(high, low, close, rule.ATR),
                (close - middle) / (upper - middle),
            )
        dataframe["score"] = sum(np.clip(term, -1, 1) for term in terms) / len(terms)
        dataframe["due"] = (dataframe["date"].dt.hour + 1) % rule.EVERY == 0  # at the bar's end
        return dataframe

    def populate_entry_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        dataframe.loc[dataframe["due"] & (dataframe["score"] > rule.BUY_ABOVE), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        dataframe.loc[dataframe["due"] & (dataframe["score"] < rule.SELL_BELOW), "exit_long"] = 1
        return dataframe

    def custom_stake_amount(self, *given: Any, max_stake: float, **more: Any) -> float:
        whole: float = self.wallets.get_total_stake_amount()
        return min(rule.SHARE * whole, max_stake)
