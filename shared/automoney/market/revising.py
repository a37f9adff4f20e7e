"""What newly fetched bars change about those that are known: which of two wins, what is filled.

A bar of the preferred source stands above one of another source, and any real bar above one that
was filled in.  Pure.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Timeframe
from automoney.market.cleaning import drop_duplicates, fill_forward, flag_jumps

_BARS_A_DAY = Timeframe.D1.duration // Timeframe.H4.duration


def revise(
    known: Sequence[Candle], found: Sequence[Candle], *, preferred: str
) -> tuple[Candle, ...]:
    """The bars that `found` adds to `known` or changes in it, oldest first, jumps flagged.

    Both are one asset's in one timeframe; `known` is strictly ascending, without gaps where they
    have been filled, and reaches from before the first of `found` to its newest if it can.  A known
    bar gives way to one that stands at least as high.  Where bars are missing between two, flat
    ones are filled in; they are filled anew when the bar before them changes.  A flag that was set
    stays while the bar says the same.
    """
    fresh = drop_duplicates(found)
    if not fresh:
        return ()
    reach = _reaching(known, fresh[0].open_time)
    kept = {bar.open_time: bar for bar in reach}
    for bar in fresh:
        before = kept.get(bar.open_time)
        if before is None or _standing(bar, preferred) >= _standing(before, preferred):
            kept[bar.open_time] = before if before and says_the_same(before, bar) else bar
    first = min(kept)
    real = [kept[at] for at in sorted(kept) if at == first or not kept[at].filled]
    whole = fill_forward(real, until=real[-1].close_time)
    stored = {bar.open_time: bar for bar in reach}
    return tuple(bar for bar in flag_jumps(whole, None) if bar != stored.get(bar.open_time))


def borrowed_since(bars: Sequence[Candle], preferred: str) -> datetime | None:
    """When the oldest of `bars` opened that another source than the preferred one gave.

    Bars that were filled in just before it count with it: they were missing for the same reason.
    """
    filled_since = None
    for bar in bars:
        if bar.source != preferred:
            return filled_since or bar.open_time
        filled_since = (filled_since or bar.open_time) if bar.filled else None
    return None


def merged(known: Sequence[Candle], changes: Sequence[Candle]) -> list[Candle]:
    """`known` with `changes` made, oldest first."""
    if not (known and changes) or changes[0].open_time > known[-1].open_time:
        return [*known, *changes]
    by_open = {bar.open_time: bar for bar in (*known, *changes)}
    return [by_open[at] for at in sorted(by_open)]


def says_the_same(before: Candle, bar: Candle) -> bool:
    """Whether `bar` is `before` once more, flagged or not."""
    return replace(bar, anomalous=before.anomalous) == before


def days_of(four_hours: Sequence[Candle], *, since: datetime) -> Iterator[Candle]:
    """The days from `since` on, as far as each has all six of its real 4 hour bars.

    `four_hours` are ascending, `since` is a midnight.  For a source that has no days itself.
    """
    bars = [bar for bar in four_hours if bar.open_time >= since and not bar.filled]
    day = since
    for first in range(0, len(bars), _BARS_A_DAY):
        six = bars[first : first + _BARS_A_DAY]
        whole = len(six) == _BARS_A_DAY and six[0].open_time == day
        if not whole or six[-1].close_time != day + Timeframe.D1.duration:
            return
        yield next(aggregate(six, Timeframe.D1))
        day += Timeframe.D1.duration


def _reaching(known: Sequence[Candle], since: datetime) -> list[Candle]:
    """Known bars from `since` on, and before them those back to a real one to fill from."""
    first = bisect_left(known, since, key=lambda bar: bar.open_time)
    first = max(first - 1, 0)
    while first > 0 and known[first].filled:
        first -= 1
    return list(known[first:])


def _standing(bar: Candle, preferred: str) -> int:
    if bar.filled:
        return 0
    return 2 if bar.source == preferred else 1
