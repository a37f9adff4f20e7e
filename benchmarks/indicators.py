"""The ten indicators of one more bar, beside three libraries.

Each side gets the same bars one by one, and after each one has the ten figures of `Indicators`:
EMA 21 and 55, RSI 14, MACD(12, 26, 9) with signal and histogram, Bollinger(20, 2), ATR 14.

- automoney: `IndicatorState.update`, from an empty state, so warm-up is part of it.
- talipp: `add` of its six indicators, from empty.  Its OHLCV objects are made beforehand and its
  results are not read, which flatters it.
- pandas-ta: all six functions over the history up to the bar, as one must who has no state: once
  through TA-Lib, once by its own formulas (`talib=False`).  Every tenth bar is measured.
- TA-Lib: all six `talib.stream` calls.  They too start from the array they are given, so it must be
  long: once the whole history, once for each indicator the shortest array whose answer is within
  1e-9 of the right one, and, as a lower bound, the shortest that gets any answer, however wrong.

Times are processor time a bar, the best of several rounds in which all sides take turns.
"""

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from automoney.market.indicators import IndicatorState
from benchmarks.result import Benchmark, Result

Bar = tuple[float, float, float]  # high, low, close
WEEKS = 420  # eight years
HOURS = 5_000
_EXACT = 1e-10  # of the weight that the bars left out may have, for answers within 1e-9
_TALIPP, _PANDAS_TA, _STREAM = 10.0, 500.0, 1.5


def walk(count: int) -> list[Bar]:
    """Bars of a price that wanders, the same each time."""
    chance = random.Random(7)  # noqa: S311 - no secret
    close, bars = 4000.0, []
    for _ in range(count):
        close *= 1 + chance.gauss(0, 0.03)
        reach = close * abs(chance.gauss(0, 0.02))
        bars.append((close + reach, close - reach, close))
    return bars


def by_state(bars: Sequence[Bar]) -> float:
    """Processor seconds that all the bars take; so do the others'."""
    update = IndicatorState().update
    start = time.process_time()
    for high, low, close in bars:
        update(high, low, close)
    return time.process_time() - start


def by_talipp(bars: Sequence[Bar]) -> float:
    from talipp.indicators import (  # type: ignore[import-untyped]
        ATR,
        BB,
        EMA,
        MACD,
        RSI,
    )
    from talipp.ohlcv import OHLCV  # type: ignore[import-untyped]

    made = [OHLCV(close, high, low, close) for high, low, close in bars]
    ema21, ema55, rsi, macd, bands = EMA(21), EMA(55), RSI(14), MACD(12, 26, 9), BB(20, 2)
    atr = ATR(14)
    start = time.process_time()
    for bar in made:
        close = bar.close
        ema21.add(close)
        ema55.add(close)
        rsi.add(close)
        macd.add(close)
        bands.add(close)
        atr.add(bar)
    return time.process_time() - start


def by_pandas_ta(bars: Sequence[Bar], *, through_talib: bool, every: int) -> float:
    """Recomputed at every so manyth bar; scaled up to all of them."""
    import pandas as pd  # type: ignore[import-untyped]
    import pandas_ta as ta

    how: dict[str, Any] = {"talib": through_talib}
    columns = [pd.Series(column) for column in zip(*bars, strict=True)]
    measured = range(60, len(bars) + 1, every)
    start = time.process_time()
    for count in measured:
        high, low, close = (column[:count] for column in columns)
        ta.ema(close, length=21, **how)
        ta.ema(close, length=55, **how)
        ta.rsi(close, length=14, **how)
        ta.macd(close, fast=12, slow=26, signal=9, **how)
        ta.bbands(close, length=20, lower_std=2, upper_std=2, ddof=0, **how)
        ta.atr(high, low, close, length=14, **how)
    return (time.process_time() - start) / len(measured) * len(bars)


