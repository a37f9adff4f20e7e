"""Take a payload of prices the whole way: transport, source, collector, what would be stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.ports import PriceSource
from automoney.schedule import Slot
from automoney.transport import Transport
from automoney.workflows.collect_prices import PriceCollector
from tests.fakes import FakePrices
from tests.fakes_market import FakeCandles, FakeMarks
from tests.fuzz.cases import Body, Mutant
from tests.fuzz.kept import LATE, WHOLE, WholeCache
from tests.fuzz.outcomes import Outcome, Telling, Verdict
from tests.fuzz.outside import Outside

_TRACKED = (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)
QUOTE = Decimal(100)  # of every asset, where the payload is not a quote


class Prices(PriceSource, Protocol):
    """A price source that also knows where fills get their price."""

    async def first_trade(self, asset: str, after: datetime) -> Mark: ...


@dataclass
class _Asked:
    """The source, of which only what the payload answers is asked: one request a payload.

    It remembers what it refused to make candles of, for the collector goes on without them.
    """

    source: Prices
    body: Body
    refused: SourceUnavailable | None = None

    @property
    def name(self) -> str:
        return self.source.name

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        if self.body.known_until is None:
            return await self.source.marks(assets)
        return tuple(Mark(asset, QUOTE, self.body.slot, self.name) for asset in assets)

    async def candles(
        self, asset: str, timeframe: Timeframe, *, start: datetime | None = None, limit: int = 100
    ) -> tuple[Candle, ...]:
        if (asset, timeframe) != (self.body.asset, self.body.timeframe):
            return ()
        try:
            return await self.source.candles(asset, timeframe, start=start, limit=limit)
        except SourceUnavailable as error:
            self.refused = error
            raise


class PriceRoom:
    """Collects prices from one source; `make` builds it on a transport."""

    def __init__(self, source: str, make: Callable[[Transport], Prices]) -> None:
        self._outside = Outside(source)
        self._source = make(self._outside.transport())

    async def outcome(self, mutant: Mutant) -> Outcome:
        body = mutant.body
        self._outside.answers(mutant.sent, body.slot + LATE)
        with Telling(mutant):
            if body.kind in ("trades", "chart"):
                return await self._fill(body)
            return await self._collect(body, whole=mutant.index % WHOLE == 0)

    async def _fill(self, body: Body) -> Outcome:
        try:
            mark = await self._source.first_trade(body.asset, body.slot)
        except SourceUnavailable as error:
            return Outcome(Verdict.REJECTED, error)
        return Outcome(Verdict.CLEAN, marks=(mark,))

    async def _collect(self, body: Body, *, whole: bool) -> Outcome:
        asked = _Asked(self._source, body)
        assets = ("BTC", "ETH") if body.known_until is None else (body.asset,)
        candles, marks, before = FakeCandles(), FakeMarks(), _known(body, assets)
        candles.put(before)
        if body.before and body.known_until is None:
            at = body.slot - timedelta(minutes=5)
            marks.put_marks([Mark("BTC", Decimal(body.before), at, "before")])
        first = () if asked.name == "binance" else (FakePrices("binance"),)
        collector = PriceCollector(
            (*first, asked),
            assets,
            candles=candles,
            marks=marks,
            cache=WholeCache(),
            history=timedelta(days=30),
        )
        slot = Slot(body.slot)
        try:
            collected = collector.validate(await collector.collect(asked.name, slot), slot)
        except SourceUnavailable as error:
            return Outcome(Verdict.REJECTED, error)
        if whole:
            collector.cache(collected, slot)
        if asked.refused:
            return Outcome(Verdict.REJECTED, asked.refused)
        bars = tuple(bar for found in collected.data.candles.values() for bar in found)
        odd = collected.anomalies or any(bar.filled for bar in bars)
        return Outcome(
            Verdict.FLAGGED if odd else Verdict.CLEAN,
            marks=collected.data.marks,
            candles=bars,
            before=tuple(before),
        )


def _known(body: Body, assets: Sequence[str]) -> list[Candle]:
    """The newest bar of each timeframe, so that only what the payload is of is missing."""
    price = Decimal(body.before or 100)
    bars = []
    for asset in assets:
        for timeframe in _TRACKED:
            until = timeframe.open_time(body.slot)
            if (asset, timeframe) == (body.asset, body.timeframe) and body.known_until:
                until = body.known_until
            opened = until - timeframe.duration
            four = (price, price, price, price)
            bars.append(Candle(asset, timeframe, opened, *four, Decimal(1), "binance"))
    return bars
