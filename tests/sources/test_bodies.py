"""Every recorded body is fed to the source that would get it; one that nobody takes fails here."""

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.assets import ASSETS
from automoney.market.candles import Timeframe
from automoney.sources.alternative_me import AlternativeMe
from automoney.sources.binance import Binance
from automoney.sources.coingecko import CoinGecko
from automoney.sources.fred import Fred
from automoney.sources.fred_series import SERIES
from automoney.sources.glassnode import Glassnode
from automoney.transport import Transport
from tests.sources.served import Answer, Asked, Served, StoredBreaker, as_json, run

KEY = "abcdef0123456789abcdef0123456789"
LATER = datetime(2026, 9, 1, tzinfo=UTC)  # than any of the bodies
EVER = datetime(1900, 1, 1, tzinfo=UTC)
METRIC = "/v1/metrics/{}".format
type Ask = Callable[[Transport, str], Awaitable[Sequence[Any]]]


def marks_of(make: Any) -> Ask:
    return lambda transport, url: make(transport, url).marks(["BTC"])


def candles_of(make: Any, asset: str, timeframe: Timeframe) -> Ask:
    return lambda transport, url: make(transport, url).candles(asset, timeframe)


def series_of(make: Any) -> Ask:
    return lambda transport, url: make(transport, url).readings(["BTC"], since=EVER, now=LATER)


def glassnode(transport: Transport, url: str) -> Glassnode:
    return Glassnode(transport, url, KEY)


def fred(transport: Transport, url: str) -> Fred:
    return Fred(transport, url, KEY)


async def coingecko_trade(transport: Transport, url: str) -> list[Any]:
    after = datetime(2026, 5, 17, 14, 25, tzinfo=UTC)
    return [await CoinGecko(transport, url).first_trade("BTC", after)]


@dataclass(frozen=True)
class Fed:
    """A question, the path that gets the body in answer, and how many rows or which refusal."""

    ask: Ask
    path: str
    outcome: int | str
    params: Mapping[str, str] = field(default_factory=dict)  # that single the request out
    otherwise: Answer = field(default_factory=lambda: as_json([]))  # what the others get


TICKER, KLINES = "/api/v3/ticker/24hr", "/api/v3/klines"
PRICE, OHLC = "/api/v3/simple/price", "/api/v3/coins/bitcoin/ohlc"
CHART = "/api/v3/coins/bitcoin/market_chart"
OBSERVATIONS = "/fred/series/observations"
NO_OBSERVATIONS = as_json({"observations": []})


def klines(asset: str, timeframe: Timeframe, outcome: int | str) -> Fed:
    return Fed(candles_of(Binance, asset, timeframe), KLINES, outcome)


def metric(name: str, outcome: int | str) -> Fed:
    return Fed(series_of(glassnode), METRIC(name), outcome)


def observations(series: str, outcome: int | str) -> Fed:
    params = {"series_id": SERIES[series].series_id}
    return Fed(series_of(fred), OBSERVATIONS, outcome, params, NO_OBSERVATIONS)