def by_stream(bars: Sequence[Bar], *, lengths: Mapping[str, int] | None = None) -> float:
    """TA-Lib's calls for each bar over the last `lengths` bars, or over all up to it."""
    import numpy as np
    from talib import stream

    high, low, close = (np.array(column) for column in zip(*bars, strict=True))
    begin = 60  # where even the longest average has an answer
    size = lengths or dict.fromkeys(SHORTEST, len(bars))
    ema21, ema55, rsi, macd, bands, atr = (size[name] for name in SHORTEST)
    start = time.process_time()
    for end in range(begin, len(bars) + 1):
        stream.EMA(close[max(end - ema21, 0) : end], 21)
        stream.EMA(close[max(end - ema55, 0) : end], 55)
        stream.RSI(close[max(end - rsi, 0) : end], 14)
        stream.MACD(close[max(end - macd, 0) : end], 12, 26, 9)
        stream.BBANDS(close[max(end - bands, 0) : end], 20, 2, 2)
        first = max(end - atr, 0)
        stream.ATR(high[first:end], low[first:end], close[first:end], 14)
    return (time.process_time() - start) / (len(bars) + 1 - begin) * len(bars)


def _memory(share: float) -> int:
    """After how many bars an average that moves by `share` has forgotten what was before."""
    return math.ceil(math.log(_EXACT) / math.log(1 - share))


SHORTEST = {"ema21": 21, "ema55": 55, "rsi": 15, "macd": 34, "bands": 20, "atr": 15}
EXACT = {
    "ema21": 21 + _memory(2 / 22),
    "ema55": 55 + _memory(2 / 56),
    "rsi": 15 + _memory(1 / 14),
    "macd": 34 + _memory(2 / 27) + _memory(2 / 10),
    "bands": 20,
    "atr": 15 + _memory(1 / 14),
}


def run(quick: bool) -> list[Result]:
    rounds, every = (1, 120) if quick else (15, 10)
    weeks, hours = walk(WEEKS), walk(500 if quick else HOURS)
    sides: dict[str, tuple[int, Callable[[], float]]] = {
        "hours": (len(hours), lambda: by_state(hours)),
        "talipp": (len(hours), lambda: by_talipp(hours)),
        "weeks": (len(weeks), lambda: by_state(weeks)),
        "through": (
            len(weeks),
            lambda: by_pandas_ta(weeks, through_talib=True, every=every),
        ),
        "stream": (len(weeks), lambda: by_stream(weeks)),
        "exact": (len(hours), lambda: by_stream(hours, lengths=EXACT)),
        "shortest": (len(hours), lambda: by_stream(hours, lengths=SHORTEST)),
    }
    best = dict.fromkeys(sides, math.inf)
    for _ in range(rounds):
        for name, (bars, side) in sides.items():
            best[name] = min(best[name], side() / bars * 1e6)
    own = min(  # the first time numba compiles
        by_pandas_ta(weeks, through_talib=False, every=every * 4) / len(weeks) * 1e6
        for _ in range(2)
    )

    talipp = best["talipp"] / best["hours"]
    pandas_ta = best["through"] / best["weeks"]
    stream = best["weeks"] / best["stream"]
    exact = best["hours"] / best["exact"]
    return [
        Result(f"automoney, over {len(hours):,} bars", best["hours"], "us a bar"),
        Result("talipp, over the same", best["talipp"], "us a bar"),
        Result("talipp takes", talipp, "times as long", f">= {_TALIPP:g}", talipp >= _TALIPP),
        Result(f"automoney, over {len(weeks)} bars", best["weeks"], "us a bar"),
        Result("pandas-ta recomputed through TA-Lib", best["through"], "us a bar"),
        Result("pandas-ta recomputed by its own formulas", own, "us a bar"),
        Result(
            "pandas-ta through TA-Lib takes",
            pandas_ta,
            "times as long",
            f">= {_PANDAS_TA:g}",
            pandas_ta >= _PANDAS_TA,
        ),
        Result("talib.stream over the whole history", best["stream"], "us a bar"),
        Result("automoney takes", stream, "times as long", f"<= {_STREAM:g}", stream <= _STREAM),
        Result("talib.stream, shortest arrays within 1e-9", best["exact"], "us a bar"),
        Result("automoney takes", exact, "times as long", f"<= {_STREAM:g}", exact <= _STREAM),
        Result("talib.stream, shortest arrays at all", best["shortest"], "us a bar"),
    ]


BENCHMARK = Benchmark(
    "indicators", "The ten indicators of one more bar, beside three libraries", run
)
