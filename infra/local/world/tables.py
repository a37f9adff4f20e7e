"""Series other than prices, and when each of their values became known.  Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from automoney.market.releases import (
    days_after_the_month,
    on_the_monday_after,
    on_the_next_business_day,
)
from infra.local.world.clock import DAY, Micros, micros, moment

_NEXT_BUSINESS_DAY = frozenset({"DFF", "DGS2", "DGS10", "T10Y2Y"})
_MONDAY_AFTER = frozenset({"DTWEXBGS"})
_AFTER_MONTH_END = {"CPIAUCSL": 15, "M2SL": 28, "FEDFUNDS": 4, "UNRATE": 8}  # days
_MONTHLY, _WEEKLY, _DAILY = 27, 5, 4  # days, for series we know nothing about but their rhythm


@dataclass(frozen=True, slots=True)
class Table:
    """Values by period, oldest first; a value is the text of a number, or "" where none is known.

    `periods` are when the days, weeks or months began, `known_at` when their values came out:
    the former rise strictly, the latter never fall.
    """

    periods: "array[int]"
    known_at: "array[int]"
    columns: Mapping[str, Sequence[str]]

    def known(self, now: Micros) -> int:
        """How many rows are out by `now`."""
        return bisect_right(self.known_at, now)

    @property
    def ends(self) -> Micros:
        """The end of the last period, taken as one day."""
        return self.periods[-1] + DAY


def at_day_end(periods: Sequence[Micros], columns: Mapping[str, Sequence[str]]) -> Table:
    """On-chain values: those of a day are known once it is over."""
    return Table(array("q", periods), array("q", [at + DAY for at in periods]), columns)


def at_day_start(periods: Sequence[Micros], columns: Mapping[str, Sequence[str]]) -> Table:
    """The sentiment index: published at the start of its day."""
    return Table(array("q", periods), array("q", periods), columns)


def after_publication(
    series: str, periods: Sequence[Micros], columns: Mapping[str, Sequence[str]]
) -> Table:
    """Macro observations, by when they usually come out: recordings hold no vintages."""
    return Table(
        array("q", periods),
        array("q", [_published(series, at, periods) for at in periods]),
        columns,
    )


def _published(series: str, period: Micros, periods: Sequence[Micros]) -> Micros:
    if series in _NEXT_BUSINESS_DAY:
        return micros(on_the_next_business_day(moment(period)))
    if series in _MONDAY_AFTER:
        return micros(on_the_monday_after(moment(period)))
    if series in _AFTER_MONTH_END:
        return micros(days_after_the_month(moment(period), _AFTER_MONTH_END[series]))
    gaps = sorted(later - earlier for earlier, later in pairwise(periods[:100]))
    usual = gaps[len(gaps) // 2] if gaps else 31 * DAY
    if usual > 20 * DAY:
        return micros(days_after_the_month(moment(period), _MONTHLY))
    return period + (_WEEKLY if usual > 4 * DAY else _DAILY) * DAY
