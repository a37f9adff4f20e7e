"""Closed candles in memory, each from the moment on at which it could be stored."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from automoney.market.candles import Candle, Timeframe
from automoney.stores.memory.instants import instant

type Key = tuple[str, Timeframe]


@dataclass(frozen=True, slots=True)
class History:
    """The bars of one asset and timeframe, oldest first, in columns of equal length.

    `opens` and `known_at` are instants.  The latter is when a bar was stored, which never falls:
    its end, but for one that was filled in once a later bar told that it is missing.
    """

    opens: Sequence[int] = ()
    known_at: Sequence[int] = ()
    bars: Sequence[Candle] = ()

    @classmethod
    def of(cls, bars: Sequence[Candle]) -> "History":
        """Bars that were each stored when they closed."""
        return cls(
            [instant(bar.open_time) for bar in bars],
            [instant(bar.close_time) for bar in bars],
            bars,
        )

    def closed(self, since: datetime, by: datetime) -> Sequence[Candle]:
        """Those that opened at `since` or later and were stored at `by`."""
        first = bisect_left(self.opens, instant(since))
        return self.bars[first : bisect_right(self.known_at, instant(by))]


@dataclass(frozen=True, slots=True)
class MemoryCandles:
    """Meets `ports.Candles`."""

    histories: dict[Key, History] = field(default_factory=dict)
    revisions: dict[Key, int] = field(default_factory=dict)

    def put(self, candles: Iterable[Candle]) -> None:
        arriving: dict[Key, dict[datetime, Candle]] = {}
        for bar in candles:
            arriving.setdefault((bar.asset, bar.timeframe), {})[bar.open_time] = bar
        for key, bars in arriving.items():
            kept = {bar.open_time: bar for bar in self.histories.get(key, History()).bars}
            newest = max(kept, default=None)
            if any(newest and at <= newest and kept.get(at) != bar for at, bar in bars.items()):
                self.revisions[key] = self.revision(*key) + 1
            kept |= bars
            self.histories[key] = History.of([kept[at] for at in sorted(kept)])

    def revision(self, asset: str, timeframe: Timeframe) -> int:
        return self.revisions.get((asset, timeframe), 0)

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        history = self.histories.get((asset, timeframe))
        return history.bars[-1].open_time if history and history.bars else None

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        history = self.histories.get((asset, timeframe))
        return list(history.closed(since, by)) if history else []

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        return self.closed(asset, Timeframe.D1, since=since, by=closed_by)

    def purge(self, timeframe: Timeframe, *, before: datetime) -> int:
        gone = 0
        for key, history in self.histories.items():
            if key[1] is timeframe:
                first = bisect_left(history.opens, instant(before))
                gone += first
                columns = history.opens, history.known_at, history.bars
                self.histories[key] = History(*(column[first:] for column in columns))  # type: ignore[arg-type]  # a slice of a column is one of its kind
        return gone
