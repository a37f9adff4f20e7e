"""The on-chain judge: dear or cheap, and are holders moving?

Rules in a table, deterministic, pure.  Bitcoin has many free metrics, Ether only MVRV: a narrower
judgement is by design less confident, not degraded.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from math import sqrt
from operator import sub
from statistics import fmean, median

from automoney.agents.rules import Measured, Rule, level, measured, score_by_series, window
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score

AGENT = "onchain"

_WEEK = timedelta(days=7)
_MONTH = timedelta(days=30)
_QUARTER = timedelta(days=90)
_HALF_YEAR = timedelta(days=180)
_YEAR = timedelta(days=365)


def judge(snapshot: Snapshot) -> Score:
    """Judge valuation and flows.  MVRV counts as its Z-Score where that is to be had and fresh.

    Raises DataMissing if no on-chain series has any value.
    """
    return score_by_series(AGENT, rules_for(snapshot), snapshot, per_asset=True)


def rules_for(snapshot: Snapshot) -> Sequence[Rule]:
    """The table that a snapshot is judged by."""
    return RULES_BY_Z if _prefers_z(snapshot) else RULES_BY_RATIO


def _prefers_z(snapshot: Snapshot) -> bool:
    if snapshot.latest("mvrv_z") is None:
        return False
    return "mvrv_z" not in snapshot.stale or snapshot.latest("mvrv") is None


def _mvrv_z(snapshot: Snapshot) -> Measured | None:
    return measured(snapshot, level(snapshot, "mvrv_z"), "mvrv_z")


def _mvrv(snapshot: Snapshot) -> Measured | None:
    return measured(snapshot, level(snapshot, "mvrv"), "mvrv")


def _mvrv_z_trend(snapshot: Snapshot) -> Measured | None:
    """MVRV Z-Score minus its mean of half a year."""
    values = window(snapshot.series.get("mvrv_z", ()), _HALF_YEAR)
    trend = values[-1] - fmean(values) if len(values) >= 60 else None
    return measured(snapshot, trend, "mvrv_z")


def _mvrv_trend(snapshot: Snapshot) -> Measured | None:
    """MVRV against its mean of half a year, in percent."""
    values = window(snapshot.series.get("mvrv", ()), _HALF_YEAR)
    trend = 100 * (values[-1] / fmean(values) - 1) if len(values) >= 60 else None
    return measured(snapshot, trend, "mvrv")


def _nvt(snapshot: Snapshot) -> Measured | None:
    """NVT against its own median of a year: providers count transfers so differently that levels
    can't be compared, and the series may have a value every few days only.
    """
    values = window(snapshot.series.get("nvt", ()), _YEAR)
    usual = median(values) if len(values) >= 20 else 0
    return measured(snapshot, fmean(values[-3:]) / usual if usual else None, "nvt")


def _netflow(snapshot: Snapshot) -> Measured | None:
    """The last seven days' net flow, in standard deviations of all seven-day sums of 90 days."""
    days = window(snapshot.series.get("exchange_netflow", ()), _QUARTER + _WEEK)
    sums = _sums(days, 7)
    spread = _deviation(sums) if len(sums) >= 45 else 0
    return measured(
        snapshot, (sums[-1] - fmean(sums)) / spread if spread else None, "exchange_netflow"
    )


def _addresses(snapshot: Snapshot) -> Measured | None:
    """Active addresses of the last 30 days against the 30 days before, in percent."""
    readings = snapshot.series.get("active_addresses", ())
    recent, before = window(readings, _MONTH), window(readings, _MONTH, _MONTH)
    enough = min(len(recent), len(before)) >= 15 and fmean(before) > 0
    return measured(
        snapshot, 100 * (fmean(recent) / fmean(before) - 1) if enough else None, "active_addresses"
    )


def _long_term_holders(snapshot: Snapshot) -> Measured | None:
    """The 30-day change of long-term holders' coins, in its own usual size over a year."""
    values = window(snapshot.series.get("lth_supply_change", ()), _YEAR)
    usual = sqrt(fmean([value * value for value in values])) if len(values) >= 30 else 0
    return measured(snapshot, values[-1] / usual if usual else None, "lth_supply_change")


def _sums(values: Sequence[float], size: int) -> list[float]:
    """The sum of each run of `size` consecutive values."""
    totals = [0.0, *accumulate(values)]
    return list(map(sub, totals[size:], totals))


def _deviation(values: Sequence[float]) -> float:
    """Population standard deviation in floats: `statistics.pstdev` is exact, and slow for it."""
    mean = fmean(values)
    return sqrt(fmean([(value - mean) ** 2 for value in values]))


