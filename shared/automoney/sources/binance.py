"""Binance's public market data: prices, candles and trades, without a key.

Source: github.com/binance/binance-spot-api-docs, rest-api.md.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.sources import bars, fields
from automoney.transport import Transport

_MOST_ROWS = 1000  # an answer of /klines holds
_KLINE_FIELDS = 12
# A window of exactly an hour is refused (code -1127); both its ends count as inside.
_WINDOW = timedelta(hours=1)
_INSIDE = _WINDOW - timedelta(milliseconds=1)
_MOST_WINDOWS = 48  # longer than any outage so far: 33 hours, February 2018


@dataclass(frozen=True, slots=True)
class Binance:
    """Prices in USDT.  `base_url` without a slash at its end."""

    transport: Transport
    base_url: str
    name: str = field(default="binance", init=False)

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        """The last traded price of each asset, in one request, in the order of `assets`."""
        if not assets:
            return ()
        symbols = [self._symbol(asset) for asset in assets]
        answer = await self._get(
            "ticker/24hr", type="MINI", symbols=json.dumps(symbols, separators=(",", ":"))
        )
        tickers: dict[str, Mapping[str, Any]] = {}
        for item in fields.rows(self.name, "tickers", answer):
            ticker = fields.mapping(self.name, "a ticker", item)
            symbol = ticker.get("symbol")
            if not isinstance(symbol, str):
                raise fields.refused(self.name, "symbol of a ticker", symbol, "a symbol")
            tickers[symbol] = ticker
        return tuple(
            self._mark(asset, symbol, tickers)
            for asset, symbol in zip(assets, symbols, strict=True)
        )

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        """Candles oldest first, a request per 1,000; the last may still be open.

        An outage leaves a gap: it has no candles, and Binance makes none up.  Of a symbol that is
        halted the newest candles are old ones.
        """
        if start is None and limit > _MOST_ROWS:
            newest = timeframe.open_time(self.transport.clock())
            start = newest - (limit - 1) * timeframe.duration
        found: list[Candle] = []
        following = start
        while len(found) < limit:
            wanted = min(limit - len(found), _MOST_ROWS)
            page = await self._page(asset, timeframe, following, wanted)
            found += page
            if following is None or len(page) < wanted:
                break
            following = page[-1].close_time
        if not found and start is None:
            raise SourceUnavailable(self.name, f"has no {timeframe.value} candles of {asset}")
        in_order = bars.in_order(found)
        if start is None:
            return tuple(in_order[-limit:])
        early = in_order[0].open_time if in_order else start
        if early < start:
            name = f"open time of {asset} candle"
            raise fields.refused(self.name, name, utc_text(early), f"{utc_text(start)} or later")
        return tuple(in_order[:limit])

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        """The first trade at or after `after`, over an outage of up to two days.

        Raises SourceUnavailable while there has been none yet.
        """
        symbol = self._symbol(asset)
        for window in range(_MOST_WINDOWS):
            start = after + window * _WINDOW
            answer = await self._get(
                "aggTrades",
                symbol=symbol,
                startTime=str(fields.to_millis(start)),
                endTime=str(fields.to_millis(start + _INSIDE)),
                limit="1",
            )
            trades = fields.rows(self.name, f"trades of {symbol}", answer)
            if trades:
                return min(
                    (self._trade(asset, trade, after) for trade in trades),
                    key=lambda mark: mark.at,
                )
            if start + _WINDOW > self.transport.clock():
                break
        raise SourceUnavailable(self.name, f"no trade of {asset} yet at or after {utc_text(after)}")

    async def _page(
        self, asset: str, timeframe: Timeframe, start: datetime | None, limit: int
    ) -> list[Candle]:
        params = {
            "symbol": self._symbol(asset),
            "interval": timeframe.value,
            "limit": str(limit),
        }
        if start is not None:
            params["startTime"] = str(fields.to_millis(start))
        answer = await self._get("klines", **params)
        rows = fields.rows(self.name, f"{timeframe.value} candles of {asset}", answer)
        return bars.in_order(self._candle(asset, timeframe, row) for row in rows)

    def _candle(self, asset: str, timeframe: Timeframe, row: object) -> Candle:
        """From [open time ms, open, high, low, close, volume, close time ms, and five more]."""
        kline = fields.row(self.name, f"{timeframe.value} candle of {asset}", row, _KLINE_FIELDS)
        name = f"open time of {asset} candle"
        return bars.candle(
            self.name,
            asset,
            timeframe,
            self._past(name, fields.millis(self.name, name, kline[0])),
            prices=kline[1:5],
            volume=fields.volume(self.name, f"volume of {asset} candle", kline[5]),
        )

    def _mark(self, asset: str, symbol: str, tickers: Mapping[str, Mapping[str, Any]]) -> Mark:
        ticker = tickers.get(symbol)
        if ticker is None:
            raise SourceUnavailable(self.name, f"left {symbol} out of its answer")
        name = f"closeTime of {symbol}"
        return Mark(
            asset,
            fields.price(self.name, f"lastPrice of {symbol}", ticker.get("lastPrice")),
            self._past(name, fields.millis(self.name, name, ticker.get("closeTime"))),
            self.name,
        )

    def _trade(self, asset: str, trade: object, after: datetime) -> Mark:
        found = fields.mapping(self.name, f"trade of {asset}", trade)
        name = f"T of {asset} trade"
        at = self._past(name, fields.millis(self.name, name, found.get("T")))
        if at < after:
            raise fields.refused(self.name, name, utc_text(at), f"{utc_text(after)} or later")
        price = fields.price(self.name, f"p of {asset} trade", found.get("p"))
        return Mark(asset, price, at, self.name)

    def _past(self, name: str, moment: datetime) -> datetime:
        return fields.not_ahead(self.name, name, moment, self.transport.clock())

    def _symbol(self, asset: str) -> str:
        return fields.asset(self.name, asset).binance

    async def _get(self, path: str, **params: str) -> Any:
        return await self.transport.get_json(self.name, f"{self.base_url}/api/v3/{path}", params)
