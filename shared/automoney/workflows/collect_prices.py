"""Collect prices: one quote a tick, candles whenever one has closed, indicators always.

What a collector remembers between ticks is a copy of what is stored; a cold start reads it back.
Bars of a source that only stands in are kept, marked, and asked for again once the first is back.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from automoney.errors import InvalidInput, SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.cleaning import check_candle, flag_mark
from automoney.market.revising import days_of, merged, revise
from automoney.market.snapshot import Outlook
from automoney.market.tracking import TRACKED, outlook
from automoney.observability import logger
from automoney.ports import Candles, MarketCache, Marks, PriceSource
from automoney.schedule import Slot
from automoney.workflows.collect import Collected, DataCollector
from automoney.workflows.indicating import RememberedStates
from automoney.workflows.jumps import log_jumped_bars, log_jumped_marks
from automoney.workflows.known_bars import Key, KnownBars, Wanted
from automoney.workflows.latest_price import latest_price

# When all of a source's prices are older, it has stopped: recorded worlds have an hourly price.
STALE_PRICES = timedelta(hours=2)
_JUST_BEFORE = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Quotes:
    """What one tick brought: a mark per asset, and closed candles by asset and timeframe.

    Collected, the candles are what the source said; validated, what they add or change.
    """

    marks: tuple[Mark, ...]
    candles: Mapping[Key, tuple[Candle, ...]]


class PriceCollector(DataCollector[Quotes]):
    """Marks and candles of `assets`: all of them from the first source, else what another has.

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
        self._preferred = sources[0].name
        self._known = KnownBars(candles, self._preferred, history)
        self._states = RememberedStates(candles, cache, self._known)
        self._last: dict[str, Mark] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self._sources)

    # ------------------------------------------------------------ collect

    async def collect(self, source: str, slot: Slot) -> Collected[Quotes]:
        asked = self._sources[source]
        stands_in = source != self._preferred
        ask_for = self._known.wanted_meanwhile if stands_in else self._known.wanted
        wanted = ask_for(self._assets, slot.at)
        marks, answers = await asyncio.gather(
            asked.marks(self._assets),
            asyncio.gather(
                *(asked.candles(*one.key, start=one.start, limit=one.limit) for one in wanted),
                return_exceptions=True,
            ),
            return_exceptions=True,
        )
        if isinstance(marks, BaseException):
            raise marks
        assert not isinstance(answers, BaseException), "each answer has its own"
        candles, problem = {}, None
        for one, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, SourceUnavailable):
                missing = f"{one.asset} {one.timeframe} candles: {answer}"
                if stands_in:  # it is asked for prices; candles are a gift
                    logger.info("no candles meanwhile", extra={"source": source, "error": missing})
                else:
                    problem = missing
            elif isinstance(answer, BaseException):
                raise answer
            else:
                candles[one.key] = _closed(answer, one, slot)
        rows = len(marks) + sum(len(bars) for bars in candles.values())
        return Collected(source, Quotes(marks, candles), rows, problem=problem)

    # ------------------------------------------------------------ validate

    def validate(self, collected: Collected[Quotes], slot: Slot) -> Collected[Quotes]:
        source, quotes = collected.source, collected.data
        missing = set(self._assets) - {mark.asset for mark in quotes.marks}
        if missing:
            raise SourceUnavailable(source, f"gave no price for {', '.join(sorted(missing))}")
        _check(source, (bar for bars in quotes.candles.values() for bar in bars))
        age = slot.at - max(mark.at for mark in quotes.marks)
        if age > STALE_PRICES:
            raise SourceUnavailable(source, f"its newest price is {age} old at {slot.at}")
        if not self._last:
            self._last |= self._marks.marks(self._assets, as_of=slot.at + timedelta(days=1))
        marks = tuple(_flagged(mark, self._last.get(mark.asset)) for mark in quotes.marks)
        candles = {key: self._changes(key, bars, slot) for key, bars in quotes.candles.items()}
        if source != self._preferred:
            candles |= self._days_meanwhile(candles, slot)
        anomalies = sum(mark.anomalous for mark in marks) + sum(
            bar.anomalous for bars in candles.values() for bar in bars
        )
        data = Quotes(marks, candles)
        return Collected(source, data, collected.rows, anomalies, collected.problem)

    def _changes(self, key: Key, found: Sequence[Candle], slot: Slot) -> tuple[Candle, ...]:
        if not found:
            return ()
        known = self._known.reaching(key, found[0].open_time, slot.at)
        return revise(known, found, preferred=self._preferred)

    def _days_meanwhile(
        self, changes: Mapping[Key, tuple[Candle, ...]], slot: Slot
    ) -> dict[Key, tuple[Candle, ...]]:
        """Days put together from 4 hour bars, for a source that has none itself."""
        found = {}
        for asset in self._assets:
            key, finer = (asset, Timeframe.D1), (asset, Timeframe.H4)
            bars = merged(self._known.newest(finer, slot.at), changes.get(finer, ()))
            days = self._known.newest(key, slot.at)
            if bars:
                day_before = Timeframe.D1.open_time(bars[0].open_time - _JUST_BEFORE)
                since = days[-1].close_time if days else day_before + Timeframe.D1.duration
                found[key] = self._changes(key, tuple(days_of(bars, since=since)), slot)
        return found

    # ------------------------------------------------------------ keep

    def cache(self, collected: Collected[Quotes], slot: Slot) -> dict[str, Any]:
        quotes = collected.data
        changed = {key: bars for key, bars in quotes.candles.items() if bars}
        for key in changed:
            self._states.expect_change(key)
        self._candles.put([bar for bars in changed.values() for bar in bars])
        # A quiet market quotes the same trade again; it is kept already.
        fresh = [mark for mark in quotes.marks if self._last.get(mark.asset) != mark]
        self._marks.put_marks([*fresh, *self._closes(changed, slot)])
        log_jumped_marks(fresh, self._last)
        self._last |= {mark.asset: mark for mark in fresh}
        lists = {}
        for key, bars in changed.items():
            log_jumped_bars(bars, self._known.newest(key, slot.at))
            lists[key] = self._known.change(key, bars)
        for key in quotes.candles:
            self._known.answered(key, source=collected.source)
        latest = {mark.asset: self._latest(mark, slot) for mark in quotes.marks}
        self._cache.put_latest(latest, candles=lists, states=self._states.renewed())
        return {"prices": {asset: one["price"] for asset, one in latest.items()}}

    def _closes(self, changed: Mapping[Key, Sequence[Candle]], slot: Slot) -> list[Mark]:
        """The close of each newly closed hour is a price too: the last before the next began.

        So is that of a stored hour while there is no mark at all: a backfill brings none.
        """
        hours: list[Candle] = []
        for asset in self._assets:
            key = (asset, Timeframe.H1)
            known = [] if asset in self._last else self._known.newest(key, slot.at)
            hours += [*known, *self._new(key, changed.get(key, ()), slot)][-24:]
        return [
            Mark(bar.asset, bar.close, bar.close_time - _JUST_BEFORE, bar.source, bar.anomalous)
            for bar in hours
            if not bar.filled
        ]

    def _new(self, key: Key, bars: Sequence[Candle], slot: Slot) -> Sequence[Candle]:
        known = self._known.newest(key, slot.at)
        return [bar for bar in bars if not known or bar.open_time > known[-1].open_time]

    def _latest(self, mark: Mark, slot: Slot) -> dict[str, Any]:
        asset, at = mark.asset, slot.at
        days = self._known.newest((asset, Timeframe.D1), at)
        hours = self._known.newest((asset, Timeframe.H1), at)
        outlooks: dict[Timeframe, Outlook] = {}
        for timeframe in TRACKED:
            state = self._states.state((asset, timeframe), at)
            if timeframe is Timeframe.W1 or (state and not state.is_behind(at)):
                outlooks[timeframe] = outlook(state, timeframe, mark, days=days, hours=hours, at=at)
        return latest_price(mark, outlooks, at)


def _closed(found: Sequence[Candle], wanted: Wanted, slot: Slot) -> tuple[Candle, ...]:
    """Of what came, what was asked for: no bar that is still open, none from long before."""
    timeframe = wanted.timeframe
    since = wanted.start or timeframe.open_time(slot.at) - wanted.limit * timeframe.duration
    return tuple(bar for bar in found if bar.open_time >= since and bar.close_time <= slot.at)


def _check(source: str, bars: Iterable[Candle]) -> None:
    """Our sources refuse impossible bars themselves: this is for the next one, which may not."""
    try:
        for bar in bars:
            check_candle(bar)
    except InvalidInput as error:
        raise SourceUnavailable(source, str(error)) from error


def _flagged(mark: Mark, last: Mark | None) -> Mark:
    if last is not None and (mark.price, mark.at) == (last.price, last.at):
        return last  # the same trade once more: what was said of it stays
    return flag_mark(mark, last)
