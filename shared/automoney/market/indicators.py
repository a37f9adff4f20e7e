"""Technical indicators, one bar at a time: the same few microseconds for the millionth bar.  Pure.

Conventions are TA-Lib's.  An average is seeded by the plain mean of its first `period` values; from
then on an exponential one moves by 2 / (period + 1) of the way to each new value and Wilder's (RSI,
ATR) by 1 / period.  Bollinger bands lie two population deviations off the mean of 20 closes.

Exponential averages remember where their series starts, so two callers agree only on the same
history.  The one departure from TA-Lib: the RSI of a series that does not move is 50, not 0.
"""

import math
from collections.abc import Mapping
from dataclasses import fields, make_dataclass
from math import dist
from typing import Any

from automoney.errors import InvalidInput
from automoney.market.candles import Candle
from automoney.market.snapshot import Indicators

_FAST, _SLOW, _SIGNAL = 12, 26, 9
_WILDER = 14
_WINDOW = 20
_WIDTH = 2 / math.sqrt(_WINDOW)  # two deviations, from the distance of a window from its mean
_WARM = 55  # bars that the longest average needs for its seed: by then all have theirs
_NO_MOVE = 1e-14  # the mean change below which TA-Lib, too, says that nothing moves
_LEAST, _MOST = -1e100, 1e100  # far beyond any price, far from where a square overflows

# The share of the way that each average moves to a new value.
_BY_21, _BY_55 = 2 / 22, 2 / 56
_BY_FAST, _BY_SLOW, _BY_SIGNAL = 2 / (_FAST + 1), 2 / (_SLOW + 1), 2 / (_SIGNAL + 1)
_BY_WILDER = 1 / _WILDER

# How many bars pass before an average sees its first value, and of how many values its seed is
# made.  TA-Lib seeds MACD's fast one late, so that both of its averages are seeded by one bar.
_AVERAGES = {
    "ema21": (0, 21),
    "ema55": (0, 55),
    "fast": (_SLOW - _FAST, _FAST),
    "slow": (0, _SLOW),
    "signal": (_SLOW - 1, _SIGNAL),
    "gain": (1, _WILDER),
    "move": (1, _WILDER),
    "range": (1, _WILDER),
}
_NOT_NEGATIVE = {"gain", "move", "range"}

# A frozen dataclass sets every field by a call, which takes longer than working all ten out.  So
# they are put into its twin, which has the same slots but is not frozen, and that becomes the
# frozen class before anyone sees it.
_Draft = make_dataclass("_Draft", [item.name for item in fields(Indicators)], slots=True)
_draft = object.__new__  # of it, without the call that would set all fields to nothing first


