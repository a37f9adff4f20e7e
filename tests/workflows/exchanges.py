"""Price sources over one made-up market: an exchange with everything, and one that stands in."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from automoney.errors import SourceUnavailable
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Mark, Timeframe

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LISTED = datetime(2024, 1, 4, 5, tzinfo=UTC)  # a Thursday, so that the first week is a part of one
_SPANS = {Timeframe.H1: DAY, Timeframe.H4: 30 * DAY}  # what the one that stands in looks back


def walk(hours: int, *, asset: str = "BTC", seed: int = 1) -> list[Candle]:
    """Hours of a market that wanders, the first at `LISTED`."""
    dice, price, found = Random(seed), 50_000.0, []
    for number in range(hours):
        opened, price = price, price * (1 + dice.uniform(-0.01, 0.01))
        found.append(
            Candle(
                asset,
                Timeframe.H1,
                LISTED + number * HOUR,
                _price(opened),
                _price(max(opened, price) * 1.002),
                _price(min(opened, price) * 0.998),
                _price(price),
                Decimal(dice.randrange(1, 999)),
                "binance",
            )
        )
    return found


def _price(number: float) -> Decimal:
    return Decimal(number).quantize(Decimal("0.01"))


@dataclass
class Exchange:
    """Has every timeframe of the hours that have begun at `now`, the last one still open.

    `hidden` are hours that it does not tell of; `down` makes it fail at everything, `no_candles` at
    candles.  `asked` is what candles it was asked for.
    """

    hours: list[Candle]
    name: str = "binance"
    now: datetime = LISTED
    hidden: set[datetime] = field(default_factory=set)
    down: str | None = None
    no_candles: str | None = None
    asked: list[tuple[Timeframe, datetime | None, int]] = field(default_factory=list)

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        if self.down:
            raise SourceUnavailable(self.name, self.down)
        return tuple(self.mark(asset) for asset in assets)

    def mark(self, asset: str) -> Mark:
        """The open of the hour that it is, a second ago."""
        newest = self._begun()[-1]
        return Mark(asset, newest.open, self.now - timedelta(seconds=1), self.name)

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        self.asked.append((timeframe, start, limit))
        if self.down or self.no_candles:
            raise SourceUnavailable(self.name, self.down or self.no_candles or "")
        told = [hour for hour in self._begun() if hour.open_time not in self.hidden]
        if start is None:
            start = max(LISTED, timeframe.open_time(self.now) - (limit - 1) * timeframe.duration)
        # as Binance: a bar that opened before `start` is not in the answer
        first = timeframe.open_time(start)
        first += timeframe.duration if LISTED < first < start else timedelta(0)
        cut = bisect_left(told, first, key=lambda hour: hour.open_time)
        return tuple(aggregate(told[cut:], timeframe))[:limit]

    def _begun(self) -> list[Candle]:
        return self.hours[: (self.now - LISTED) // HOUR + 1]


@dataclass
class StandIn(Exchange):
    """As CoinGecko: hours of a day, 4 hours of a month, no volumes, prices a little off."""

    name: str = "coingecko"

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        if timeframe not in _SPANS:
            raise SourceUnavailable(self.name, f"gives no {timeframe} candles")
        found = await super().candles(asset, timeframe, start=start, limit=limit)
        since = self.now - _SPANS[timeframe]
        closed = [bar for bar in found if since <= bar.open_time and bar.close_time <= self.now]
        return tuple(_off(closed, self.name))


def _off(bars: Iterable[Candle], source: str) -> Iterable[Candle]:
    for bar in bars:
        yield replace(
            bar,
            source=source,
            volume=None,
            **{name: getattr(bar, name) + 7 for name in ("open", "high", "low", "close")},
        )
