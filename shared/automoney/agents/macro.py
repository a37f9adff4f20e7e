"""The macro judge: is money getting cheaper and more, or dearer and less?

Rules in a table, deterministic, pure.
"""

from collections.abc import Sequence
from datetime import timedelta

from automoney.agents.rules import (
    Measured,
    Rule,
    change,
    growth,
    level,
    measured,
    score_by_series,
)
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score

AGENT = "macro"

_QUARTER = timedelta(days=91)
_HALF_YEAR = timedelta(days=182)
_YEAR = timedelta(days=365)


def judge(snapshot: Snapshot) -> Score:
    """Judge money and mood; the same for every asset.

    Raises DataMissing if there is neither any macro series nor the sentiment index.
    """
    return score_by_series(AGENT, RULES, snapshot, per_asset=False)


def rules_for(_: Snapshot) -> Sequence[Rule]:
    """The table that a snapshot is judged by: one for all."""
    return RULES


def _rates(snapshot: Snapshot) -> Measured | None:
    """Change of the federal funds rate over half a year, percentage points."""
    return measured(snapshot, change(snapshot, "fed_funds", _HALF_YEAR), "fed_funds")


def _yields(snapshot: Snapshot) -> Measured | None:
    """Change of the 10-year yield over a quarter, percentage points."""
    return measured(snapshot, change(snapshot, "us10y", _QUARTER), "us10y")


def _money(snapshot: Snapshot) -> Measured | None:
    """Growth of M2 over a year, percent."""
    return measured(snapshot, growth(snapshot, "m2", _YEAR), "m2")


def _impulse(snapshot: Snapshot) -> Measured | None:
    """M2 growth of half a year, annualised, minus that of the whole year, percentage points."""
    half, year = growth(snapshot, "m2", _HALF_YEAR), growth(snapshot, "m2", _YEAR)
    return measured(snapshot, None if half is None or year is None else 2 * half - year, "m2")


def _inflation(snapshot: Snapshot) -> Measured | None:
    """Consumer prices against a year before, percent."""
    return measured(snapshot, growth(snapshot, "cpi", _YEAR), "cpi")


def _curve(snapshot: Snapshot) -> Measured | None:
    """10-year minus 2-year yield, percentage points."""
    long, short = level(snapshot, "us10y"), level(snapshot, "us2y")
    spread = None if long is None or short is None else long - short
    return measured(snapshot, spread, "us10y", "us2y")


def _dollar(snapshot: Snapshot) -> Measured | None:
    """Change of the broad dollar index over a quarter, percent."""
    return measured(snapshot, growth(snapshot, "dollar_index", _QUARTER), "dollar_index")


def _mood(snapshot: Snapshot) -> Measured | None:
    """The Fear & Greed index, 0..100."""
    return measured(snapshot, level(snapshot, "fear_greed"), "fear_greed")


_INF = float("inf")

RULES = (
    Rule(
        "fed_funds_change",
        0.25,
        _rates,
        ((-1, 1), (-0.25, 0.6), (0, 0.3), (0.25, -0.3), (1, -1)),
        "the federal funds rate moved by {:+.2f} points in half a year",
        ((-0.1, "money gets cheaper"), (0.1, "rates rest"), (_INF, "money gets dearer")),
        "Rates are what safe money earns.  Since bitcoin exists there were two cycles of hikes"
        " (2015-12 to 2018-12, 2022-03 to 2023-07); its bear markets of 2018 and 2022 fell into"
        " them, and it recovered as they slowed (2019, 2023).",
    ),
    Rule(
        "us10y_change",
        0.1,
        _yields,
        ((-0.8, 1), (0, 0), (0.8, -1)),
        "the 10-year yield moved by {:+.2f} points in a quarter",
        ((-0.2, "long money gets cheaper"), (0.2, "yields rest"), (_INF, "long money gets dearer")),
        "An asset without earnings is worth less the more the future is discounted; quick rises of"
        " yields hit long-duration assets most (2018-10, 2022 H1, 2023-09).",
    ),
    Rule(
        "m2_growth",
        0.2,
        _money,
        ((-3, -1), (2, -0.4), (6, 0.1), (10, 0.6), (15, 1)),
        "US M2 grew by {:+.1f} % in a year",
        (
            (0, "there is less money than a year ago"),
            (4, "money is scarce"),
            (8, "money grows as usual"),
            (_INF, "money is plentiful"),
        ),
        "The long-run growth of M2 is about 6 % a year; risk assets follow liquidity (Howell,"
        " *Capital Wars*, 2020).  26.8 % in 2021-02 and -4.6 % in 2023-04 are its extremes.",
    ),
    Rule(
        "m2_impulse",
        0.1,
        _impulse,
        ((-5, -1), (0, 0), (4, 1)),
        "M2 growth of the last half year is {:+.1f} points from the year's",
        (
            (-1, "liquidity dries up"),
            (1, "liquidity is steady"),
            (_INF, "liquidity returns"),
        ),
        "Markets react to the turn before the level: half a year's growth overtook the year's in"
        " 2023-09, while the year's was still below zero.",
    ),
    Rule(
        "cpi_growth",
        0.1,
        _inflation,
        ((1, 0.6), (2.5, 0.4), (3.5, 0), (5, -0.6), (7, -1)),
        "consumer prices rose by {:.1f} % in a year",
        (
            (2.6, "inflation leaves the central bank free"),
            (4, "inflation is a little high"),
            (_INF, "inflation forces the central bank to brake"),
        ),
        "The Federal Reserve's goal is 2 %; well above it money is tightened whatever markets do.",
    ),
    Rule(
        "yield_curve",
        0.05,
        _curve,
        ((-1, -1), (0, -0.3), (0.5, 0.3), (1.5, 1)),
        "10-year yields are {:+.2f} points above 2-year ones",
        (
            (0, "an inverted curve, which has come before recessions"),
            (0.5, "a flat curve"),
            (_INF, "a steep curve, as early in an upswing"),
        ),
        "Estrella and Mishkin, 1996, on 10 years against 3 months: inversions have come before US"
        " recessions, by half a year to two years.  The 2-year yield turns with less delay; such a"
        " lead times nothing: hence the small weight.",
    ),
    Rule(
        "dollar_change",
        0.15,
        _dollar,
        ((-3, 1), (0, 0), (3, -1)),
        "the dollar moved by {:+.1f} % in a quarter",
        (
            (-1, "a weak dollar, loose conditions"),
            (1, "a steady dollar"),
            (_INF, "a strong dollar, tight conditions"),
        ),
        "Much of the world's debt across borders is in dollars, so a rising dollar tightens credit"
        " (Bruno and Shin, 2015); bitcoin rose against a falling one in 2020 H2 and fell against a"
        " rising one in 2022.",
    ),
    Rule(
        "fear_greed",
        0.05,
        _mood,
        ((10, 1), (25, 0.6), (50, 0), (75, -0.5), (90, -1)),
        "Fear & Greed is {:.0f}",
        (
            (25, "extreme fear, which has been a time to buy"),
            (45, "fear"),
            (55, "neutral"),
            (75, "greed"),
            (_INF, "extreme greed, which has been a time to be careful"),
        ),
        "Contrarian, after Baker and Wurgler, 2006, on stocks: returns were low after high"
        " sentiment, and high after low.  A mood can last for months: hence the small weight.",
    ),
)
