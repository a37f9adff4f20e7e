"""What the APIs are documented or known to answer besides data, each to the source that gets it."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.candles import Timeframe
from automoney.sources import fields
from automoney.sources.alternative_me import AlternativeMe
from automoney.sources.binance import Binance
from automoney.sources.coingecko import CoinGecko
from automoney.sources.coinmetrics import CoinMetrics
from automoney.sources.fred import Fred
from automoney.sources.fred_csv import FredCsv
from automoney.sources.glassnode import Glassnode
from automoney.transport import Transport
from tests.sources.served import NOW, Answer, Asked, Served, StoredBreaker, as_json, run

KEY = "abcdef0123456789abcdef0123456789"
SINCE = NOW - timedelta(days=3)
UNTIL = fields.to_millis(NOW + timedelta(minutes=2))
type Ask = Callable[[Transport, str], Awaitable[Any]]


def marks(make: Any) -> Ask:
    return lambda t, url: make(t, url).marks(["BTC", "ETH"])


def candles(make: Any) -> Ask:
    return lambda t, url: make(t, url).candles("BTC", Timeframe.H4)


def series(make: Any, *key: str) -> Ask:
    return lambda t, url: make(t, url, *key).readings(["BTC"], since=SINCE, now=NOW)


class Always(Served):
    """Gives the same answer to everything."""

    answer = Answer()

    def answer_to(self, asked: Asked) -> Answer:
        self.requests.append(asked)
        return self.answer


@pytest.mark.parametrize(
    ("ask", "answer", "words", "wait"),
    [
        pytest.param(
            marks(Binance),
            as_json({"code": -1121, "msg": "Invalid symbol."}, status=400),
            "answered 400: code -1121, Invalid symbol.",
            None,
            id="binance: one symbol it does not list spoils the request",
        ),
        pytest.param(
            candles(Binance),
            as_json(
                {
                    "code": -1003,
                    "msg": f"Way too much request weight used; IP banned until {UNTIL}.",
                    "data": {"serverTime": fields.to_millis(NOW), "retryAfter": UNTIL},
                },
                status=418,
            ),
            "answered 418, left alone until 2025-09-21T12:02:00Z: code -1003, Way too much",
            120,
            id="binance: a ban tells its end in the body",
        ),
        pytest.param(
            candles(Binance),
            Answer(b"<html><title>403 Forbidden</title></html>", 403, "text/html"),
            "answered 403",
            None,
            id="binance: its firewall answers with a page",
        ),
        pytest.param(
            candles(Binance),
            as_json({"code": -1000, "msg": "An unknown error occurred"}),
            "answered 200 with an error: code -1000, An unknown error occurred",
            None,
            id="binance: an error object that says 200",
        ),
        pytest.param(
            marks(CoinGecko),
            Answer(b"<html>Too Many Requests</html>", 429, "text/html", {"Retry-After": "30"}),
            "answered 429, left alone until 2025-09-21T12:00:30Z",
            30,
            id="coingecko: its edge answers 429 with a page",
        ),
        pytest.param(
            marks(CoinGecko),
            Answer(b"Throttled", 429, "text/plain"),
            "answered 429, left alone until 2025-09-21T12:01:00Z",
            60,
            id="coingecko: 429 in plain text, without a wait",
        ),
        pytest.param(
            candles(CoinGecko),
            as_json({"error": "coin not found"}, status=404),
            "answered 404: coin not found",
            None,
            id="coingecko: a coin that is gone",
        ),
        pytest.param(
            candles(CoinGecko),
            as_json(
                {"status": {"error_code": 10005, "error_message": "This request is limited"}},
                status=401,
            ),
            "answered 401: This request is limited",
            None,
            id="coingecko: not on this plan",
        ),
        pytest.param(
            series(CoinMetrics),
            as_json(
                {
                    "error": {
                        "type": "bad_parameter",
                        "message": "Bad parameter 'metrics'. Value 'X' is not supported.",
                    }
                },
                status=400,
            ),
            "BTC: answered 400: Bad parameter 'metrics'.",
            None,
            id="coinmetrics: a metric that it does not know",
        ),
        pytest.param(
            series(CoinMetrics),
            as_json({"error": {"type": "forbidden", "message": "Requested metric 'X' ..."}}, 403),
            "BTC: answered 403: Requested metric",
            None,
            id="coinmetrics: a metric that is not free any more",
        ),
        pytest.param(
            series(CoinMetrics),
            as_json({"error": {"type": "forbidden", "message": "Requested metric 'X' ..."}}),
            "BTC: answered 200 with an error: Requested metric",
            None,
            id="coinmetrics: the same, said with 200",
        ),
        pytest.param(
            series(Glassnode, KEY),
            as_json({"error": "You need to upgrade your plan"}, status=402),
            "answered 402: You need to upgrade",
            None,
            id="glassnode: a plan without API access",
        ),
        pytest.param(
            series(Glassnode, KEY),
            as_json({"message": "metric is not available on your tier"}, status=403),
            "answered 403: metric is not available",
            None,
            id="glassnode: a plan without the metric",
        ),
        pytest.param(
            series(Glassnode, KEY),
            Answer(b"", 429, "", {"x-rate-limit-limit": "600", "x-rate-limit-reset": "17"}),
            "answered 429, left alone until 2025-09-21T12:00:17Z",
            17,
            id="glassnode: its own header says how long",
        ),
        pytest.param(
            series(Fred, KEY),
            as_json({"error_code": 400, "error_message": "Bad Request.  The series is gone."}, 400),
            "answered 400: Bad Request. The series is gone.",
            None,
            id="fred: a series that does not exist",
        ),
        pytest.param(
            series(Fred, KEY),
            Answer(b'<?xml version="1.0"?><error code="404" message="x"/>', 404, "text/xml"),
            "answered 404",
            None,
            id="fred: not found, in XML",
        ),
        pytest.param(
            series(Fred, KEY),
            Answer(b'<?xml version="1.0"?><error code="500" message="x"/>', 500, "text/xml"),
            "answered 500",
            None,
            id="fred: broken, in XML",
        ),
        pytest.param(
            series(Fred, KEY),
            Answer(b'<?xml version="1.0"?><observations/>', 200, "text/xml"),
            "answered with text/xml where JSON was due",
            None,
            id="fred: in XML though JSON was asked for",
        ),
        pytest.param(
            series(FredCsv),
            Answer(b"<html>maintenance</html>", 200, "text/html"),
            "answered with text/html where plain text was due",
            None,
            id="fred_csv: a page where the file was due",
        ),
        pytest.param(
            series(FredCsv),
            Answer(b'observation_date,DFF\n"2025-09-01,4', 200, "text/csv"),
            "none of 6 requests gave anything",
            None,
            id="fred_csv: cut inside a field",
        ),
        pytest.param(
            series(AlternativeMe),
            as_json({"name": "Fear and Greed Index", "data": [], "metadata": {"error": "down"}}),
            "metadata.error was 'down'",
            None,
            id="alternative_me: its own field for errors",
        ),
        pytest.param(
            series(AlternativeMe),
            Answer(b"error code: 521", 521, "text/plain"),
            "answered 521",
            None,
            id="alternative_me: its edge without its server",
        ),
    ],
)
def test_it_is_an_error_with_the_sources_own_words(
    ask: Ask, answer: Answer, words: str, wait: float | None
) -> None:
    breaker = StoredBreaker()
    with Always() as served:
        served.answer = answer
        with pytest.raises(SourceUnavailable) as caught:
            run(lambda t: ask(t, served.url), breaker=breaker)
    assert words in caught.value.reason
    assert caught.value.retry_after == wait
    assert bool(breaker.until) == (wait is not None)


def test_one_metric_that_left_the_free_tier_takes_no_other_along(served: Served) -> None:
    """As asked for with `ignore_forbidden_errors`: the metric is then absent from every row."""
    day = NOW.replace(hour=0) - timedelta(days=1)
    row = {"asset": "btc", "time": f"{day:%Y-%m-%d}", "CapMVRVCur": "2", "AdrActCnt": "9"}
    served.give("/v4/timeseries/asset-metrics", as_json({"data": [row]}))
    got = run(lambda t: CoinMetrics(t, served.url).readings(["BTC"], since=SINCE, now=NOW))
    assert [one.series for one in got] == ["active_addresses", "mvrv"]


def test_a_stopped_source_answers_honestly_with_what_it_has(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """How old is too old is for whoever asked to say: every answer tells its time."""
    old = (NOW - timedelta(days=200)).replace(hour=0)
    at, millis = fields.to_seconds(old), fields.to_millis(old)
    kline = [millis, "1", "2", "1", "2", "0", 0, "0", 1, "0", "0", "0"]
    quote = {"usd": 1, "last_updated_at": at}
    served.give("/api/v3/ticker/24hr", as_json([_ticker("BTCUSDT", millis)]))
    served.give("/api/v3/klines", as_json([kline]))
    served.give("/api/v3/simple/price", as_json({"bitcoin": quote}))
    served.give("/api/v3/coins/bitcoin/ohlc", as_json([[millis, 1, 2, 1, 2]]))
    row = {"asset": "btc", "time": f"{old:%Y-%m-%d}", "CapMVRVCur": "2"}
    served.give("/v4/timeseries/asset-metrics", as_json({"data": [row]}))
    served.give("/fng/", as_json({"data": [{"value": "7", "timestamp": str(at)}]}))
    observation = {"date": f"{old:%Y-%m-%d}", "value": "5"}
    served.give("/fred/series/observations", as_json({"observations": [observation]}))
    begin = old - timedelta(days=1)

    async def ask(t: Transport) -> list[Any]:
        binance, coingecko = Binance(t, served.url), CoinGecko(t, served.url)
        found: list[Any] = [one.at for one in await binance.marks(["BTC"])]
        found += [one.open_time for one in await binance.candles("BTC", Timeframe.H4)]
        found += [one.at for one in await coingecko.marks(["BTC"])]
        found += [one.close_time for one in await coingecko.candles("BTC", Timeframe.H4)]
        for source in (CoinMetrics(t, served.url), AlternativeMe(t, served.url)):
            found += [one.period for one in await source.readings(["BTC"], since=begin, now=NOW)]
        rates = await Fred(t, served.url, KEY).readings([], since=begin, now=NOW)
        return [*found, *(one.period for one in rates)]

    with caplog.at_level(logging.WARNING):
        assert set(run(ask)) == {old}
    assert not caplog.messages


def _ticker(symbol: str, millis: int) -> dict[str, object]:
    return {"symbol": symbol, "lastPrice": "2", "closeTime": millis}
