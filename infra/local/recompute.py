"""All indicators once more from the stored bars, by pandas-ta, beside the incremental state.

pandas-ta is told to keep to TA-Lib's conventions, and pandas is imported here alone: it takes a
second.  The one departure is the same as in `market.indicators`: RSI is 50 while nothing has moved.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Timeframe
from automoney.market.indicators import IndicatorState, prices
from automoney.market.snapshot import Indicators
from automoney.market.tracking import TRACKED, built_from, rebuild, tracked_since
from automoney.ports import Candles, MarketCache

TOLERANCE = 1e-9  # relative
_TINY = 1e-6
_NAMES = tuple(field.name for field in fields(Indicators))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far the incremental state is from pandas-ta over `bars` bars.

    `worst` is the greatest relative difference of any figure at any bar, None before there is one;
    `of` names the figure.  A figure that only one of the two has is infinitely far off.
    """

    asset: str
    timeframe: Timeframe
    bars: int
    worst: float | None
    of: str | None

    @property
    def agrees(self) -> bool:
        return self.worst is None or self.worst <= TOLERANCE


def recompute(
    assets: Sequence[str], candles: Candles, cache: MarketCache, *, at: datetime
) -> Iterator[Comparison]:
    """Compare each asset in each timeframe as of `at`, and leave its state warm in the cache."""
    for asset in assets:
        for timeframe in TRACKED:
            since = tracked_since(timeframe, at)
            stored = candles.closed(asset, built_from(timeframe), since=since, by=at)
            bars = _closed_bars(stored, timeframe)
            if not bars:
                continue
            revision = candles.revision(asset, built_from(timeframe))
            state = rebuild(timeframe, stored, revision=revision, at=at)
            if state is not None:
                cache.put_state(asset, timeframe, state.dump())
            yield compare(asset, timeframe, bars)


def _closed_bars(stored: Sequence[Candle], timeframe: Timeframe) -> list[Candle]:
    """The bars of `timeframe` that `stored` ones complete."""
    if not stored:
        return []
    until = timeframe.open_time(stored[-1].close_time)
    return [bar for bar in aggregate(stored, timeframe) if bar.close_time <= until]


def compare(asset: str, timeframe: Timeframe, bars: Sequence[Candle]) -> Comparison:
    """Every figure at every bar of `bars`, which are oldest first."""
    state = IndicatorState()
    mine = [state.update(*prices(bar)) for bar in bars]
    theirs = by_pandas_ta(bars)
    worst, of = -1.0, None
    for name in _NAMES:
        for bar, one, other in zip(bars, mine, theirs[name], strict=True):
            # A MACD crosses zero: there it is told relative to a millionth of the price.
            least = _TINY * float(bar.close) if name.startswith("macd") else 0.0
            difference = _relative(getattr(one, name), other, least)
            if difference > worst:
                worst, of = difference, name
    return Comparison(asset, timeframe, len(bars), worst if worst >= 0 else None, of)


def by_pandas_ta(bars: Sequence[Candle]) -> Mapping[str, list[float | None]]:
    """The figures of `Indicators` at each bar; None in a figure's warm-up."""
    import pandas as pd  # type: ignore[import-untyped]
    import pandas_ta as ta

    high, low, close = (
        pd.Series(column, dtype="float64") for column in zip(*map(prices, bars), strict=True)
    )
    macd = ta.macd(close, fast=12, slow=26, signal=9, talib=True)
    bands = ta.bbands(close, length=20, lower_std=2, upper_std=2, ddof=0, mamode="sma", talib=True)
    columns = {
        "ema21": ta.ema(close, length=21, talib=True),
        "ema55": ta.ema(close, length=55, talib=True),
        "rsi14": _with_50_unmoved(ta.rsi(close, length=14, talib=True), close),
        "macd": _column(macd, "MACD_"),
        "macd_signal": _column(macd, "MACDs_"),
        "macd_hist": _column(macd, "MACDh_"),
        "bb_upper": _column(bands, "BBU_"),
        "bb_middle": _column(bands, "BBM_"),
        "bb_lower": _column(bands, "BBL_"),
        "atr14": ta.atr(high, low, close, length=14, mamode="rma", talib=True),
    }
    return {name: _plain(columns[name], len(bars)) for name in _NAMES}


def _column(frame: Any, beginning: str) -> Any:
    """pandas-ta names columns by their parameters; None where there are too few bars for any."""
    if frame is None:
        return None
    return frame[next(name for name in frame if name.startswith(beginning))]


def _with_50_unmoved(rsi: Any, close: Any) -> Any:
    if rsi is None:
        return None
    moved = close.diff().fillna(0).ne(0).cummax()
    return rsi.where(moved | rsi.isna(), 50.0)


def _plain(column: Any, bars: int) -> list[float | None]:
    if column is None:
        return [None] * bars
    return [None if math.isnan(value) else float(value) for value in column]


def _relative(one: float | None, other: float | None, least: float) -> float:
    """Relative to the larger, or to `least`; -1 where neither has a figure, which is no worst."""
    if one is None or other is None:
        return -1.0 if one is other else float("inf")
    largest = max(abs(one), abs(other), least)
    return abs(one - other) / largest if largest else 0.0
