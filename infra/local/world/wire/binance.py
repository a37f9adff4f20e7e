"""Binance's public market data: tickers, klines, aggregate trades.

Recordings hold neither quote volumes (estimated at the bar's mean price), nor trade counts and
takers' shares of a bar (0), nor the size of a trade (the smallest lot); trades are the opens of
the finest bars.  A symbol is listed from its first trade on.
"""

import json
from dataclasses import dataclass, field

from automoney.market.candles import Timeframe
from infra.local.world import as_of
from infra.local.world.bars import SCALE, Bar, eight_decimals
from infra.local.world.clock import DAY, SECOND, Micros
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording
from infra.local.world.wire.exchange import NOT_FOUND, Answer, Request, json_answer

_LOT = "0.00001000"
_KLINES_MOST = 1000
_MS: Micros = 1000


class _Refused(Exception):
    """A bad request, answered with Binance's own code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = json_answer({"code": code, "msg": message}, 400)


@dataclass(frozen=True, slots=True)
class Binance:
    """Answers from a recording.  Rows of closed bars never change, so their bytes are kept."""

    recording: Recording
    _rows: dict[tuple[str, Timeframe], list[bytes | None]] = field(default_factory=dict, repr=False)

    def answer(self, request: Request) -> Answer:
        try:
            match request.path:
                case "/api/v3/klines":
                    return self._klines(request)
                case "/api/v3/ticker/24hr":
                    return self._day(request)
                case "/api/v3/ticker/price":
                    return self._price(request)
                case "/api/v3/aggTrades":
                    return self._trades(request)
                case "/api/v3/ping":
                    return json_answer({})
                case "/api/v3/time":
                    return json_answer({"serverTime": request.now // _MS})
        except _Refused as refused:
            return refused.answer
        return NOT_FOUND

    def _klines(self, request: Request) -> Answer:
        ladder = self._listed(request.query.get("symbol"), request.now)
        timeframe = _timeframe(request.query.get("interval"))
        since = _micros(request, "startTime")
        until = _micros(request, "endTime")
        limit = _limit(request)
        bars = ladder.bars[timeframe]
        if since is None and not as_of.is_recorded(ladder, timeframe, request.now):
            return json_answer([])  # the newest that there are may be years old
        current = as_of.bar_in_progress(ladder, timeframe, request.now)
        if current and not (
            (since is None or current.opened >= since)
            and (until is None or current.opened <= until)
        ):
            current = None
        room = limit - 1 if current and since is None else limit
        first, stop = as_of.closed_range(bars, request.now, since=since, until=until, limit=room)
        kept = self._rows.get((ladder.asset, timeframe))
        if kept is None:
            kept = self._rows[ladder.asset, timeframe] = [None] * len(bars)
        rows = []
        for index in range(first, stop):
            row = kept[index]
            if row is None:
                row = kept[index] = _kline(bars[index])
            rows.append(row)
        if current and len(rows) < limit:
            rows.append(_kline(current))
        return Answer(200, b"[" + b",".join(rows) + b"]")

    def _day(self, request: Request) -> Answer:
        full = request.query.get("type", "FULL") != "MINI"
        ladders, single = self._asked(request)
        rows = [row for ladder in ladders if (row := _ticker(ladder, request.now, full=full))]
        return json_answer(rows[0] if single else rows)

    def _price(self, request: Request) -> Answer:
        ladders, single = self._asked(request)
        rows = [
            {"symbol": f"{ladder.asset}USDT", "price": eight_decimals(trade.price)}
            for ladder in ladders
            if (trade := as_of.last_trade(ladder, request.now))
        ]
        return json_answer(rows[0] if single else rows)

    def _trades(self, request: Request) -> Answer:
        ladder = self._listed(request.query.get("symbol"), request.now)
        since, until = _micros(request, "startTime"), _micros(request, "endTime")
        number = _number(request, "fromId")
        if number is not None:
            opens = ladder.tape.bars.opens
            since = opens[number] if number < len(opens) else request.now
        found = as_of.trades(ladder, request.now, since=since, until=until, limit=_limit(request))
        return json_answer(
            [
                {
                    "a": trade.id,
                    "p": eight_decimals(trade.price),
                    "q": _LOT,
                    "f": trade.id,
                    "l": trade.id,
                    "T": trade.at // _MS,
                    "m": False,
                    "M": True,
                }
                for trade in found
            ]
        )

    def _listed(self, symbol: str | None, now: Micros) -> Ladder:
        if not symbol:
            raise _Refused(
                -1102,
                "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
            )
        if not symbol.isascii() or not symbol.isalnum() or not symbol.isupper():
            raise _Refused(
                -1100,
                "Illegal characters found in parameter 'symbol'; "
                "legal range is '^[A-Z0-9-_.]{1,20}$'.",
            )
        ladder = self.recording.ladders.get(symbol.removesuffix("USDT"))
        if ladder is None or not symbol.endswith("USDT") or as_of.last_trade(ladder, now) is None:
            raise _Refused(-1121, "Invalid symbol.")
        return ladder

    def _asked(self, request: Request) -> tuple[list[Ladder], bool]:
        """The symbols asked for, and whether one alone was; all of them if none was named."""
        one, many = request.query.get("symbol"), request.query.get("symbols")
        if one is not None and many is not None:
            raise _Refused(-1128, "Combination of optional parameters invalid.")
        if many is None:
            if one is None:
                return list(self.recording.ladders.values()), False
            return [self._listed(one, request.now)], True
        try:
            symbols = json.loads(many)
        except json.JSONDecodeError:
            symbols = None
        if not isinstance(symbols, list) or not symbols:
            raise _Refused(-1100, "Illegal characters found in parameter 'symbols'.")
        return [self._listed(str(symbol), request.now) for symbol in symbols], False


def _kline(bar: Bar) -> bytes:
    return (
        f'[{bar.opened // _MS},"{eight_decimals(bar.open)}","{eight_decimals(bar.high)}",'
        f'"{eight_decimals(bar.low)}","{eight_decimals(bar.close)}",'
        f'"{eight_decimals(bar.volume)}",{bar.end // _MS - 1},'
        f'"{eight_decimals(bar.quote_volume)}",0,"0.00000000","0.00000000","0"]'
    ).encode()


def _ticker(ladder: Ladder, now: Micros, *, full: bool) -> dict[str, object] | None:
    """The fields of type=MINI, or with `full` those of type=FULL, in the documented order."""
    day = as_of.rolling_day(ladder, now)
    if day is None:
        return None
    last = eight_decimals(day.last.price)
    symbol = {"symbol": f"{ladder.asset}USDT"}
    prices: dict[str, object] = {
        "openPrice": eight_decimals(day.open),
        "highPrice": eight_decimals(day.high),
        "lowPrice": eight_decimals(day.low),
    }
    volumes: dict[str, object] = {
        "volume": eight_decimals(day.volume),
        "quoteVolume": eight_decimals(day.quote_volume),
        "openTime": (day.last.at - DAY) // _MS,
        "closeTime": day.last.at // _MS,
        "firstId": day.first_id,
        "lastId": day.last.id,
        "count": day.count,
    }
    if not full:
        return {**symbol, **prices, "lastPrice": last, **volumes}
    change = day.last.price - day.open
    mean = day.quote_volume * SCALE // day.volume if day.volume else day.last.price
    return {
        **symbol,
        "priceChange": ("-" if change < 0 else "") + eight_decimals(abs(change)),
        "priceChangePercent": f"{100 * change / day.open:.3f}",
        "weightedAvgPrice": eight_decimals(mean),
        "prevClosePrice": eight_decimals(day.open),
        "lastPrice": last,
        "lastQty": _LOT,
        "bidPrice": last,
        "bidQty": _LOT,
        "askPrice": last,
        "askQty": _LOT,
        **prices,
        **volumes,
    }


def _timeframe(interval: str | None) -> Timeframe:
    if not interval:
        raise _Refused(
            -1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."
        )
    try:
        return Timeframe(interval)
    except ValueError:
        raise _Refused(-1120, "Invalid interval.") from None


def _number(request: Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise _Refused(
            -1100,
            f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.",
        )
    return int(text)


def _micros(request: Request, name: str) -> Micros | None:
    milliseconds = _number(request, name)
    return None if milliseconds is None else milliseconds * (SECOND // 1000)


def _limit(request: Request) -> int:
    limit = _number(request, "limit")
    if limit == 0:
        raise _Refused(-1130, "Data sent for parameter 'limit' is not valid.")
    return min(limit or 500, _KLINES_MOST)