FED = {
    "binance/klines-BTCUSDT-1d.200.json": klines("BTC", Timeframe.D1, 100),
    "binance/klines-ETHUSDT-4h.200.json": klines("ETH", Timeframe.H4, 100),
    "binance/klines-BTCUSDT-1h-crash-2020-03.200.json": klines("BTC", Timeframe.H1, 100),
    "binance/klines-documented-example.200.json": klines("BTC", Timeframe.W1, 1),
    # Not what is asked for: prices without a time, and one ticker where a list was asked for.
    "binance/ticker-price-three-symbols.200.json": Fed(
        marks_of(Binance), TICKER, "lastPrice of BTCUSDT was None"
    ),
    "binance/ticker-24hr-documented-example.200.json": Fed(
        marks_of(Binance), TICKER, "tickers was {"
    ),
    "binance/error-weight-ip-ban.418.json": Fed(marks_of(Binance), TICKER, "code -1003, Way too"),
    "binance/error-weight-limit.429.json": klines("BTC", Timeframe.H1, "code -1003, Too much"),
    "binance/error-restricted-location.451.json": Fed(
        marks_of(Binance), TICKER, "code 0, Service unavailable from a restricted location"
    ),
    "coingecko/simple-price-bitcoin-all-fields.200.json": Fed(marks_of(CoinGecko), PRICE, 1),
    "coingecko/market-chart-bitcoin.200.json": Fed(coingecko_trade, CHART, 1),
    # Half hours that close at 14:00 and 14:30, so of two hours: they make none.
    "coingecko/ohlc-bitcoin.200.json": Fed(
        candles_of(CoinGecko, "BTC", Timeframe.H1), OHLC, "has no 1h candles of BTC"
    ),
    "coingecko/ping.200.json": Fed(marks_of(CoinGecko), PRICE, "left bitcoin out"),
    "coingecko/simple-price-bitcoin-usd.200.json": Fed(
        marks_of(CoinGecko), PRICE, "last_updated_at of bitcoin was None"
    ),
    "coingecko/simple-price-three-coins-in-eth.200.json": Fed(
        marks_of(CoinGecko), PRICE, "usd of bitcoin was None"
    ),
    "coingecko/error-rate-limit.429.json": Fed(
        marks_of(CoinGecko), PRICE, "You've exceeded the Rate Limit"
    ),
    # Prices are of the metric's form, so here they stand in for one.
    "glassnode/price-usd-close-BTC-24h.200.json": metric("addresses/active_count", 10),
    "glassnode/metric-points.200.json": metric("market/mvrv_z_score", 3),
    "glassnode/market-mvrv-z-score-BTC-24h.200.json": metric("market/mvrv_z_score", 100),
    "glassnode/indicators-nvt-BTC-24h.200.json": metric("indicators/nvt", 100),
    "glassnode/transactions-transfers-volume-exchanges-net-BTC-24h.200.json": metric(
        "transactions/transfers_volume_exchanges_net", 100
    ),
    "glassnode/addresses-active-count-BTC-24h.200.json": metric("addresses/active_count", 100),
    "glassnode/metric-bulk-marketcap.200.json": metric("indicators/nvt", "nvt of BTC was {'data'"),
    "glassnode/supply-hodl-waves-BTC-24h.200.json": metric("indicators/nvt", "a value called v"),
    "glassnode/error-invalid-key.401.json": metric("indicators/nvt", "Invalid API key"),
    "glassnode/error-rate-limit.429.json": metric("indicators/nvt", "answered 429, left alone"),
    # Other series of the same form: their first four values are ".".
    "fred/observations-GDP-with-missing.200.json": observations("m2", 315 - 4),
    "fred/observations-FEDFUNDS.200.json": observations("fed_funds", 828),
    "fred/series-GDP.200.json": observations("m2", "observations of M2SL was None"),
    "fred/error-no-key.400.json": observations("m2", "Variable api_key is not set."),
    "fred/error-malformed-key.400.json": observations("m2", "The value for variable api_key"),
    "alternative-me/fng-limit-1-documented.200.json": Fed(series_of(AlternativeMe), "/fng/", 1),
    "alternative-me/fng-limit-3.200.json": Fed(series_of(AlternativeMe), "/fng/", 3),
}


def index() -> list[dict[str, Any]]:
    """As tests are gathered no fixture can be asked; without the data there is nothing to gather,
    and the test of the table's names fails for its fixture.
    """
    beside = Path(__file__).resolve().parents[3] / "shared" / "market-data"
    folder = Path(os.environ.get("AUTOMONEY_MARKET_DATA", beside)) / "api-bodies"
    if not folder.is_dir():
        return []
    found: list[dict[str, Any]] = json.loads((folder / "index.json").read_text())
    return found


def test_every_body_in_the_folder_is_in_its_index(market_data: Path) -> None:
    bodies = market_data / "api-bodies"
    files = {path.relative_to(bodies).as_posix() for path in bodies.glob("*/*")}
    assert files == {entry["file"] for entry in index()}
    assert files >= FED.keys(), "the table names bodies that are not there"


@pytest.mark.parametrize("entry", index(), ids=lambda entry: entry["file"])
def test_it_is_taken_or_refused_with_a_reason(
    entry: dict[str, Any],
    market_data: Path,
    served: Served,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert entry["file"] in FED, "a recorded body that no source takes: say who does in FED"
    fed, status = FED[entry["file"]], entry["http_status"]
    known = {name: text for name, text in entry.get("headers", {}).items() if "<" not in text}
    kind = next((text for name, text in known.items() if name.lower() == "content-type"), None)
    body = Answer(
        (market_data / "api-bodies" / entry["file"]).read_bytes(),
        status,
        kind or ("text/html" if entry["file"].endswith(".html") else "application/json"),
        {name: text for name, text in known.items() if name.lower() != "content-type"},
    )

    def answer(asked: Asked) -> Answer:
        wanted = asked.path == fed.path and fed.params.items() <= asked.params.items()
        return body if wanted or status >= 400 else fed.otherwise

    for path in (fed.path, *(METRIC(name) for name in ASSETS["BTC"].glassnode)):
        served.give(path, answer)
    breaker = StoredBreaker()

    def ask() -> Sequence[Any]:
        return run(
            lambda transport: fed.ask(transport, served.url),
            now=LATER,
            breaker=breaker,
        )

    if isinstance(fed.outcome, int):
        assert len(ask()) == fed.outcome
        assert not caplog.messages
    elif status == 200 and fed.path.startswith(("/v1/metrics", "/fred")):
        assert ask() == (), "the one series that failed was logged, the others were empty"
        assert fed.outcome in caplog.text
    else:
        with pytest.raises(SourceUnavailable) as caught:
            ask()
        assert fed.outcome in caught.value.reason
        assert caught.value.status == (status if status >= 400 else None)
    assert bool(breaker.until) == (status in (418, 429))
    for until in breaker.until.values():
        assert timedelta(0) <= until - LATER <= timedelta(days=3)