class IndicatorState:
    """All that the indicators of one asset and timeframe remember of the bars so far.

    `bars` counts the closed bars it has seen.  `load(dump())` goes on exactly where the first
    stopped, at any bar and also through JSON, whose floats are exact.
    """

    __slots__ = ("_closes", "bars", *(f"_{name}" for name in _AVERAGES))

    # Each average is one number: the sum of its values until it has enough of them for a mean.
    _ema21: float
    _ema55: float
    _fast: float
    _slow: float
    _signal: float
    _gain: float  # of the changes from close to close, those that were up
    _move: float  # and the size of all of them
    _range: float

    def __init__(self) -> None:
        self.bars = 0
        self._closes: list[float] = []  # the newest `_WINDOW`, oldest first
        self._ema21 = self._ema55 = self._fast = self._slow = self._signal = 0.0
        self._gain = self._move = self._range = 0.0

    def update(self, high: float, low: float, close: float) -> Indicators:
        """Take in one closed bar and say what the indicators are after it.

        Raises InvalidInput, before anything has changed, unless the prices are finite and the close
        is within high and low.
        """
        if not _LEAST < low <= close <= high < _MOST:
            raise InvalidInput(
                "high, low, close", (high, low, close), "finite prices, the close within the others"
            )
        if self.bars < _WARM:
            return self._warm_up(high, low, close)
        # Written out at length and without a call that can be spared: this is what a backtest
        # spends its time on.  `_warm_up` says the same in smaller steps.
        self.bars += 1
        closes = self._closes
        previous = closes[-1]
        del closes[0]
        closes.append(close)

        found: Any = _draft(_Draft)
        found.ema21 = self._ema21 = self._ema21 + (close - self._ema21) * _BY_21
        found.ema55 = self._ema55 = self._ema55 + (close - self._ema55) * _BY_55

        self._fast = fast = self._fast + (close - self._fast) * _BY_FAST
        self._slow = slow = self._slow + (close - self._slow) * _BY_SLOW
        found.macd = macd = fast - slow
        self._signal = signal = self._signal + (macd - self._signal) * _BY_SIGNAL
        found.macd_signal, found.macd_hist = signal, macd - signal

        change = close - previous
        if change > 0.0:
            self._gain = gain = self._gain + (change - self._gain) * _BY_WILDER
            self._move = move = self._move + (change - self._move) * _BY_WILDER
        else:
            self._gain = gain = self._gain - self._gain * _BY_WILDER
            self._move = move = self._move - (change + self._move) * _BY_WILDER
        found.rsi14 = 50.0 if move < _NO_MOVE else 100.0 * gain / move
        top = high if high > previous else previous
        bottom = low if low < previous else previous
        found.atr14 = self._range = self._range + (top - bottom - self._range) * _BY_WILDER

        # The deviation is worked out from the window each time, as the distance of its closes from
        # their mean: running sums of squares drift, and lose a small variance at large prices.
        found.bb_middle = middle = sum(closes, 0.0) / _WINDOW
        width = dist(closes, (middle,) * _WINDOW) * _WIDTH
        found.bb_upper = middle + width
        found.bb_lower = middle - width
        found.__class__ = Indicators
        return found  # type: ignore[no-any-return]

    def peek(self, high: float, low: float, close: float) -> Indicators:
        """What `update` would say if the bar, still open, closed like this; nothing changes."""
        return self._copy().update(high, low, close)

    def dump(self) -> dict[str, Any]:
        """The state as plain JSON, for `load`: an average with how many values its seed has."""
        averages = {
            name: [_seeds(self.bars, name), getattr(self, f"_{name}")] for name in _AVERAGES
        }
        return {"bars": self.bars, "closes": list(self._closes), "averages": averages}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "IndicatorState":
        """The state that `dump` described; keys of others beside its own are passed over.

        Raises InvalidInput for anything that no `dump` could have written: build it anew then.
        """
        state = cls()
        try:
            state.bars = bars = data["bars"]
            state._closes = [_number(close) for close in data["closes"]]
            sound = type(bars) is int and bars >= 0 and len(state._closes) == min(bars, _WINDOW)
            sound = sound and all(_LEAST < close < _MOST for close in state._closes)
            for name in _AVERAGES:
                seeds, average = data["averages"][name]
                sound = sound and seeds == _seeds(bars, name) and _possible(name, seeds, average)
                setattr(state, f"_{name}", _number(average))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidInput("indicator state", type(error).__name__, "a dump of one") from error
        if not sound:
            raise InvalidInput("indicator state", f"one of {bars} bars", "a dump of one")
        return state

    def _warm_up(self, high: float, low: float, close: float) -> Indicators:
        """`update` while any average still lacks its seed; None for what is not known yet."""
        self.bars = bars = self.bars + 1
        if bars > 1:  # the first bar has none before it, so nothing has moved
            change, seen = close - self._closes[-1], bars - 1
            true_range = max(high, self._closes[-1]) - min(low, self._closes[-1])
            self._gain = _follow(self._gain, max(change, 0.0), seen, _WILDER, _BY_WILDER)
            self._move = _follow(self._move, abs(change), seen, _WILDER, _BY_WILDER)
            self._range = _follow(self._range, true_range, seen, _WILDER, _BY_WILDER)
        self._closes = [*self._closes[-(_WINDOW - 1) :], close]
        self._ema21 = _follow(self._ema21, close, bars, 21, _BY_21)
        self._ema55 = _follow(self._ema55, close, bars, 55, _BY_55)
        self._slow = _follow(self._slow, close, bars, _SLOW, _BY_SLOW)
        if (seen := bars - (_SLOW - _FAST)) > 0:
            self._fast = _follow(self._fast, close, seen, _FAST, _BY_FAST)
        macd = self._fast - self._slow
        if (seen := bars - (_SLOW - 1)) > 0:
            self._signal = _follow(self._signal, macd, seen, _SIGNAL, _BY_SIGNAL)

        rsi = 50.0 if self._move < _NO_MOVE else 100.0 * self._gain / self._move
        middle = sum(self._closes, 0.0) / _WINDOW
        width = dist(self._closes, (middle,) * len(self._closes)) * _WIDTH
        moved = bars > _WILDER
        framed = bars >= _WINDOW
        crossed = bars >= _SLOW - 1 + _SIGNAL  # TA-Lib tells no MACD before it has a signal
        return Indicators(
            ema21=self._ema21 if bars >= 21 else None,
            ema55=self._ema55 if bars >= 55 else None,
            rsi14=rsi if moved else None,
            macd=macd if crossed else None,
            macd_signal=self._signal if crossed else None,
            macd_hist=macd - self._signal if crossed else None,
            bb_upper=middle + width if framed else None,
            bb_middle=middle if framed else None,
            bb_lower=middle - width if framed else None,
            atr14=self._range if moved else None,
        )

    def _copy(self) -> "IndicatorState":
        twin = object.__new__(IndicatorState)
        twin.bars, twin._closes = self.bars, self._closes[:]
        twin._ema21, twin._ema55 = self._ema21, self._ema55
        twin._fast, twin._slow, twin._signal = self._fast, self._slow, self._signal
        twin._gain, twin._move, twin._range = self._gain, self._move, self._range
        return twin


def prices(candle: Candle) -> tuple[float, float, float]:
    """High, low and close as floats, for `update(*prices(candle))`: money ends here."""
    return float(candle.high), float(candle.low), float(candle.close)


def _follow(average: float, value: float, seen: int, period: int, share: float) -> float:
    """The average after its `seen`th value: a sum up to `period` of them, their mean, then on."""
    if seen > period:
        return average + (value - average) * share
    total = average + value
    return total / period if seen == period else total


def _seeds(bars: int, name: str) -> int:
    """How many values of the average's seed a series of `bars` has."""
    late, period = _AVERAGES[name]
    return min(max(bars - late, 0), period)


def _possible(name: str, seeds: int, average: float) -> bool:
    if seeds == 0:
        return average == 0
    return math.isfinite(average) and (average >= 0 or name not in _NOT_NEGATIVE)


def _number(value: Any) -> float:
    if type(value) not in (float, int):  # no text, and no bool, which is an int to Python
        raise TypeError
    return float(value)
