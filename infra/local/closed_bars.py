"""Closed bars out of shorter rows as they stream by: the same bars that `market.aggregate` makes.

That one works on `Candle`s, exactly and with all they carry; this one on floats, ten times as fast.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.encoding import utc_text
from automoney.market.candles import Timeframe
from infra.local.candle_file import CandleFile

_HELD = 1000  # bars that may wait until it is clear how long a row is
_UNKNOWN = timedelta(days=10_000_000)  # longer than all of time


@dataclass(frozen=True, slots=True)
class Bar:
    """What the rows from `open_time` on come to, what is missing among them left out."""

    open_time: datetime
    high: float
    low: float
    close: float
    last: datetime  # when the last of its rows opened
    line: int  # where in the file that is
    step: timedelta  # the shortest from one row to the next, in the file so far
    over: bool  # the file reaches its end

    @property
    def reach(self) -> timedelta:
        """How long after the bar its last row opens."""
        return self.last - self.open_time


def closed_bars(file: CandleFile, timeframe: Timeframe) -> Iterator[Bar]:
    """Each bar of `timeframe` of which the file has anything, once the file reaches its end.

    A row lasts as long as the shortest step from one row to the next.  Bars are held back until
    such a step has been seen that all rows so far end within their bars.

    Raises what `file.rows()` does, and BadRow if there is no such step: for rows of a longer
    timeframe, say, or days that begin at noon.
    """
    held: list[Bar] = []
    latest = None  # the first bar whose last row opens as late in it as any
    for bar in _gathered(file, timeframe):
        if latest is None or bar.reach > latest.reach:
            latest = bar
        if bar.over:
            held.append(bar)
        if latest.reach + bar.step <= timeframe.duration:
            yield from held
            held.clear()
        elif len(held) == _HELD:
            break
    if held and latest:
        step = held[-1].step
        expected = f"a row that ends within its bar of {timeframe.value}, and not after {step}"
        raise file.bad_row(latest.line, "open_time", utc_text(latest.last), expected)


def _gathered(file: CandleFile, timeframe: Timeframe) -> Iterator[Bar]:
    """The bars, the last one of them whether it is over or not."""
    rows = file.rows()
    line, (last, high, low, close) = next(rows)
    opened = timeframe.open_time(last)
    end = opened + timeframe.duration
    step = _UNKNOWN
    for row_line, (moment, top, bottom, price) in rows:
        since = moment - last
        if since < step:  # noqa: PLR1730 - a call less for each row
            step = since

        if moment >= end:
            yield Bar(opened, float(high), float(low), float(close), last, line, step, over=True)
            opened = timeframe.open_time(moment)
            end = opened + timeframe.duration
            high, low = top, bottom
        else:
            high = top if top > high else high
            low = bottom if bottom < low else low
        line, last, close = row_line, moment, price
    known = step < _UNKNOWN  # of a single row nobody can tell how long it lasts
    yield Bar(
        opened,
        float(high),
        float(low),
        float(close),
        last,
        line,
        step,
        over=known and last + step >= end,
    )
