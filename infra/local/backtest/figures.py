"""What an account's way says in figures: return, drawdown, Sharpe, Sortino, exposure.  Pure.

Money is exact; what is worked out of the daily equity is statistics, and so in floats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from math import sqrt
from statistics import fmean
from typing import Any

from automoney.encoding import plain

DAYS = 365
"""Periods a year: this market has no holidays."""


@dataclass(frozen=True, slots=True)
class Day:
    """What an account was worth at a midnight (UTC), of which `invested` in assets; quote."""

    at: datetime
    equity: float
    invested: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The result of trading one account.

    `decisions` counts one an asset and run, `trades` the fills.  Money is in quote currency; a
    ratio is None where nothing moved.  `exposure_pct` is the mean share that was invested.
    """

    decisions: int
    trades: int
    start_equity: Decimal
    final_equity: Decimal
    return_pct: float
    max_drawdown_pct: float
    sharpe: float | None
    sortino: float | None
    fees_paid: Decimal
    exposure_pct: float

    def as_json(self) -> dict[str, Any]:
        """Plain values: money as decimals in strings, everything else as numbers."""
        found: dict[str, Any] = plain(self)
        return found


def figures(
    days: Sequence[Day],
    *,
    decisions: int,
    trades: int,
    start_equity: Decimal,
    final_equity: Decimal,
    fees_paid: Decimal,
) -> Figures:
    """Sum up an account whose first day is when it was opened."""
    equities = [day.equity for day in days]
    changes = returns(equities)
    return Figures(
        decisions=decisions,
        trades=trades,
        start_equity=start_equity,
        final_equity=final_equity,
        return_pct=round(float(100 * (final_equity / start_equity - 1)), 2),
        max_drawdown_pct=round(100 * max(drawdowns(equities), default=0.0), 2),
        sharpe=_rounded(sharpe(changes)),
        sortino=_rounded(sortino(changes)),
        fees_paid=fees_paid,
        exposure_pct=round(100 * fmean(day.invested / day.equity for day in days), 2)
        if days
        else 0.0,
    )


def returns(equities: Sequence[float]) -> list[float]:
    """The relative change from each value to the next: n - 1 of n."""
    return [after / before - 1 for before, after in pairwise(equities)]


def drawdowns(equities: Sequence[float]) -> list[float]:
    """How far each value is below the highest before it, 0..1."""
    peaks = accumulate(equities, max)
    return [1 - equity / peak for equity, peak in zip(equities, peaks, strict=True)]


def sharpe(changes: Sequence[float]) -> float | None:
    """The mean daily return by its standard deviation, a year's worth; risk-free money earns 0.

    The deviation is a sample's (n - 1).  None for less than two changes, or if none differs.

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management, 1994.
    """
    if len(changes) < 2:
        return None
    mean = fmean(changes)
    deviation = sqrt(sum((change - mean) ** 2 for change in changes) / (len(changes) - 1))
    return mean / deviation * sqrt(DAYS) if deviation else None


def sortino(changes: Sequence[float]) -> float | None:
    """The mean daily return by its downside deviation, a year's worth; the target is 0.

    The downside deviation is the root of the mean square of the losses, over all days: a day
    without a loss counts as 0.  None without any loss.

    Source: F. Sortino and L. Price, "Performance Measurement in a Downside Risk Framework",
        Journal of Investing, 1994.
    """
    if not changes:
        return None
    downside = sqrt(fmean(min(change, 0.0) ** 2 for change in changes))
    return fmean(changes) / downside * sqrt(DAYS) if downside else None


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 3)
