"""Series other than prices, and when each of their values became known.  Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from infra.local.world.clock import DAY, Micros, micros, moment

_AFTER_MONTH_END = {"CPIAUCSL": 13, "M2SL": 27, "FEDFUNDS": 1, "UNRATE": 6}  # days
_AFTER_DATE = {"DFF": 1, "DGS2": 1, "DGS10": 1, "T10Y2Y": 1, "DTWEXBGS": 4}  # days
_MONTHLY, _WEEKLY, _DAILY = 27, 5, 4  # days, for series we know nothing about but their rhythm


@dataclass(frozen=True, slots=True)
class Table:
    """Values by period, oldest first; a value is the text of a number, or "" where none is known.

    `periods` are when the days, weeks or months began, `known_at` when their values came out:
    both rise strictly.
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
    """Macro observations: a stated number of days after the date, or after the month it names.

    The lags are the usual ones of each publisher, on the safe side: recordings hold no vintages.
    """
    return Table(
        array("q", periods),
        array("q", [_published(series, at, periods) for at in periods]),
        columns,
    )


def _published(series: str, period: Micros, periods: Sequence[Micros]) -> Micros:
    if series in _AFTER_DATE:
        return period + _AFTER_DATE[series] * DAY
    if series in _AFTER_MONTH_END:
        return _next_month(period) + _AFTER_MONTH_END[series] * DAY
    gaps = sorted(later - earlier for earlier, later in pairwise(periods[:100]))
    usual = gaps[len(gaps) // 2] if gaps else 31 * DAY
    if usual > 20 * DAY:
        return _next_month(period) + _MONTHLY * DAY
    return period + (_WEEKLY if usual > 4 * DAY else _DAILY) * DAY


def _next_month(period: Micros) -> Micros:
    day = moment(period)
    return micros(datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC))
