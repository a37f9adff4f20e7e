"""Backfill of candles: page by page, cleaned as a collector would have cleaned them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automoney.market.candles import Candle, Timeframe
from automoney.market.cleaning import drop_duplicates, fill_forward, flag_jumps
from automoney.market.revising import says_the_same
from automoney.market.tracking import KEPT_FOR
from automoney.ports import Backfills, Candles, PriceSource
from automoney.workflows.backfill import Chunk, Reach, Span

PAGE = 1000  # candles a transaction; Binance gives no more at once
TIMEFRAMES = (Timeframe.D1, Timeframe.W1, Timeframe.H4, Timeframe.H1)


def wanted_span(timeframe: Timeframe, start: datetime, end: datetime) -> Span:
    """The bars to load of those from `start` to `end`: whole ones, and no more than are kept."""
    if timeframe in KEPT_FOR:
        start = max(start, end - KEPT_FOR[timeframe])
    return Span(timeframe.open_time(start), end)


@dataclass(slots=True)
class CandleJob:
    """Closed candles of `asset` in `timeframe`, those that `wanted` covers.

    Later bars are loaded oldest first, earlier ones newest first, so that what is loaded has no
    hole at any time, `page` bars a transaction.  Gaps in between are filled forward unless
    something else is stored there.
    """

    prices: PriceSource
    asset: str
    timeframe: Timeframe
    wanted: Span
    candles: Candles
    backfills: Backfills
    page: int = PAGE
    left_out: tuple[str, ...] = field(default=(), init=False)

    @property
    def source(self) -> str:
        return self.prices.name

    @property
    def what(self) -> str:
        return f"{self.asset} {self.timeframe.value}"

    @property
    def reach(self) -> Reach:
        return Reach(self.backfills, f"{self.source} {self.what}")

    def lacks(self) -> timedelta:
        earlier, later = self._missing()
        return earlier.length + later.length

    async def load(self) -> AsyncIterator[Chunk]:
        earlier, later = self._missing()
        if later.start == earlier.start:
            self.reach.begin(later.start)
        start = later.start
        while self.timeframe.open_time(later.end) > start:
            page = await self._page(start, later.end)
            if not page:
                break
            yield self._append(page, Span(start, page[-1].close_time))
            start = page[-1].close_time
        end = earlier.end
        while earlier.start < end:
            start = max(earlier.start, end - self.page * self.timeframe.duration)
            yield self._prepend(await self._page(start, end), Span(start, end))
            end = start

    def _missing(self) -> tuple[Span, Span]:
        """What is wanted before and after what is loaded; both start alike if nothing is."""
        loaded = self.reach.loaded(self.wanted, bridge=self.timeframe not in KEPT_FOR)
        return (
            Span(min(self.wanted.start, loaded.start), loaded.start),
            Span(loaded.end, max(self.wanted.end, loaded.end)),
        )

    async def _page(self, start: datetime, end: datetime) -> tuple[Candle, ...]:
        """The first `PAGE` bars from `start` on that have closed by `end`."""
        bars = max(1, (end - start) // self.timeframe.duration)
        found = await self.prices.candles(
            self.asset, self.timeframe, start=start, limit=min(self.page, bars)
        )
        return tuple(bar for bar in found if bar.open_time >= start and bar.close_time <= end)

    def _append(self, page: tuple[Candle, ...], span: Span) -> Chunk:
        before = self._stored(span.start - self.timeframe.duration, span.start)
        stored = self._stored(span.start, span.end)
        known = fill_forward(_joined(before, stored, page), until=span.end)
        bars = flag_jumps(known[len(before) :], before[-1].close if before else None)
        return self._keep(self.reach.job, bars, stored, page, span)

    def _prepend(self, page: tuple[Candle, ...], span: Span) -> Chunk:
        """Also judge the bar after the page, now that it has one before it."""
        after = self._stored(span.end, span.end + PAGE * self.timeframe.duration)[:1]
        stored = self._stored(span.start, span.end)
        known = _joined(after, stored, page)
        bars = flag_jumps(fill_forward(known, until=known[-1].close_time) if known else (), None)
        return self._keep(self.reach.since_job, bars, [*stored, *after], page, span)

    def _keep(
        self,
        job: str,
        bars: tuple[Candle, ...],
        stored: list[Candle],
        page: tuple[Candle, ...],
        span: Span,
    ) -> Chunk:
        reached = span.end if job == self.reach.job else span.start
        kept = self.backfills.put_candles(job, bars, reached=reached)
        there = {bar.open_time for bar in stored}
        new = [bar for bar in bars if bar.open_time not in there]
        return Chunk(
            span,
            fetched=len(page),
            new=len(new),
            changed=kept - len(new),
            filled=sum(bar.filled is not None for bar in new),
            anomalies=sum(bar.anomalous for bar in bars if bar.open_time < span.end),
        )

    def _stored(self, since: datetime, by: datetime) -> list[Candle]:
        return self.candles.closed(self.asset, self.timeframe, since=since, by=by)


def _joined(
    neighbour: list[Candle], stored: list[Candle], page: tuple[Candle, ...]
) -> tuple[Candle, ...]:
    """One bar an open time: the page's, else what is stored unless it was made up.

    A flag stays on a bar that says the same.
    """
    there = {bar.open_time: bar for bar in stored}
    real = [bar for bar in stored if bar.filled is None]
    stored_too = [(there[bar.open_time], bar) for bar in page if bar.open_time in there]
    known = [before for before, bar in stored_too if says_the_same(before, bar)]
    return drop_duplicates((*neighbour, *real, *page, *known))
