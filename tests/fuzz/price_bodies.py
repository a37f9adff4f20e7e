"""What the price sources answer: recorded candles, and quotes and trades as documented."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from automoney.market.candles import Timeframe
from tests.fuzz.cases import Body
from tests.fuzz.tree import Key, Node, Raw, Role, Shape, parsed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_FILES = {
    ("BTC", Timeframe.D1): "klines-BTCUSDT-1d",
    ("BTC", Timeframe.H1): "klines-BTCUSDT-1h-crash-2020-03",
    ("ETH", Timeframe.H4): "klines-ETHUSDT-4h",
    ("ETH", Timeframe.W1): "klines-documented-example",
}
_QUOTE = (  # as documented for ticker/24hr of type MINI
    '{"symbol":"","openPrice":"99.0","highPrice":"100.0","lowPrice":"0.1","lastPrice":"4.0",'
    '"volume":"8913.3","quoteVolume":"15.3","openTime":0,"closeTime":0,'
    '"firstId":28385,"lastId":28460,"count":76}'
)
_PRICES = ("67187.33590", "2345.72000000", "0.00001234", "113000.01")
NAMES = {"BTC": ("BTCUSDT", "bitcoin"), "ETH": ("ETHUSDT", "ethereum")}


class PriceBodies:
    """Answers built on the recorded bodies in `folder`, the market data's `api-bodies`."""

    def __init__(self, folder: Path) -> None:
        self._rows: dict[tuple[str, Timeframe], list[list[Node]]] = {
            key: parsed((folder / "binance" / f"{name}.200.json").read_bytes())
            for key, name in _FILES.items()
        }
        self.makers: Mapping[str, Callable[[Random], Body]] = {
            "binance": self._binance,
            "coingecko": self._coingecko,
        }

    def _binance(self, rng: Random) -> Body:
        roll = rng.random()
        if roll < 0.25:
            return self._tickers(rng)
        return self._klines(rng) if roll < 0.85 else self._trades(rng)

    def _coingecko(self, rng: Random) -> Body:
        roll = rng.random()
        if roll < 0.3:
            return self._simple_price(rng)
        return self._ohlc(rng) if roll < 0.8 else self._chart(rng)

    # ------------------------------------------------------------ Binance

    def _tickers(self, rng: Random) -> Body:
        slot = _slot(rng)
        tree = []
        for symbol, _ in NAMES.values():
            quote = parsed(_QUOTE)
            at = _millis(slot) + rng.randrange(-5_000, 15_000)
            quote |= {"symbol": symbol, "lastPrice": rng.choice(_PRICES)}
            tree.append(quote | {"openTime": at - 86_400_000, "closeTime": at})
        roles: dict[Key, Role] = {
            "symbol": Role.NAME,
            "lastPrice": Role.PRICE,
            "closeTime": Role.TIME,
        }
        shape = Shape((), roles, _MS, timedelta(minutes=5))
        return Body("tickers", slot, tree, shape, before=_known(rng, tree[0]["lastPrice"]))

    def _klines(self, rng: Random) -> Body:
        (asset, timeframe), rows = self._window(rng, weights=(15, 45, 35, 5))
        closed = _EPOCH + _MS * rows[-1][0] + timeframe.duration
        before, opened = _known(rng, rows[0][1]), _EPOCH + _MS * rows[0][0]
        slot = _soon_after(rng, closed)
        roles: dict[Key, Role] = {0: Role.TIME, **dict.fromkeys((1, 2, 3, 4), Role.PRICE)}
        shape = Shape((), roles | {5: Role.AMOUNT}, _MS, timeframe.duration)
        return Body("klines", slot, rows, shape, asset, timeframe, None, before, opened)

    def _trades(self, rng: Random) -> Body:
        slot = _slot(rng)
        at = _millis(slot) + rng.randrange(20_000)
        trade = {"a": 26129, "p": rng.choice(_PRICES), "q": "4.70443515", "f": 27781, "l": 27781}
        tree = [{**trade, "T": at, "m": True, "M": True}]
        shape = Shape((), {"p": Role.PRICE, "T": Role.TIME}, _MS, timedelta(minutes=5))
        return Body("trades", slot, tree, shape, rng.choice(tuple(NAMES)))

    # ------------------------------------------------------------ CoinGecko

    def _simple_price(self, rng: Random) -> Body:
        slot = _slot(rng)
        tree: Node = {
            coin: {
                "usd": Raw(rng.choice(_PRICES)),
                "last_updated_at": _millis(slot) // 1000 - rng.randrange(-15, 90),
            }
            for _, coin in NAMES.values()
        }
        shape = Shape(
            (), {"usd": Role.PRICE, "last_updated_at": Role.TIME}, _SECOND, timedelta(minutes=5)
        )
        return Body("simple_price", slot, tree, shape, before=_known(rng, tree["bitcoin"]["usd"]))

    def _ohlc(self, rng: Random) -> Body:
        """The recorded bars as CoinGecko sends them: plain numbers, stamped with their close."""
        (asset, timeframe), rows = self._window(rng, weights=(0, 1, 1, 0))
        step = timeframe.duration if timeframe is Timeframe.H4 else timedelta(minutes=30)
        end = timeframe.open_time(_EPOCH + _MS * rows[-1][0])
        tree: list[Node] = [
            [_millis(end) - (len(rows) - 1 - number) * (step // _MS), *map(Raw, row[1:5])]
            for number, row in enumerate(rows)
        ]
        roles: dict[Key, Role] = {0: Role.TIME, **dict.fromkeys((1, 2, 3, 4), Role.PRICE)}
        shape = Shape((), roles, _MS, step)
        before, slot = _known(rng, str(rows[0][1])), _soon_after(rng, end)
        opened = timeframe.open_time(_EPOCH + _MS * tree[0][0] - _MS)  # of the first whole bar
        return Body("ohlc", slot, tree, shape, asset, timeframe, None, before, opened)

    def _chart(self, rng: Random) -> Body:
        slot, asset = _slot(rng), rng.choice(tuple(NAMES))
        first = _millis(slot) - rng.randrange(1, 300_000)
        prices = [
            [first + number * 15_000, Raw(f"{Decimal(rng.choice(_PRICES)) * 10}")]
            for number in range(3)
            if first + number * 15_000 <= _millis(slot) + 15_000
        ]
        prices.append([_millis(slot) + rng.randrange(20_000), Raw(rng.choice(_PRICES))])
        tree = {"prices": prices, "market_caps": [[first, Raw("1560631481361.8")]]}
        shape = Shape(("prices",), {0: Role.TIME, 1: Role.PRICE}, _MS, timedelta(minutes=5))
        return Body("chart", slot, tree, shape, asset)

    def _window(
        self, rng: Random, weights: tuple[int, ...]
    ) -> tuple[tuple[str, Timeframe], list[list[Node]]]:
        """A few rows of one of the files, one after another."""
        (key,) = rng.choices(tuple(_FILES), weights)
        rows = self._rows[key]
        count = min(rng.choice((2, 3, 3, 4, 5)), len(rows))
        first = rng.randrange(len(rows) - count + 1)
        return key, [list(row) for row in rows[first : first + count]]


def _known(rng: Random, price: str) -> str:
    """The price before: mostly near, sometimes so far off that the next one is a jump."""
    factor = rng.choice(("0.99", "1", "1.02", "1.1", "1.6")) if rng.random() < 0.6 else "1"
    return f"{Decimal(price) * Decimal(factor):f}"


def _slot(rng: Random) -> datetime:
    minutes = rng.randrange(8 * 365 * 24 * 12) * 5
    return datetime(2017, 9, 1, tzinfo=UTC) + timedelta(minutes=minutes)


def _soon_after(rng: Random, closed: datetime) -> datetime:
    return closed + timedelta(minutes=rng.choice((0, 0, 0, 5, 25)))


def _millis(moment: datetime) -> int:
    return (moment - _EPOCH) // _MS
