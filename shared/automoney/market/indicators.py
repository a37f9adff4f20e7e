"""Technical indicators, one bar at a time: the same few microseconds for the millionth bar.  Pure.

Conventions are TA-Lib's.  An average is seeded by the plain mean of its first `period` values; from
then on an exponential one moves by 2 / (period + 1) of the way to each new value and Wilder's (RSI,
ATR) by 1 / period.  Bollinger bands lie two population deviations off the mean of 20 closes.

Exponential averages remember where their series starts, so two callers agree only on the same
history.  The one departure from TA-Lib: the RSI of a series that does not move is 50, not 0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automoney.errors import InvalidInput
from automoney.market.candles import Candle
from automoney.market.snapshot import Indicators

_FAST, _SLOW, _SIGNAL = 12, 26, 9
_WINDOW = 20
_WIDTH = 2  # of the bands, in deviations
_NO_MOVE = 1e-14  # the mean change below which TA-Lib, too, says that nothing moves
_LIMIT = 1e100  # far above any price, far below where a square overflows
# How many bars pass before an average sees its first value.
_LATE = {"fast": _SLOW - _FAST, "signal": _SLOW - 1, "gain": 1, "loss": 1, "range": 1}


@dataclass(slots=True)
class _Average:
    """An average that moves by `share` of the way to each new value, after a plain mean.

    `value` is None until `period` values have been seen; `total` is their sum up to then.
    """

    period: int
    share: float
    seen: int = 0
    total: float = 0.0
    value: float | None = None

    def update(self, value: float) -> float | None:
        if self.value is not None:
            self.value += (value - self.value) * self.share
        else:
            self.seen += 1
            self.total += value
            if self.seen == self.period:
                self.value = self.total / self.period
        return self.value

    def copy(self) -> "_Average":
        return _Average(self.period, self.share, self.seen, self.total, self.value)


def _exponential(period: int) -> _Average:
    return _Average(period, 2 / (period + 1))


def _wilder(period: int) -> _Average:
    return _Average(period, 1 / period)


class IndicatorState:
    """All that the indicators of one asset and timeframe remember of the bars so far.

    `bars` counts the closed bars it has seen.  `load(dump())` goes on exactly where the first
    stopped, at any bar and also through JSON, whose floats are exact.
    """

    __slots__ = ("_averages", "_closes", "_previous", "bars")

    def __init__(self) -> None:
        self.bars = 0
        self._previous: float | None = None
        self._closes: tuple[float, ...] = ()  # the newest `_WINDOW`, oldest first
        self._averages = {
            "ema21": _exponential(21),
            "ema55": _exponential(55),
            "fast": _exponential(_FAST),
            "slow": _exponential(_SLOW),
            "signal": _exponential(_SIGNAL),
            "gain": _wilder(14),
            "loss": _wilder(14),
            "range": _wilder(14),
        }

    def update(self, high: float, low: float, close: float) -> Indicators:
        """Take in one closed bar and say what the indicators are after it.

        Raises InvalidInput for a price that is not finite, before anything has changed.
        """
        if not (_sane(high) and _sane(low) and _sane(close)):
            raise InvalidInput("high, low, close", (high, low, close), "three finite prices")
        averages = self._averages
        self.bars += 1
        self._closes = (*self._closes[-(_WINDOW - 1) :], close)
        macd, signal, histogram = self._macd(close)
        rsi, atr = self._movement(high, low, close)
        upper, middle, lower = _bands(self._closes)
        self._previous = close
        return Indicators(
            ema21=averages["ema21"].update(close),
            ema55=averages["ema55"].update(close),
            rsi14=rsi,
            macd=macd,
            macd_signal=signal,
            macd_hist=histogram,
            bb_upper=upper,
            bb_middle=middle,
            bb_lower=lower,
            atr14=atr,
        )

    def peek(self, high: float, low: float, close: float) -> Indicators:
        """What `update` would say if the bar, still open, closed like this; nothing changes."""
        return self._copy().update(high, low, close)

    def dump(self) -> dict[str, Any]:
        """The state as plain JSON, for `load`."""
        return {
            "bars": self.bars,
            "previous": self._previous,
            "closes": list(self._closes),
            "averages": {
                name: [average.seen, average.total, average.value]
                for name, average in self._averages.items()
            },
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "IndicatorState":
        """The state that `dump` described; keys of others beside its own are passed over.

        Raises InvalidInput for anything that no `dump` could have written: build it anew then.
        """
        state = cls()
        try:
            state.bars = int(data["bars"])
            state._previous = _float_or_none(data["previous"])
            state._closes = tuple(float(close) for close in data["closes"])
            for name, average in state._averages.items():
                seen, total, value = data["averages"][name]
                average.seen = int(seen)
                average.total = float(total)
                average.value = _float_or_none(value)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidInput("indicator state", type(error).__name__, "a dump of one") from error
        state._check()
        return state

    def _macd(self, close: float) -> tuple[float | None, float | None, float | None]:
        """MACD, its signal and their difference; none before there is a signal, as in TA-Lib.

        TA-Lib seeds the fast average late, so that both averages start at the same bar.
        """
        averages = self._averages
        fast = averages["fast"].update(close) if self.bars > _SLOW - _FAST else None
        slow = averages["slow"].update(close)
        if fast is None or slow is None:
            return None, None, None
        signal = averages["signal"].update(fast - slow)
        if signal is None:
            return None, None, None
        return fast - slow, signal, fast - slow - signal

    def _movement(self, high: float, low: float, close: float) -> tuple[float | None, float | None]:
        """RSI and ATR: both need a bar before, so the first bar gives them nothing to average."""
        previous = self._previous
        if previous is None:
            return None, None
        change = close - previous
        gain = self._averages["gain"].update(max(change, 0.0))
        loss = self._averages["loss"].update(max(-change, 0.0))
        true_range = max(high - low, abs(high - previous), abs(low - previous))
        atr = self._averages["range"].update(true_range)
        if gain is None or loss is None:
            return None, atr
        moved = gain + loss
        return (50.0 if moved < _NO_MOVE else 100.0 * gain / moved), atr

    def _copy(self) -> "IndicatorState":
        twin = object.__new__(IndicatorState)
        twin.bars = self.bars
        twin._previous = self._previous
        twin._closes = self._closes
        twin._averages = {name: average.copy() for name, average in self._averages.items()}
        return twin

    def _check(self) -> None:
        """Refuse a state whose parts cannot belong to the same number of bars."""
        bars = self.bars
        numbers = [*self._closes, 0.0 if self._previous is None else self._previous]
        sound = bars >= 0 and len(self._closes) == min(bars, _WINDOW)
        sound &= self._previous == (self._closes[-1] if self._closes else None)
        for name, average in self._averages.items():
            seen = min(max(bars - _LATE.get(name, 0), 0), average.period)
            sound &= average.seen == seen
            sound &= (average.value is not None) == (seen == average.period)
            numbers += [average.total, 0.0 if average.value is None else average.value]
        if not (sound and all(map(math.isfinite, numbers))):
            raise InvalidInput("indicator state", f"one of {bars} bars", "a dump of one")


def prices(candle: Candle) -> tuple[float, float, float]:
    """High, low and close as floats, for `update(*prices(candle))`: money ends here."""
    return float(candle.high), float(candle.low), float(candle.close)


def _bands(closes: tuple[float, ...]) -> tuple[float | None, float | None, float | None]:
    """Upper, middle and lower Bollinger band.

    The deviation is worked out from the window each time, as the distance of its closes from their
    mean: running sums of squares drift, and lose a small variance at large prices.
    """
    if len(closes) < _WINDOW:
        return None, None, None
    middle = sum(closes) / _WINDOW
    width = _WIDTH * math.dist(closes, (middle,) * _WINDOW) / math.sqrt(_WINDOW)
    return middle + width, middle, middle - width


def _sane(price: float) -> bool:
    return -_LIMIT < price < _LIMIT  # also false for what is not a number


def _float_or_none(value: Any) -> float | None:
    return None if value is None else float(value)
