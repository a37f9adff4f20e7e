"""What others make of the same bars: TA-Lib and pandas-ta, told to use the same conventions."""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import talib

from automoney.market.snapshot import Indicators

Bar = tuple[float, float, float]  # high, low, close
Columns = dict[str, list[float | None]]  # a value a bar, None where it is not known yet
NAMES = [item.name for item in fields(Indicators)]


def by_talib(bars: Sequence[Bar]) -> Columns:
    """TA-Lib's batch answer; its RSI of 0 for no movement at all becomes 50."""
    high, low, close = (np.array(column) for column in zip(*bars, strict=True))
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    answer = {
        "ema21": _known(talib.EMA(close, 21)),
        "ema55": _known(talib.EMA(close, 55)),
        "rsi14": _known(talib.RSI(close, 14)),
        "macd": _known(macd),
        "macd_signal": _known(signal),
        "macd_hist": _known(histogram),
        "bb_upper": _known(upper),
        "bb_middle": _known(middle),
        "bb_lower": _known(lower),
        "atr14": _known(talib.ATR(high, low, close, 14)),
    }
    moved = np.flatnonzero(np.diff(close))
    still = int(moved[0]) + 1 if len(moved) else len(close)  # bars before the first movement
    answer["rsi14"] = [
        50.0 if value is not None and bar < still else value
        for bar, value in enumerate(answer["rsi14"])
    ]
    return answer


def by_pandas_ta(bars: Sequence[Bar], *, through_talib: bool) -> Columns:
    """pandas-ta's answer, by its own formulas or those of TA-Lib behind its interface."""
    import pandas as pd  # type: ignore[import-untyped]
    import pandas_ta as ta

    high, low, close = (pd.Series(column) for column in zip(*bars, strict=True))
    how: dict[str, Any] = {"talib": through_talib}
    macd = ta.macd(close, fast=12, slow=26, signal=9, **how)
    bands = ta.bbands(close, length=20, lower_std=2, upper_std=2, ddof=0, **how)
    return {
        "ema21": _known(ta.ema(close, length=21, **how)),
        "ema55": _known(ta.ema(close, length=55, **how)),
        "rsi14": _known(ta.rsi(close, length=14, **how)),
        "macd": _known(macd["MACD_12_26_9"]),
        "macd_signal": _known(macd["MACDs_12_26_9"]),
        "macd_hist": _known(macd["MACDh_12_26_9"]),
        "bb_upper": _known(bands["BBU_20_2_2"]),
        "bb_middle": _known(bands["BBM_20_2_2"]),
        "bb_lower": _known(bands["BBL_20_2_2"]),
        "atr14": _known(ta.atr(high, low, close, length=14, **how)),
    }


def _known(column: Any) -> list[float | None]:
    return [None if math.isnan(value) else float(value) for value in column]