_INF = float("inf")
_TREND_WORDS = (
    (-0.5, "holders' profits shrink fast"),
    (-0.1, "holders' profits shrink"),
    (0.1, "holders' profits are as they were"),
    (0.5, "holders' profits grow"),
    (_INF, "holders' profits grow fast"),
)
_TREND_SOURCE = (
    "Glassnode's 'MVRV momentum': MVRV crossing its half-year mean has marked the change between"
    " bull and bear markets (up 2019-04, 2020-05, 2023-01; down 2018-01, 2021-12), with false turns"
    " in between (down 2023-09, 2024-07).  It keeps a cheap market that still falls from being"
    " bought at once."
)

_VALUE_BY_Z = Rule(
    "mvrv_z",
    0.3,
    _mvrv_z,
    ((-0.2, 1), (0.5, 0.8), (1.5, 0.4), (2.5, 0.1), (4, -0.4), (7, -1)),
    "MVRV Z-Score is {:.2f}",
    (
        (0.1, "where past bear markets ended"),
        (1.5, "cheap against what holders paid"),
        (3, "a usual valuation"),
        (7, "dear against what holders paid"),
        (_INF, "where past bull markets ended"),
    ),
    "Mahmudov and Puell's MVRV (2018), Awe & Wonder's Z: above 7 came within weeks of the tops of"
    " 2011, 2013, 2017 and early 2021, below 0.1 the bottoms of 2011, 2015, 2018 and 2022.  Tops"
    " have come lower each time, so it turns negative long before 7.",
)
_VALUE_BY_RATIO = Rule(
    "mvrv",
    0.3,
    _mvrv,
    ((0.8, 1), (1.1, 0.8), (1.6, 0.4), (2.2, 0.1), (2.8, -0.4), (3.7, -1)),
    "MVRV is {:.2f}",
    (
        (1, "the average holder is at a loss, where past bear markets ended"),
        (1.6, "cheap against what holders paid"),
        (2.4, "a usual valuation"),
        (3.7, "dear against what holders paid"),
        (_INF, "where past bull markets ended"),
    ),
    "Mahmudov and Puell, 2018: tops of 2013, 2017 and early 2021 came above 3.7, bottoms of 2015,"
    " 2018 and 2022 below 1.",
)
_FLOWS = (
    Rule(
        "nvt",
        0.1,
        _nvt,
        ((0.6, 1), (1, 0), (1.6, -1)),
        "network value to transfers is {:.2f} times its yearly median",
        (
            (0.85, "much is moved for the price"),
            (1.2, "use and price go together"),
            (_INF, "the price runs ahead of use"),
        ),
        "Woo, 2017, and Kalichkin, 2018: a high NVT has meant a price above the network's use.",
    ),
    Rule(
        "exchange_netflow",
        0.1,
        _netflow,
        ((-2, 1), (0, 0), (2, -1)),
        "the week's net flow into exchanges is {:+.1f} deviations from usual",
        (
            (-0.75, "coins leave exchanges, to be kept"),
            (0.75, "flows are as usual"),
            (_INF, "coins go to exchanges, to be sold"),
        ),
        "Coins are moved to exchanges to be sold; large inflows came with the falls of 2021-05 and"
        " 2022-05.  Against its own spread, as providers label exchanges' addresses differently.",
    ),
    Rule(
        "active_addresses",
        0.15,
        _addresses,
        ((-15, -1), (0, 0), (15, 1)),
        "active addresses changed by {:+.1f} % in a month",
        ((-4, "fewer people use it"), (4, "use is steady"), (_INF, "more people use it")),
        "Network effects: value grows with users (Metcalfe's law; Peterson, 2018).  Bull markets"
        " bring new addresses, bear markets lose them.",
    ),
    Rule(
        "lth_supply_change",
        0.05,
        _long_term_holders,
        ((-2, -1), (0, 0), (2, 1)),
        "long-term holders' coins changed by {:+.1f} times the usual",
        ((-0.5, "old coins are sold"), (0.5, "old coins rest"), (_INF, "coins are put away")),
        "Schultze-Kraft (Glassnode), 2020, on coins that have not moved for 155 days: such holders"
        " have gathered in bear markets and handed out into tops.  They are early by months: hence"
        " the small weight.",
    ),
)
RULES_BY_Z = (
    _VALUE_BY_Z,
    Rule(
        "mvrv_trend",
        0.3,
        _mvrv_z_trend,
        ((-1, -1), (0, 0), (1, 1)),
        "MVRV Z-Score is {:+.2f} from its half-year mean",
        _TREND_WORDS,
        _TREND_SOURCE,
    ),
    *_FLOWS,
)
RULES_BY_RATIO = (
    _VALUE_BY_RATIO,
    Rule(
        "mvrv_trend",
        0.3,
        _mvrv_trend,
        ((-30, -1), (0, 0), (30, 1)),
        "MVRV is {:+.0f} % from its half-year mean",
        tuple((30 * limit, words) for limit, words in _TREND_WORDS),
        _TREND_SOURCE,
    ),
    *_FLOWS,
)
