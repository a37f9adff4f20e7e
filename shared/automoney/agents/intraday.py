"""The technical judge's table within days: a trend of 4-hour bars, timed by 1-hour bars.  Pure.

Distances are counted in the timeframe's own average true range (Wilder's ATR of 14 bars): what is
far in a quiet week is nothing in a wild one.
"""

from collections.abc import Callable

from automoney.agents.rules import Measured, Rule
from automoney.market.snapshot import Indicators, Outlook, Snapshot

_Value = Callable[[Outlook], float | None]


def _measuring(value: _Value, *, finest: bool) -> Callable[[Snapshot], Measured | None]:
    """Measure the leading timeframe or the finest one: as old as the mark, of the bar's source.

    None where there is too little history, or no timeframe finer than the leading one.
    """

    def measure(snapshot: Snapshot) -> Measured | None:
        timeframe = snapshot.timeframe
        if finest:
            timeframe = min(snapshot.outlooks, key=lambda one: one.duration)
            if timeframe is snapshot.timeframe:
                return None
        outlook = snapshot.outlooks[timeframe]
        found = value(outlook)
        return None if found is None else Measured(found, snapshot.mark.at, (outlook.bar.source,))

    return measure


def _in_ranges(distance: float | None, indicators: Indicators) -> float | None:
    """A distance in prices as a multiple of a usual bar's range."""
    return distance / indicators.atr14 if distance is not None and indicators.atr14 else None


def _close_over_average(outlook: Outlook) -> float | None:
    base = outlook.indicators.ema55
    distance = None if base is None else float(outlook.bar.close) - base
    return _in_ranges(distance, outlook.indicators)


def _average_over_average(outlook: Outlook) -> float | None:
    fast, slow = outlook.indicators.ema21, outlook.indicators.ema55
    distance = None if fast is None or slow is None else fast - slow
    return _in_ranges(distance, outlook.indicators)


def _momentum(outlook: Outlook) -> float | None:
    return _in_ranges(outlook.indicators.macd_hist, outlook.indicators)


def _strength(outlook: Outlook) -> float | None:
    return outlook.indicators.rsi14


_INF = float("inf")

RULES = (
    Rule(
        "trend",
        0.3,
        _measuring(_close_over_average, finest=False),
        ((-4, -1), (0, 0), (4, 1)),
        "the close is {:+.1f} usual bars' ranges from the 55-bar average",
        (
            (-2, "a clear downtrend"),
            (0, "slightly weak"),
            (2, "slightly firm"),
            (_INF, "an uptrend"),
        ),
        "55 bars of 4 hours are nine days.  Liu and Tsyvinski, 2021, found that crypto prices go on"
        " as they went, over days to weeks; time-series momentum: Moskowitz, Ooi and Pedersen,"
        " 2012.  Four ranges are about as far as a trend of that length gets from its average.",
    ),
    Rule(
        "averages",
        0.2,
        _measuring(_average_over_average, finest=False),
        ((-2, -1), (0, 0), (2, 1)),
        "the 21-bar average is {:+.1f} usual bars' ranges from the 55-bar one",
        (
            (-0.5, "the trend points down"),
            (0.5, "the trend is turning"),
            (_INF, "the trend points up"),
        ),
        "Crossing averages: slow, but deaf to single bars (Brock, Lakonishok and LeBaron, 1992)."
        "  Half as far as the close itself, for averages lie closer together.",
    ),
    Rule(
        "momentum",
        0.2,
        _measuring(_momentum, finest=False),
        ((-0.5, -1), (0, 0), (0.5, 1)),
        "the MACD histogram is {:+.2f} of a usual bar's range",
        (
            (-0.1, "momentum is fading"),
            (0.1, "momentum is flat"),
            (_INF, "momentum is building"),
        ),
        "Appel's MACD: the histogram's sign says whether the trend speeds up.  The same corners as"
        " for weeks: in ranges it looks alike on every timeframe.",
    ),
    Rule(
        "finer_trend",
        0.2,
        _measuring(_average_over_average, finest=True),
        ((-2, -1), (0, 0), (2, 1)),
        "on the finer timeframe the averages are {:+.1f} usual bars' ranges apart",
        (
            (-0.5, "it points down"),
            (0.5, "it points nowhere"),
            (_INF, "it points up"),
        ),
        "A trend that the shorter timeframe contradicts is not acted on yet: Elder's screens, 1993,"
        " ask the longer chart which way and the shorter one when.",
    ),
    Rule(
        "finer_stretch",
        0.1,
        _measuring(_strength, finest=True),
        ((20, 1), (30, 0.7), (45, 0), (55, 0), (70, -0.7), (80, -1)),
        "on the finer timeframe RSI is {:.0f}",
        (
            (30, "stretched downwards, a rebound is likely"),
            (70, "not stretched"),
            (_INF, "stretched upwards, a pause is likely"),
        ),
        "Wilder, 1978, read 70 and 30 as extremes that come back, which holds within a trend rather"
        " than for it; so Elder's second screen buys the dip of an uptrend.  The least weight, for"
        " a strong trend stays stretched.",
    ),
)
