"""The newest stored bars of each asset and timeframe, and what to ask a source for at a slot.

A list of closed bars only changes when one closes or an old one is corrected, so that is when bars
are asked for: years of days at first; what is missing, with a short overlap, afterwards; and the
newest 100 of everything at the first collection of a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from automoney.market.candles import Candle, Timeframe
from automoney.market.revising import borrowed_since, merged
from automoney.market.tracking import TRACKED, tracked_since
from automoney.ports import Candles

Key = tuple[str, Timeframe]

KEPT = 100  # bars of each timeframe in memory and in Redis (description 2.2.2)
FIRST = 1000  # hours and 4 hours at the first collection: indicators want more than Redis keeps
BORROWED = (Timeframe.H1, Timeframe.H4)  # what a source that only stands in is asked for
_OVERLAP = 2  # bars: the newest ones are the likeliest to be corrected


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bars to ask a source for: `limit` from `start` on, or the newest ones where it is None."""

    asset: str
    timeframe: Timeframe
    start: datetime | None
    limit: int

    @property
    def key(self) -> Key:
        return self.asset, self.timeframe


@dataclass(slots=True)
class KnownBars:
    """A copy of what is stored, read back on a cold start; `preferred` is the first source.

    `history` is how far back the first collection fetches days: weekly EMA55 needs years.
    """

    candles: Candles
    preferred: str
    history: timedelta
    _newest: dict[Key, list[Candle]] = field(default_factory=dict)
    _settled: set[Key] = field(default_factory=set)  # nothing borrowed is left to ask for again
    _owed: set[Key] = field(default_factory=set)  # the day's look at the newest 100 is due
    _looked: dict[str, date] = field(default_factory=dict)

    # ------------------------------------------------------------ what is known

    def newest(self, key: Key, at: datetime) -> list[Candle]:
        """The newest bars, oldest first: read when first asked for, then kept up."""
        if key not in self._newest:
            self._newest[key] = self._read(*key, at)
        return self._newest[key]

    def reaching(self, key: Key, since: datetime, at: datetime) -> Sequence[Candle]:
        """Bars from one before `since` on, read from the store if it is further back than usual."""
        known = self.newest(key, at)
        if not known or known[0].open_time < since:
            return known
        asset, timeframe = key
        earlier = since - timeframe.duration * KEPT
        return self.candles.closed(asset, timeframe, since=earlier, by=at)

    def change(self, key: Key, changes: Sequence[Candle]) -> list[Candle]:
        """Take in what has just been stored; the newest bars, as they are now."""
        self._newest[key] = merged(self._newest.get(key, []), changes)[-KEPT:]
        return self._newest[key]

    def forget(self, key: Key) -> None:
        """Somebody else has changed what is stored: read it again."""
        self._newest.pop(key, None)

    def _read(self, asset: str, timeframe: Timeframe, at: datetime) -> list[Candle]:
        span = timeframe.duration * (KEPT + 1)
        found = self.candles.closed(asset, timeframe, since=at - span, by=at)
        if found:
            return found[-KEPT:]
        last = self.candles.last_open(asset, timeframe)  # collecting stood still for long
        if last is None or last > at:
            return []
        return self.candles.closed(asset, timeframe, since=last - span, by=at)[-KEPT:]

    # ------------------------------------------------------------ what to ask for

    def wanted(self, assets: Sequence[str], at: datetime) -> list[Wanted]:
        """What to ask the preferred source for."""
        for asset in assets:
            day = self._lacks((asset, Timeframe.D1), at)
            if day and self._looked.get(asset) != at.date():
                self._looked[asset] = at.date()
                self._owed |= {(asset, timeframe) for timeframe in TRACKED}
        asked = (self._wanted((asset, timeframe), at) for asset in assets for timeframe in TRACKED)
        return [one for one in asked if one is not None]

    def wanted_meanwhile(self, assets: Sequence[str], at: datetime) -> list[Wanted]:
        """What to ask a source for that stands in: the finer bars that are missing."""
        keys = [(asset, timeframe) for asset in assets for timeframe in BORROWED]
        return [
            Wanted(asset, timeframe, None, self._missing((asset, timeframe), at))
            for asset, timeframe in keys
            if self._lacks((asset, timeframe), at)
        ]

    def answered(self, key: Key, *, source: str) -> None:
        """The source has said what it has of `key`."""
        if source == self.preferred:
            self._settled.add(key)
            self._owed.discard(key)
        else:
            self._settled.discard(key)

    def _lacks(self, key: Key, at: datetime) -> bool:
        known = self.newest(key, at)
        return not known or known[-1].close_time < key[1].open_time(at)

    def _missing(self, key: Key, at: datetime) -> int:
        known = self.newest(key, at)
        return min((at - known[-1].close_time) // key[1].duration + 2, FIRST) if known else FIRST

    def _wanted(self, key: Key, at: datetime) -> Wanted | None:
        asset, timeframe = key
        known, closed = self.newest(key, at), timeframe.open_time(at)
        starts = []
        if not known:
            starts.append(self._first(timeframe, closed))
        elif known[-1].close_time < closed:
            starts.append(known[-1].close_time - timeframe.duration * _OVERLAP)
        if key in self._owed:
            starts.append(closed - timeframe.duration * KEPT)
        borrowed = self._borrowed(key, at) if starts or key not in self._settled else None
        if borrowed:
            starts.append(borrowed)
        if not starts:
            self._settled.add(key)
            return None
        start = min(starts)
        return Wanted(asset, timeframe, start, (at - start) // timeframe.duration + 2)

    def _first(self, timeframe: Timeframe, closed: datetime) -> datetime:
        if timeframe is Timeframe.D1:
            return closed - self.history
        count = KEPT if timeframe is Timeframe.W1 else FIRST - 1
        return closed - timeframe.duration * count

    def _borrowed(self, key: Key, at: datetime) -> datetime | None:
        """From when on other sources' bars are known, which the preferred one may replace."""
        known = self.newest(key, at)
        since = borrowed_since(known, self.preferred)
        if since and since == known[0].open_time and key not in self._settled:
            asset, timeframe = key
            all_since = tracked_since(timeframe, at)
            stored = self.candles.closed(asset, timeframe, since=all_since, by=at)
            return borrowed_since(stored, self.preferred)
        return since
