"""A third asset is one row: every source asks for it by the name that the row gives."""

from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market import assets
from automoney.market.assets import ASSETS, Asset
from automoney.market.candles import Timeframe
from automoney.sources import fields
from automoney.sources.binance import Binance
from automoney.sources.coingecko import CoinGecko
from automoney.sources.coinmetrics import CoinMetrics
from automoney.sources.glassnode import Glassnode
from tests.sources.served import NOW, Served, as_json, run

HOUR = timedelta(hours=1)
OPEN = NOW - 4 * HOUR
SOL = Asset(
    "SOL",
    "Solana",
    binance="SOLUSDT",
    coingecko="solana",
    lot=Decimal("0.001"),
    tick=Decimal("0.01"),
    minimum_notional=Decimal(5),
    coinmetrics=("CapMVRVCur",),
    glassnode=("addresses/active_count",),
)


@pytest.fixture(autouse=True)
def _a_third_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "ASSETS", MappingProxyType({**ASSETS, "SOL": SOL}))


def test_binance(served: Served) -> None:
    tickers = [
        {"symbol": row.binance, "lastPrice": "2", "closeTime": fields.to_millis(NOW)}
        for row in (*ASSETS.values(), SOL)
    ]
    kline: list[Any] = [fields.to_millis(OPEN), "1", "2", "1", "2", "9", 0, "0", 1, "0", "0", "0"]
    served.give("/api/v3/ticker/24hr", as_json(tickers))
    served.give("/api/v3/klines", as_json([kline]))
    marks = run(lambda t: Binance(t, served.url).marks(["BTC", "ETH", "SOL"]))
    bars = run(lambda t: Binance(t, served.url).candles("SOL", Timeframe.H4))
    assert [mark.asset for mark in marks] == ["BTC", "ETH", "SOL"]
    assert [(bar.asset, bar.close) for bar in bars] == [("SOL", Decimal(2))]
    assert served.asked("/api/v3/klines")[0]["symbol"] == "SOLUSDT"
    assert served.asked("/api/v3/ticker/24hr")[0]["symbols"] == '["BTCUSDT","ETHUSDT","SOLUSDT"]'


def test_coingecko(served: Served) -> None:
    price = {"usd": 150.25, "last_updated_at": fields.to_seconds(NOW)}
    served.give("/api/v3/simple/price", as_json({"bitcoin": price, "solana": price}))
    served.give("/api/v3/coins/solana/ohlc", as_json([[fields.to_millis(NOW), 1, 2, 1, 2]]))
    marks = run(lambda t: CoinGecko(t, served.url).marks(["SOL", "BTC"]))
    bars = run(lambda t: CoinGecko(t, served.url).candles("SOL", Timeframe.H4))
    assert [(mark.asset, mark.price) for mark in marks] == [
        ("SOL", Decimal("150.25")),
        ("BTC", Decimal("150.25")),
    ]
    assert [(bar.asset, bar.open_time, bar.source) for bar in bars] == [("SOL", OPEN, "coingecko")]


def test_on_chain_only_its_own_metrics_are_asked_for(served: Served) -> None:
    day = NOW.replace(hour=0) - timedelta(days=1)
    row = {"asset": "sol", "time": f"{day:%Y-%m-%d}", "CapMVRVCur": "1.5"}
    served.give("/v4/timeseries/asset-metrics", as_json({"data": [row]}))
    point = {"t": fields.to_seconds(day), "v": 7}
    served.give("/v1/metrics/addresses/active_count", as_json([point]))
    since = day - timedelta(days=1)
    free = run(lambda t: CoinMetrics(t, served.url).readings(["SOL"], since=since, now=NOW))
    paid = run(lambda t: Glassnode(t, served.url, "k").readings(["SOL"], since=since, now=NOW))
    assert [(one.series, one.asset, one.value) for one in (*free, *paid)] == [
        ("mvrv", "SOL", 1.5),
        ("active_addresses", "SOL", 7),
    ]
    assert [asked.params.get("metrics") for asked in served.requests] == ["CapMVRVCur", None]


@pytest.mark.parametrize("make", [Binance, CoinGecko])
def test_what_is_unknown_is_refused_with_all_that_are_known(served: Served, make: Any) -> None:
    with pytest.raises(SourceUnavailable, match="asset was 'DOGE'; expected one of BTC, ETH, SOL"):
        run(lambda t: make(t, served.url).marks(["DOGE"]))
    assert served.requests == []
