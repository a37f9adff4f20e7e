"""What may be seen of the candles at a moment.  Pure; `now` is in microseconds since 1970.

- A bar can be seen once `now` is past its open time, never at it: what trades at the very moment
  of a slot comes after the slot.
- A bar that is still open shows what is known: closed finer bars inside it, and the open of the
  finest one in progress, as that is the first trade in it.
- The trades of this world are the opens of the finest bars; between them, and while nothing
  was traded, the last price stands.  A bar's close is known as of a millisecond before its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automoney.market.candles import Timeframe
from infra.local.world.bars import DURATIONS, Bar, Bars, floor
from infra.local.world.clock import DAY, Micros
from infra.local.world.ladder import Ladder

MILLISECOND: Micros = 1000
_FINER_FIRST_TO_LAST = (Timeframe.D1, Timeframe.H1)


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade on the tape: its number there, price in hundred-millionths, and time."""

    id: int
    price: int
    at: Micros


@dataclass(frozen=True, slots=True)
class RollingDay:
    """The 24 hours up to the last known trade: prices, volume and the trades' numbers."""

    open: int
    high: int
    low: int
    volume: int
    quote_volume: int
    last: Trade
    first_id: int
    count: int


def last_trade(ladder: Ladder, now: Micros) -> Trade | None:
    """The newest price that is known at `now`, or None before the first trade.

    Inside a bar it is the bar's open.  At its open time, and where no bar is, the last close.
    """
    bars = ladder.tape.bars
    index = bars.opened_before(now) - 1
    if index < 0:
        return None
    if now < bars.ends[index]:
        return Trade(index, bars.open[index], bars.opens[index])
    return Trade(index, bars.close[index], bars.ends[index] - MILLISECOND)


def trades(
    ladder: Ladder, now: Micros, *, since: Micros | None, until: Micros | None, limit: int
) -> list[Trade]:
    """Trades before `now`, oldest first: from `since` on, else the newest; `until` counts too."""
    bars = ladder.tape.bars
    stop = bars.opened_before(now if until is None else min(now, until + 1))
    first = stop - limit if since is None else bars.opened_before(since)
    first = max(first, 0)
    return [
        Trade(index, bars.open[index], bars.opens[index])
        for index in range(first, min(stop, first + limit))
    ]


def is_recorded(ladder: Ladder, timeframe: Timeframe, now: Micros) -> bool:
    """Whether somebody recorded bars this short at the time of the last known trade."""
    bars = ladder.tape.bars
    index = bars.opened_before(now) - 1
    return index >= 0 and bars.ends[index] - bars.opens[index] <= DURATIONS[timeframe]


def closed_range(
    bars: Bars, now: Micros, *, since: Micros | None, until: Micros | None, limit: int
) -> tuple[int, int]:
    """Which closed bars to show: indices from and to; the newest `limit` if there is no `since`."""
    stop = bars.closed(now)
    if until is not None:
        stop = min(stop, bars.opened_before(until + 1))
    if since is None:
        return max(stop - limit, 0), stop
    first = bars.opened_before(since)
    return first, max(first, min(stop, first + limit))


def bar_in_progress(ladder: Ladder, timeframe: Timeframe, now: Micros) -> Bar | None:
    """The bar that is open at `now` as far as it is known; None if nothing was traded in it yet."""
    opened = floor(now, DURATIONS[timeframe])
    parts = list(_parts(ladder, timeframe, opened, now))
    if not parts:
        return None
    return Bar(
        opened,
        opened + DURATIONS[timeframe],
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum(part.volume for part in parts),
    )


def _parts(ladder: Ladder, timeframe: Timeframe, opened: Micros, now: Micros) -> Iterator[Bar]:
    """What is known of `opened` to `now`: closed days, closed hours, then the tape."""
    tape = ladder.tape.bars
    cursor = opened
    for finer in _FINER_FIRST_TO_LAST:
        index = tape.opened_before(cursor)
        coarse = index < len(tape) and tape.ends[index] - tape.opens[index] > DURATIONS[finer]
        if DURATIONS[finer] >= DURATIONS[timeframe] or (coarse and tape.opens[index] < now):
            continue
        bars = ladder.bars[finer]
        yield from (bars[at] for at in range(bars.opened_before(cursor), bars.closed(now)))
        cursor = floor(now, DURATIONS[finer])
    for index in range(tape.opened_before(cursor), tape.opened_before(now)):
        bar = tape[index]
        if bar.end - bar.opened > DURATIONS[timeframe]:
            continue  # its open belongs to a longer bar: nobody recorded this timeframe here
        if bar.end <= now:
            yield bar
        else:
            yield Bar(bar.opened, bar.end, bar.open, bar.open, bar.open, bar.open, 0)


def rolling_day(ladder: Ladder, now: Micros) -> RollingDay | None:
    """The 24 hours up to the last known trade; None before the first one."""
    last = last_trade(ladder, now)
    if last is None:
        return None
    tape = ladder.tape
    bars = tape.bars
    first = min(bars.opened_before(last.at - DAY), last.id)
    closed = bars.closed(now)
    highs, lows = bars.high[first:closed], bars.low[first:closed]
    if closed <= last.id:  # the last bar is still open
        highs.append(last.price)
        lows.append(last.price)
    return RollingDay(
        open=bars.open[first],
        high=max(highs),
        low=min(lows),
        volume=tape.volume_before[closed] - tape.volume_before[first],
        quote_volume=tape.quote_before[closed] - tape.quote_before[first],
        last=last,
        first_id=first,
        count=last.id - first + 1,
    )
