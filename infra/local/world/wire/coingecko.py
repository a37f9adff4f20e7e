"""CoinGecko's free API: prices, open-high-low-close rows without volume, and charts.

Market caps need an on-chain value of the asset and are null without one.  Rows are stamped with
their close and shown once they are over, in steps as long as CoinGecko's, or as long as the finest
candles that there are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from automoney.market.candles import Timeframe
from infra.local.world import as_of
from infra.local.world.bars import SCALE, Bars, aggregate, shortest
from infra.local.world.clock import DAY, HOUR, MINUTE, SECOND, Micros
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording
from infra.local.world.wire.exchange import NOT_FOUND, Answer, Request, json_answer

_COINS = {"bitcoin": "BTC", "ethereum": "ETH"}
_OHLC_DAYS = ("1", "7", "14", "30", "90", "180", "365", "max")
_COIN_NOT_FOUND = json_answer({"error": "coin not found"}, 404)


@dataclass(frozen=True, slots=True)
class CoinGecko:
    """Answers from a recording."""

    recording: Recording

    def answer(self, request: Request) -> Answer:
        match request.path.strip("/").split("/"):
            case ["api", "v3", "ping"]:
                return json_answer({"gecko_says": "(V3) To the Moon!"})
            case ["api", "v3", "simple", "price"]:
                return self._price(request)
            case ["api", "v3", "coins", coin, "ohlc"]:
                return self._of_coin(request, coin, self._ohlc)
            case ["api", "v3", "coins", coin, "market_chart"]:
                return self._of_coin(request, coin, self._chart)
        return NOT_FOUND

    def _price(self, request: Request) -> Answer:
        query = request.query
        for name in ("ids", "vs_currencies"):
            if not query.get(name):
                return json_answer({"error": f"Missing parameter {name}"}, 422)
        rows = []
        for coin in sorted(set(query["ids"].split(","))):
            ladder = self.recording.ladders.get(_COINS.get(coin, ""))
            day = as_of.rolling_day(ladder, request.now) if ladder else None
            if ladder is None or day is None:
                continue
            fields = []
            if "usd" in query["vs_currencies"].lower().split(","):
                fields.append(f'"usd":{shortest(day.last.price)}')
                if query.get("include_market_cap") == "true":
                    cap = self._cap(ladder, day.last.price, request.now)
                    fields.append(f'"usd_market_cap":{cap}')
                if query.get("include_24hr_vol") == "true":
                    fields.append(f'"usd_24h_vol":{shortest(day.quote_volume)}')
                if query.get("include_24hr_change") == "true":
                    change = 100 * (day.last.price - day.open) / day.open
                    fields.append(f'"usd_24h_change":{change}')
            if query.get("include_last_updated_at") == "true":
                fields.append(f'"last_updated_at":{day.last.at // SECOND}')
            rows.append(f'"{coin}":{{{",".join(fields)}}}')
        return Answer(200, f"{{{','.join(rows)}}}".encode())

    def _of_coin(
        self, request: Request, coin: str, say: Callable[[Request, Ladder], Answer]
    ) -> Answer:
        ladder = self.recording.ladders.get(_COINS.get(coin, ""))
        if ladder is None:
            return _COIN_NOT_FOUND
        for name in ("vs_currency", "days"):
            if not request.query.get(name):
                return json_answer({"error": f"Missing parameter {name}"}, 422)
        if request.query["vs_currency"].lower() != "usd":
            return json_answer({"error": "invalid vs_currency"}, 422)
        return say(request, ladder)

    def _ohlc(self, request: Request, ladder: Ladder) -> Answer:
        asked = request.query["days"]
        if asked not in _OHLC_DAYS:
            return json_answer(
                {"error": f"Invalid days parameter, use {', '.join(_OHLC_DAYS)}"}, 422
            )
        now = request.now
        since = 0 if asked == "max" else now - int(asked) * DAY
        if asked == "1":
            bars = _recent(ladder.bars[Timeframe.M5], since, now, 30 * MINUTE)
            if not len(bars):
                bars = _recent(ladder.bars[Timeframe.H1], since, now, HOUR)
        elif asked in ("7", "14", "30"):
            bars = _recent(ladder.bars[Timeframe.H4], since, now, 4 * HOUR)
        else:
            bars = _recent(ladder.bars[Timeframe.D1], since, now, 4 * DAY)
        rows = (
            f"[{bar.end // 1000},{shortest(bar.open)},{shortest(bar.high)},"
            f"{shortest(bar.low)},{shortest(bar.close)}]"
            for bar in (bars[index] for index in range(len(bars)))
        )
        return Answer(200, f"[{','.join(rows)}]".encode())

    def _chart(self, request: Request, ladder: Ladder) -> Answer:
        now, asked = request.now, request.query["days"]
        if asked != "max" and not (asked.isascii() and asked.isdigit() and 0 < int(asked) < 10_000):
            return json_answer({"error": "Invalid days parameter"}, 422)
        days = (now - ladder.begins) // DAY + 1 if asked == "max" else int(asked)
        step = 5 * MINUTE if days == 1 else HOUR if days <= 90 else DAY
        if request.query.get("interval") == "daily":
            step = DAY
        first = max(now - days * DAY, ladder.begins)
        moments = [*range(first - first % step + step, now, step), now]
        prices, caps, volumes = [], [], []
        for at in moments:
            day = as_of.rolling_day(ladder, at)
            if day is not None:
                prices.append(f"[{at // 1000},{shortest(day.last.price)}]")
                caps.append(f"[{at // 1000},{self._cap(ladder, day.last.price, at)}]")
                volumes.append(f"[{at // 1000},{shortest(day.quote_volume)}]")
        return Answer(
            200,
            f'{{"prices":[{",".join(prices)}],"market_caps":[{",".join(caps)}],'
            f'"total_volumes":[{",".join(volumes)}]}}'.encode(),
        )

    def _cap(self, ladder: Ladder, price: int, now: Micros) -> str:
        """The supply by the newest on-chain values, at this price."""
        table = self.recording.onchain.get(ladder.asset)
        if table is None or not {"market_cap_usd", "price_usd"} <= table.columns.keys():
            return "null"
        row = table.known(now) - 1
        if row < 0:
            return "null"
        cap, close = (table.columns[name][row] for name in ("market_cap_usd", "price_usd"))
        if not cap or not close:
            return "null"
        return str(float(cap) / float(close) * (price / SCALE))


def _recent(bars: Bars, since: Micros, now: Micros, duration: Micros) -> Bars:
    """Bars of that duration that opened at or after `since` and are over by `now`."""
    start = since + (-since) % duration
    longer = aggregate(bars.cut(bars.opened_before(start), bars.closed(now)), duration)
    return longer.cut(0, longer.closed(now))
