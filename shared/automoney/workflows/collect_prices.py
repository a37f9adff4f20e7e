"""Collect prices: one quote a tick, candles whenever one has closed, weekly indicators always.

A list of closed candles only changes when a bar closes, so candles are asked for only then: the
newest 100 of each timeframe at first, afterwards what is missing.  What a collector remembers
between ticks is a copy of what is stored; a cold start reads it back.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from automoney.encoding import plain
from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.cleaning import drop_duplicates, fill_forward, flag_jumps, flag_mark
from automoney.market.weekly import (
    WeeklyState,
    advance,
    closed_until,
    indicators_with,
    lacks_since,
    open_week,
)
from automoney.ports import Candles, MarketCache, Marks, PriceSource
from automoney.schedule import Slot
from automoney.workflows.collect import Collected, DataCollector

TIMEFRAMES = (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)
KEPT = 100  # candles of each timeframe in Redis (description 2.2.2)
_PAGE = 1000  # the most that Binance gives at once
_JUST_BEFORE = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Quotes:
    """What one tick brought: a mark per asset and newly closed candles, by asset and timeframe."""

    marks: tuple[Mark, ...]
    candles: Mapping[tuple[str, Timeframe], tuple[Candle, ...]]


class PriceCollector(DataCollector[Quotes]):
    """Marks and candles of `assets`; only the first source is asked for candles.

    `history` is how far back the first collection fetches days: weekly EMA55 needs years.
    """

    name = "collect_prices"

    def __init__(
        self,
        sources: Sequence[PriceSource],
        assets: tuple[str, ...],
        *,
        candles: Candles,
        marks: Marks,
        cache: MarketCache,
        history: timedelta,
    ) -> None:
        self._sources = {source.name: source for source in sources}
        self._assets = assets
        self._candles = candles
        self._marks = marks
        self._cache = cache
        self._history = history
        self._bars: dict[tuple[str, Timeframe], list[Candle]] = {}
        self._weeks: dict[str, WeeklyState | None] = {}
        self._last: dict[str, Mark] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self._sources)

    # ------------------------------------------------------------ collect

    async def collect(self, source: str, slot: Slot) -> Collected[Quotes]:
        asked = self._sources[source]
        marks = await asked.marks(self._assets)
        candles: dict[tuple[str, Timeframe], tuple[Candle, ...]] = {}
        problem = None
        if source == self.sources[0]:
            wanted = [
                (asset, timeframe)
                for asset in self._assets
                for timeframe in TIMEFRAMES
                if self._lacks(asset, timeframe, slot)
            ]
            answers = await asyncio.gather(
                *(self._missing(asked, asset, timeframe, slot) for asset, timeframe in wanted),
                return_exceptions=True,
            )
            for key, answer in zip(wanted, answers, strict=True):
                if isinstance(answer, SourceUnavailable):
                    problem = f"{key[0]} {key[1]} candles: {answer}"
                elif isinstance(answer, BaseException):
                    raise answer
                else:
                    candles[key] = answer
        rows = len(marks) + sum(len(bars) for bars in candles.values())
        return Collected(source, Quotes(marks, candles), rows, problem=problem)

    def _lacks(self, asset: str, timeframe: Timeframe, slot: Slot) -> bool:
        bars = self._known(asset, timeframe, slot)
        newest = timeframe.open_time(slot.at) - timeframe.duration
        return not bars or bars[-1].open_time < newest

    def _known(self, asset: str, timeframe: Timeframe, slot: Slot) -> list[Candle]:
        """The newest candles known, read back from the store on a cold start."""
        key = (asset, timeframe)
        if key not in self._bars:
            since = slot.at - timeframe.duration * (KEPT + 1)
            self._bars[key] = self._candles.closed(asset, timeframe, since=since, by=slot.at)
        return self._bars[key]

    async def _missing(
        self, source: PriceSource, asset: str, timeframe: Timeframe, slot: Slot
    ) -> tuple[Candle, ...]:
        """Closed candles that are not known yet, in pages where there are many."""
        known = self._known(asset, timeframe, slot)
        if known:
            start = known[-1].close_time
        elif timeframe is Timeframe.D1:
            last = self._candles.last_open(asset, timeframe)
            start = last + timeframe.duration if last else slot.at - self._history
        else:
            found = await source.candles(asset, timeframe, limit=KEPT + 1)
            return tuple(candle for candle in found if candle.close_time <= slot.at)
        closed: list[Candle] = []
        while True:
            limit = max(2, min(_PAGE, (slot.at - start) // timeframe.duration + 2))
            page = await source.candles(asset, timeframe, start=start, limit=limit)
            closed += (candle for candle in page if candle.close_time <= slot.at)
            if len(page) < limit or page[-1].close_time > slot.at:
                return tuple(closed)
            start = page[-1].close_time

    # ------------------------------------------------------------ validate

    def validate(self, collected: Collected[Quotes], slot: Slot) -> Collected[Quotes]:
        missing = set(self._assets) - {mark.asset for mark in collected.data.marks}
        if missing:
            raise SourceUnavailable(collected.source, f"gave no price for {', '.join(missing)}")
        if not self._last:
            self._last |= self._marks.marks(self._assets, as_of=slot.at + timedelta(days=1))
        marks = tuple(flag_mark(mark, self._last.get(mark.asset)) for mark in collected.data.marks)
        candles = {}
        for (asset, timeframe), found in collected.data.candles.items():
            known = self._known(asset, timeframe, slot)[-1:]
            bars = drop_duplicates((*known, *found))
            if found:  # gaps inside are filled; a bar that is only late is asked for again
                bars = fill_forward(bars, until=bars[-1].close_time)
            flagged = flag_jumps(bars[len(known) :], known[-1].close if known else None)
            candles[asset, timeframe] = flagged
        anomalies = sum(mark.anomalous for mark in marks) + sum(
            bar.anomalous for bars in candles.values() for bar in bars
        )
        data = Quotes(marks, candles)
        return Collected(collected.source, data, collected.rows, anomalies, collected.problem)

    # ------------------------------------------------------------ keep

    def cache(self, collected: Collected[Quotes], slot: Slot) -> dict[str, Any]:
        quotes = collected.data
        self._candles.put([bar for bars in quotes.candles.values() for bar in bars])
        # A quiet market quotes the same trade again; it is kept already.
        fresh = [mark for mark in quotes.marks if self._last.get(mark.asset) != mark]
        self._marks.put_marks([*fresh, *_closes(quotes)])
        self._last |= {mark.asset: mark for mark in fresh}
        for (asset, timeframe), bars in quotes.candles.items():
            if bars:
                key = (asset, timeframe)
                self._bars[key] = [*self._bars[key], *bars][-KEPT:]
                self._cache.put_candles(asset, timeframe, self._bars[key])
        latest = {mark.asset: self._latest(mark, slot) for mark in quotes.marks}
        self._cache.put_latest(latest)
        return {"prices": {asset: one["price"] for asset, one in latest.items()}}

    def _latest(self, mark: Mark, slot: Slot) -> dict[str, Any]:
        days = self._known(mark.asset, Timeframe.D1, slot)
        state = self._weekly(mark.asset, slot)
        since = state.until if state else slot.at
        known_until = days[-1].close_time if days else Timeframe.D1.open_time(slot.at)
        hours = self._known(mark.asset, Timeframe.H1, slot)
        week = open_week(
            [day for day in days if day.open_time >= since],
            [hour for hour in hours if hour.open_time >= known_until],
            mark,
        )
        return {
            "asset": mark.asset,
            "price": plain(mark.price),
            "at": plain(mark.at),
            "timestamp": plain(slot.at),
            "source": mark.source,
            "isAnomaly": mark.anomalous,
            "indicators": plain(indicators_with(state, week)),
            "week": plain(week),
        }

    def _weekly(self, asset: str, slot: Slot) -> WeeklyState | None:
        """The indicator state, carried on when a week has closed and rebuilt on a cold start."""
        days = self._known(asset, Timeframe.D1, slot)
        if not days:
            return None
        state = self._weeks.get(asset)
        if state is None or state.until < closed_until(days[-1].close_time):
            since = lacks_since(state)
            state = advance(state, self._candles.days(asset, since=since, closed_by=slot.at))
            self._weeks[asset] = state
            if state is not None:
                self._cache.put_state(asset, Timeframe.W1, state.dump())
        return state


def _closes(quotes: Quotes) -> list[Mark]:
    """The close of each newly closed hour is a price too: the last before the next hour began."""
    return [
        Mark(bar.asset, bar.close, bar.close_time - _JUST_BEFORE, bar.source, bar.anomalous)
        for (_, timeframe), bars in quotes.candles.items()
        if timeframe is Timeframe.H1
        for bar in bars[-24:]
    ]
