"""What one run may know about one asset at its slot: the agents' only input.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.quickly import quickly_made


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


@quickly_made
@dataclass(frozen=True, slots=True)
class Outlook:
    """The open bar of a timeframe, and its indicators as if that bar closed now.

    `known_until` is where the newest closed bar ends, for weeks the newest closed day.
    """

    bar: Candle
    indicators: Indicators
    known_until: datetime | None = None


type WorkedOut = dict[Any, Any]


class KnownSeries(dict[str, tuple[Reading, ...]]):
    """What is known of some series at a moment; never changed once it has been made.

    What is worked out of them may be kept beside them, by whatever names it: in `of_none` that of
    series about no asset in particular, in `of_asset` that of the others.  They are handed on
    while those series stay the same.
    """

    __slots__ = ("of_asset", "of_none")

    def __init__(
        self,
        series: Mapping[str, tuple[Reading, ...]],
        of_none: WorkedOut | None = None,
        of_asset: WorkedOut | None = None,
    ) -> None:
        super().__init__(series)
        self.of_none: WorkedOut = {} if of_none is None else of_none
        self.of_asset: WorkedOut = {} if of_asset is None else of_asset


@quickly_made
@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known about `asset` at `as_of`, already cleaned and cut to what was available.

    `mark` is the newest price before `as_of`; `outlooks` has each of the strategy's timeframes, of
    which `timeframe` leads.  `series` holds per name the readings oldest first, ending with the
    newest available one.  A series that is wholly missing is absent from the mapping.
    `stale` names the series whose newest value is older than its limit.
    """

    asset: str
    as_of: datetime
    mark: Mark
    timeframe: Timeframe
    outlooks: Mapping[Timeframe, Outlook]
    series: Mapping[str, tuple[Reading, ...]] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    leading: Outlook = field(init=False, repr=False, compare=False)  # that of `timeframe`

    def __post_init__(self) -> None:
        object.__setattr__(self, "leading", self.outlooks[self.timeframe])

    @property
    def bar(self) -> Candle:
        """The open bar of the leading timeframe."""
        return self.leading.bar

    @property
    def indicators(self) -> Indicators:
        """Those of the leading timeframe."""
        return self.leading.indicators

    def latest(self, name: str) -> Reading | None:
        """The newest available reading of a series, or None."""
        readings = self.series.get(name, ())
        return readings[-1] if readings else None
