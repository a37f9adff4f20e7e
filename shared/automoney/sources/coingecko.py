"""CoinGecko: prices when the exchange is out of reach.  Coarser, and without volumes.

Source: docs.coingecko.com, reference of simple/price, coins/{id}/ohlc and coins/{id}/market_chart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.sources import bars, fields
from automoney.transport import Transport

_HALF_HOUR = timedelta(minutes=30)
# Its bars are half hours for 1 day, 4 hours for up to 30 days and 4 days beyond, never others.
_DAYS: Mapping[Timeframe, tuple[int, ...]] = MappingProxyType(
    {Timeframe.H1: (1,), Timeframe.H4: (7, 14, 30)}
)


@dataclass(frozen=True, slots=True)
class CoinGecko:
    """Prices in US dollars.  `base_url` without a slash at its end."""

    transport: Transport
    base_url: str
    name: str = field(default="coingecko", init=False)

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        """The last price of each asset, in one request, in the order of `assets`."""
        if not assets:
            return ()
        answer = await self._get(
            "simple/price",
            ids=",".join(self._id(asset) for asset in assets),
            vs_currencies="usd",
            include_last_updated_at="true",
        )
        coins = fields.mapping(self.name, "prices", answer)
        return tuple(self._mark(asset, coins.get(self._id(asset))) for asset in assets)

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        """Candles oldest first, without volume: hours of the last day, or 4 hours of the last 30.

        Hours are put together from two half hours each, and left out where one is missing.
        Raises SourceUnavailable for the other timeframes and for a `start` too long ago.
        """
        if timeframe not in _DAYS:
            raise SourceUnavailable(self.name, f"gives no {timeframe.value} candles")
        days = self._days(timeframe, start, limit)
        answer = await self._get(f"coins/{self._id(asset)}/ohlc", vs_currency="usd", days=str(days))
        rows = fields.rows(self.name, f"candles of {asset}", answer)
        if timeframe is Timeframe.H1:
            found = bars.in_order(self._hours(asset, rows))
        else:
            found = bars.in_order(self._bars(asset, timeframe, rows))
        if start is None:
            if not found:
                raise SourceUnavailable(self.name, f"has no {timeframe.value} candles of {asset}")
            return tuple(found[-limit:])
        return tuple([candle for candle in found if candle.open_time >= start][:limit])

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        """The first price at or after `after`; it keeps one about every 5 minutes, for a day.

        Raises SourceUnavailable while there is none yet, or if `after` is too long ago.
        """
        path = f"coins/{self._id(asset)}/market_chart"
        answer = await self._get(path, vs_currency="usd", days="1")
        chart = fields.mapping(self.name, f"chart of {asset}", answer)
        points = sorted(self._points(asset, chart.get("prices")), key=lambda mark: mark.at)
        if points and points[0].at > after:
            raise SourceUnavailable(
                self.name, f"its prices of {asset} begin at {utc_text(points[0].at)}"
            )
        for mark in points:
            if mark.at >= after:
                return mark
        raise SourceUnavailable(self.name, f"no price of {asset} yet at or after {utc_text(after)}")

    def _days(self, timeframe: Timeframe, start: datetime | None, limit: int) -> int:
        """The shortest span on offer that covers what is asked, else the longest.

        No `start` means the newest candles, and fewer than `limit` are better than none.
        """
        spans = _DAYS[timeframe]
        now = self.transport.clock()
        earliest = start if start is not None else now - limit * timeframe.duration
        for days in spans:
            if earliest >= now - timedelta(days=days):
                return days
        if start is not None:
            raise SourceUnavailable(
                self.name,
                f"gives {timeframe.value} candles of {spans[-1]} days back, not from "
                f"{utc_text(start)}",
            )
        return spans[-1]

    def _bars(self, asset: str, timeframe: Timeframe, rows: list[Any]) -> Iterator[Candle]:
        for close_time, prices in self._stamped(asset, rows):
            open_time = self._opened(asset, close_time, timeframe.duration)
            yield bars.candle(self.name, asset, timeframe, open_time, prices=prices, volume=None)

    def _hours(self, asset: str, rows: list[Any]) -> Iterator[Candle]:
        halves = {}
        for close_time, prices in self._stamped(asset, rows):
            opened = self._opened(asset, close_time, _HALF_HOUR)
            name = f"{asset} half hour of {opened:%Y-%m-%dT%H:%M}"
            halves[close_time] = bars.checked(self.name, name, prices)
        for close_time, (_, high, low, last) in halves.items():
            earlier = halves.get(close_time - _HALF_HOUR)
            if Timeframe.H1.open_time(close_time) == close_time and earlier is not None:
                yield bars.candle(
                    self.name,
                    asset,
                    Timeframe.H1,
                    close_time - Timeframe.H1.duration,
                    prices=(earlier[0], max(earlier[1], high), min(earlier[2], low), last),
                    volume=None,
                )

    def _stamped(self, asset: str, rows: list[Any]) -> Iterator[tuple[datetime, list[Any]]]:
        """From [close time ms, open, high, low, close]: bars here are stamped with their close."""
        for item in rows:
            row = fields.row(self.name, f"candle of {asset}", item, 5)
            yield fields.millis(self.name, f"time of {asset} candle", row[0]), row[1:]

    def _points(self, asset: str, prices: object) -> Iterator[Mark]:
        for item in fields.rows(self.name, f"prices of {asset}", prices):
            row = fields.row(self.name, f"price point of {asset}", item, 2)
            name = f"time of {asset} price"
            at = self._past(name, fields.millis(self.name, name, row[0]))
            yield Mark(asset, fields.price(self.name, f"price of {asset}", row[1]), at, self.name)

    def _mark(self, asset: str, coin: object) -> Mark:
        coin_id = self._id(asset)
        if coin is None:
            raise SourceUnavailable(self.name, f"left {coin_id} out of its answer")
        quote = fields.mapping(self.name, f"price of {asset}", coin)
        name = f"last_updated_at of {coin_id}"
        return Mark(
            asset,
            fields.price(self.name, f"usd of {coin_id}", quote.get("usd")),
            self._past(name, fields.seconds(self.name, name, quote.get("last_updated_at"))),
            self.name,
        )

    def _opened(self, asset: str, close_time: datetime, span: timedelta) -> datetime:
        """When a bar began: the one under way is stamped with a close that is still to come."""
        name = f"open time of {asset} candle"
        return self._past(name, close_time - span)

    def _past(self, name: str, moment: datetime) -> datetime:
        return fields.not_ahead(self.name, name, moment, self.transport.clock())

    def _id(self, asset: str) -> str:
        return fields.asset(self.name, asset).coingecko

    async def _get(self, path: str, **params: str) -> Any:
        return await self.transport.get_json(self.name, f"{self.base_url}/api/v3/{path}", params)
