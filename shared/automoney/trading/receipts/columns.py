"""Readings as columns, in pieces that are kept once however many runs saw them.  Pure.

A run looks at the same 380 days of a series as the run before, but for a day at either end.  So a
series is cut into quarters of a year, each named by its SHA-256, and listed in one more piece.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from automoney.errors import InvalidInput
from automoney.market.readings import Filled, Reading

_MICROSECOND = timedelta(microseconds=1)
_MARKS = ("anomalous", "proxy", "vintage_assumed")


def quarters(readings: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    """The readings of each quarter that has any; periods ascend."""
    start = 0
    while start < len(readings):
        end = bisect_left(readings, _next_quarter(readings[start].period), start, key=_period)
        yield readings[start:end]
        start = end


def columns(readings: Sequence[Reading]) -> dict[str, Any]:
    """One series' readings, at least one, as JSON-ready columns.

    `period` begins with a time, whole microseconds since the one before follow.  `lag` is how many
    later than its period each was available, `seen` how many later than that its vintage is.  A
    column in which all are alike is a single value.
    """
    first = readings[0]
    steps = (later.period - before.period for before, later in pairwise(readings))
    return {
        "series": first.series,
        "asset": first.asset,
        "count": len(readings),
        "period": first.period,
        "step": _short([step // _MICROSECOND for step in steps]),
        "lag": _short([(one.available_at - one.period) // _MICROSECOND for one in readings]),
        "seen": _short([(one.vintage - one.available_at) // _MICROSECOND for one in readings]),
        "value": [one.value for one in readings],
        "source": _short([one.source for one in readings]),
        "filled": _short([one.filled for one in readings]),
        **{mark: _short([getattr(one, mark) for one in readings]) for mark in _MARKS},
    }


def readings_of(data: Mapping[str, Any]) -> tuple[Reading, ...]:
    """What `columns` was given.  Raises InvalidInput for anything that it does not write."""
    try:
        count = int(data["count"])
        steps = [0, *_long(data["step"], count - 1)]
        start = datetime.fromisoformat(data["period"]).astimezone(UTC)
        rows = zip(
            (start + step * _MICROSECOND for step in accumulate(steps)),
            _long(data["value"], count),
            _long(data["lag"], count),
            _long(data["seen"], count),
            _long(data["source"], count),
            _long(data["filled"], count),
            *(_long(data[mark], count) for mark in _MARKS),
            strict=True,
        )
        return tuple(
            Reading(
                data["series"],
                data["asset"],
                period,
                value,
                period + lag * _MICROSECOND,
                period + (lag + seen) * _MICROSECOND,
                source,
                None if filled is None else Filled(filled),
                *marks,
            )
            for period, value, lag, seen, source, filled, *marks in rows
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InvalidInput("readings", type(error).__name__, "columns of equal length") from error


def _period(reading: Reading) -> datetime:
    return reading.period


def _next_quarter(moment: datetime) -> datetime:
    month = (moment.month + 2) // 3 * 3 + 1
    years, month = divmod(month - 1, 12)
    return datetime(moment.year + years, month + 1, 1, tzinfo=UTC)


def _short(column: list[Any]) -> Any:
    """The column, or its only value if there are several alike."""
    if len(column) > 1 and all(one == column[0] for one in column):
        return column[0]
    return column


def _long(column: Any, count: int) -> list[Any]:
    return column if isinstance(column, list) else [column] * count
