"""The technical judge: is the trend up, and is it tired?  Rules, deterministic, pure.

The table here is for weekly bars; `intraday` has the one for bars of hours.
"""

from collections.abc import Callable, Sequence

from automoney.agents import intraday
from automoney.agents.rules import Measured, Rule, score_by
from automoney.market.candles import Timeframe
from automoney.market.snapshot import Outlook, Snapshot
from automoney.trading.judgement import Score

AGENT = "technical"
_SLOW = (Timeframe.D1, Timeframe.W1)


def judge(snapshot: Snapshot) -> Score:
    """Judge the trend of the strategy's timeframe, the open bar included.

    Raises DataMissing while there is too little history for any indicator.
    """
    return score_by(AGENT, rules_for(snapshot), snapshot)


def rules_for(snapshot: Snapshot) -> Sequence[Rule]:
    """The table that a snapshot is judged by: that of its leading timeframe."""
    return RULES if snapshot.timeframe in _SLOW else intraday.RULES


def _from_prices(
    value: Callable[[Outlook], float | None],
) -> Callable[[Snapshot], Measured | None]:
    """Measure something that follows from candles: as old as the mark, from the candle's source."""

    def measure(snapshot: Snapshot) -> Measured | None:
        outlook = snapshot.leading
        found = value(outlook)
        return None if found is None else Measured(found, snapshot.mark.at, (outlook.bar.source,))

    return measure


def _above(value: float, base: float | None) -> float | None:
    """How far `value` is above `base`, in percent."""
    return 100 * (value / base - 1) if base else None


def _close_over_ema21(outlook: Outlook) -> float | None:
    return _above(float(outlook.bar.close), outlook.indicators.ema21)


def _close_over_ema55(outlook: Outlook) -> float | None:
    return _above(float(outlook.bar.close), outlook.indicators.ema55)


def _ema21_over_ema55(outlook: Outlook) -> float | None:
    fast = outlook.indicators.ema21
    return None if fast is None else _above(fast, outlook.indicators.ema55)


def _rsi(outlook: Outlook) -> float | None:
    return outlook.indicators.rsi14


def _macd_in_atr(outlook: Outlook) -> float | None:
    histogram, atr = outlook.indicators.macd_hist, outlook.indicators.atr14
    return histogram / atr if histogram is not None and atr else None


def _place_in_bands(outlook: Outlook) -> float | None:
    lower, upper = outlook.indicators.bb_lower, outlook.indicators.bb_upper
    if lower is None or upper is None or upper <= lower:
        return None
    return (float(outlook.bar.close) - lower) / (upper - lower)


_INF = float("inf")

RULES = (
    Rule(
        "close_vs_ema21",
        0.25,
        _from_prices(_close_over_ema21),
        ((-20, -1), (0, 0), (20, 1)),
        "the close is {:+.1f} % from its 21-week average",
        (
            (-10, "a clear downtrend"),
            (0, "slightly weak"),
            (10, "slightly firm"),
            (_INF, "an uptrend"),
        ),
        "The 20- and 21-week averages are bitcoin's 'bull market support band': trends have held"
        " above it and failed below it (2018, 2022).  Time-series momentum: Moskowitz, Ooi and"
        " Pedersen, 2012; for crypto Liu and Tsyvinski, 2021.",
    ),
    Rule(
        "close_vs_ema55",
        0.2,
        _from_prices(_close_over_ema55),
        ((-30, -1), (0, 0), (40, 1)),
        "the close is {:+.1f} % from its 55-week average",
        (
            (-15, "deep below the long trend"),
            (0, "below the long trend"),
            (20, "above the long trend"),
            (_INF, "far above the long trend"),
        ),
        "About one year of closes: price against its yearly mean is the plainest long-term trend"
        " filter (Faber, 2007, used ten months).  Wider above than below, as rises are larger.",
    ),
    Rule(
        "ema21_vs_ema55",
        0.2,
        _from_prices(_ema21_over_ema55),
        ((-15, -1), (0, 0), (20, 1)),
        "the 21-week average is {:+.1f} % from the 55-week one",
        (
            (-5, "the trend points down"),
            (0, "the trend is turning or weak"),
            (8, "the trend is turning or young"),
            (_INF, "the trend points up"),
        ),
        "Crossing averages: slow, but deaf to single weeks (Brock, Lakonishok and LeBaron, 1992).",
    ),
    Rule(
        "rsi14",
        0.1,
        _from_prices(_rsi),
        ((30, -1), (50, 0), (65, 1), (80, 0.3), (92, -0.7)),
        "weekly RSI is {:.0f}",
        (
            (40, "sellers have the upper hand"),
            (55, "neither side is ahead"),
            (78, "buyers have the upper hand"),
            (_INF, "overheated"),
        ),
        "Wilder, 1978, read 70 and 30 as extremes; on weekly bars of a trending asset 40 to 80 is"
        " the bull range and only above it exhaustion (Cardwell's range rules): bitcoin's was 88 to"
        " 95 in 2017-12, 2021-01 and 2024-03.",
    ),
    Rule(
        "macd_hist",
        0.15,
        _from_prices(_macd_in_atr),
        ((-0.5, -1), (0, 0), (0.5, 1)),
        "the MACD histogram is {:+.2f} of a usual week's range",
        (
            (-0.1, "momentum is fading"),
            (0.1, "momentum is flat"),
            (_INF, "momentum is building"),
        ),
        "Appel's MACD: the histogram's sign says whether the trend speeds up; divided by ATR(14) so"
        " that it means the same at 5,000 and at 100,000.",
    ),
    Rule(
        "bollinger",
        0.1,
        _from_prices(_place_in_bands),
        ((0, -1), (0.5, 0), (0.9, 1), (1.1, 0.5), (1.25, -0.3)),
        "the close is at {:.2f} between the lower (0) and upper (1) Bollinger band",
        (
            (0.1, "at the lower band"),
            (0.4, "in the lower half"),
            (0.6, "in the middle"),
            (1.05, "in the upper half"),
            (_INF, "stretched above the upper band"),
        ),
        "Bollinger's %b: trends walk along a band; far beyond the upper one has been stretched.",
    ),
)
