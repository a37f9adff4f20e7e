"""What one run may know about one asset at its slot: the agents' only input.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from automoney.market.candles import Candle, Mark
from automoney.market.readings import Reading


@dataclass(frozen=True, slots=True)
class Indicators:
    """Technical indicators of one bar; None while too little history has been seen.

    Prices in quote currency, RSI in 0..100.  TA-Lib's conventions: see market/indicators.py.
    """

    ema21: float | None = None
    ema55: float | None = None
    rsi14: float | None = None
    macd: float | None = None
    macd_signal: float | None = None
    macd_hist: float | None = None
    bb_upper: float | None = None
    bb_middle: float | None = None
    bb_lower: float | None = None
    atr14: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known about `asset` at `as_of`, already cleaned and cut to what was available.

    `mark` is the newest price at or before `as_of`; `week` the open weekly bar up to then;
    `indicators` those of the strategy's timeframe with that open bar peeked at;
    `series` holds per name the readings oldest first, ending with the newest available one.
    A series that is wholly missing is absent from the mapping.
    `stale` names the series whose newest value is older than its limit.
    """

    asset: str
    as_of: datetime
    mark: Mark
    week: Candle
    indicators: Indicators
    series: Mapping[str, tuple[Reading, ...]] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()

    def latest(self, name: str) -> Reading | None:
        """The newest available reading of a series, or None."""
        readings = self.series.get(name, ())
        return readings[-1] if readings else None
