"""The candles of a recording as the price collector would have stored them, made when looked at."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import overload

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.stores.memory.candles import History
from infra.local.backtest.searching import first_from
from infra.local.world.bars import DECIMALS, DURATIONS, Bars
from infra.local.world.clock import Micros, micros, moment

_UNIT = Decimal(1).scaleb(-DECIMALS)
_NEVER: Micros = 2**62
_JUMP = 5  # a change by more than a fifth, `cleaning.JUMP`, in whole numbers


def price(number: int) -> Decimal:
    """Hundred-millionths as the exchange writes them, with eight decimals."""
    return _UNIT * number


def jumped(now: int, before: int) -> bool:
    """Whether a price is anomalous after the one before it: what `cleaning` says of decimals."""
    return abs(now - before) * _JUMP > before


class RecordedCandles(Sequence[Candle]):
    """Closed bars of one asset and timeframe; where bars are missing between two, flat ones.

    `columns` has the same bars, flat ones included.
    """

    def __init__(self, asset: str, timeframe: Timeframe, bars: Bars, source: str) -> None:
        self._asset, self._timeframe, self._source = asset, timeframe, source
        self.columns, self._filled = _filled_forward(bars, DURATIONS[timeframe])
        self._known_at = _known_at(self.columns, self._filled).tolist()
        self._made: dict[int, Candle] = {}
        closes = self.columns.close
        pairs = enumerate(pairwise(closes), start=1)
        self._jumps = [index for index, (before, now) in pairs if jumped(now, before)]
        self._jumped = frozenset(self._jumps)

    def __len__(self) -> int:
        return len(self.columns)

    @overload
    def __getitem__(self, index: int) -> Candle: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Candle]: ...
    def __getitem__(self, index: int | slice) -> Candle | Sequence[Candle]:
        if isinstance(index, slice):
            return [self._candle(at) for at in range(*index.indices(len(self)))]
        return self._candle(range(len(self))[index])

    def history(self) -> History:
        """For a store."""
        return History(self.columns.opens, self._known_at, self)

    def known_by(self, at: Micros, first: int = 0) -> int:
        """How many bars are known: each from its end on, a flat one once the next bar is over.

        The search begins at `first`, so at least as many.
        """
        return max(first, first_from(self._known_at, at + 1, first))

    def known_at(self, index: int) -> Micros:
        """When the bar of that index comes to be known; for one after the last, never."""
        return self._known_at[index] if index < len(self) else _NEVER

    def has_anomaly(self, first: int, stop: int) -> bool:
        """Whether the close of any bar from `first` to before `stop` jumped."""
        jumps = self._jumps
        return bool(jumps) and bisect_left(jumps, first) < bisect_left(jumps, stop)

    def recorded_between(self, begins: datetime, ends: datetime) -> int:
        """How many bars open from `begins` to before `ends`, flat ones not counted."""
        opens = self.columns.opens
        span = micros(begins), micros(ends)
        count = bisect_left(opens, span[1]) - bisect_left(opens, span[0])
        return count - sum(1 for at in self._filled if span[0] <= at < span[1])

    def is_filled(self, index: int) -> bool:
        """Whether the bar was put in where one is missing."""
        return self.columns.opens[index] in self._filled

    def is_anomalous(self, index: int) -> bool:
        """Whether its close jumped."""
        return index in self._jumped

    def _candle(self, index: int) -> Candle:
        made = self._made.get(index)
        if made is None:
            bars = self.columns
            filled = self.is_filled(index)
            made = self._made[index] = Candle(
                self._asset,
                self._timeframe,
                moment(bars.opens[index]),
                price(bars.open[index]),
                price(bars.high[index]),
                price(bars.low[index]),
                price(bars.close[index]),
                price(bars.volume[index]),
                self._source,
                self.is_anomalous(index),
                Filled.FORWARD if filled else None,
            )
        return made


def _filled_forward(bars: Bars, duration: Micros) -> tuple[Bars, frozenset[Micros]]:
    """The bars with flat ones at the last close where some are missing, and when those open."""
    gaps = [
        index
        for index, (end, opened) in enumerate(zip(bars.ends, bars.opens[1:], strict=False))
        if end != opened
    ]
    if not gaps:
        return bars, frozenset()
    pieces: list[Bars] = []
    filled: list[Micros] = []
    for first, last in pairwise([-1, *gaps, len(bars) - 1]):
        pieces.append(bars.cut(first + 1, last + 1))
        if last + 1 < len(bars):
            missing = range(bars.ends[last], bars.opens[last + 1], duration)
            filled += missing
            flat = [bars.close[last]] * len(missing)
            ends = [opened + duration for opened in missing]
            pieces.append(
                Bars.from_columns((missing, ends, flat, flat, flat, flat, [0] * len(missing)))
            )
    return Bars.joined(pieces), frozenset(filled)


def _known_at(bars: Bars, filled: frozenset[Micros]) -> "array[int]":
    if not filled:
        return bars.ends
    known = array("q", bars.ends)
    for index in range(len(known) - 2, -1, -1):
        if bars.opens[index] in filled:
            known[index] = known[index + 1]
    return known
