"""Every question to every source, under every fault: one clear error, and no key in it."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.candles import Timeframe
from automoney.ports import PriceSource, SeriesSource, Trades
from automoney.sources.alternative_me import AlternativeMe
from automoney.sources.binance import Binance
from automoney.sources.coingecko import CoinGecko
from automoney.sources.coinmetrics import CoinMetrics
from automoney.sources.fred import Fred
from automoney.sources.fred_csv import FredCsv
from automoney.sources.glassnode import Glassnode
from automoney.transport import Transport
from tests.sources.served import NOW, Answer, Asked, Served, as_json, run, spoken

KEY = "abcdef0123456789abcdef0123456789"
BTC = ["BTC"]
Question = Callable[[Transport, str], Awaitable[Any]]


def of_series(source: SeriesSource) -> Awaitable[Any]:
    return source.readings(BTC, since=NOW - timedelta(days=3), now=NOW)


def marks_of(source: PriceSource) -> Awaitable[Any]:
    return source.marks(BTC)


def candles_of(source: PriceSource) -> Awaitable[Any]:
    return source.candles("BTC", Timeframe.H4)


def trade_of(source: Trades) -> Awaitable[Any]:
    return source.first_trade("BTC", NOW)


QUESTIONS: dict[str, tuple[str, Question]] = {
    "binance marks": ("binance", lambda t, url: marks_of(Binance(t, url))),
    "binance candles": ("binance", lambda t, url: candles_of(Binance(t, url))),
    "binance trade": ("binance", lambda t, url: trade_of(Binance(t, url))),
    "coingecko marks": ("coingecko", lambda t, url: marks_of(CoinGecko(t, url))),
    "coingecko candles": ("coingecko", lambda t, url: candles_of(CoinGecko(t, url))),
    "coingecko trade": ("coingecko", lambda t, url: trade_of(CoinGecko(t, url))),
    "glassnode": ("glassnode", lambda t, url: of_series(Glassnode(t, url, KEY))),
    "coinmetrics": ("coinmetrics", lambda t, url: of_series(CoinMetrics(t, url))),
    "fred": ("fred", lambda t, url: of_series(Fred(t, url, KEY))),
    "fred csv": ("fred_csv", lambda t, url: of_series(FredCsv(t, url))),
    "alternative_me": ("alternative_me", lambda t, url: of_series(AlternativeMe(t, url))),
}
FAULTS: dict[str, Answer] = {
    "400": as_json({"code": -1100, "msg": "Illegal characters in @key@"}, status=400),
    "401": as_json({"error": "Invalid API key @key@"}, status=401),
    "403": Answer(b"<html>Forbidden</html>", 403, "text/html"),
    "418": as_json({"code": -1003, "msg": "IP banned"}, status=418),
    "429": as_json({"status": {"error_message": "limit"}}, 429, headers={"Retry-After": "7"}),
    "429 without a wait": as_json({"error": "Too Many Requests"}, status=429),
    "429 by a page": Answer(b"<html>Slow down</html>", 429, "text/html"),
    "402": as_json({"error": "Payment required for @key@"}, status=402),
    "404": Answer(b'<?xml version="1.0"?><error code="404"/>', 404, "text/xml"),
    "451": as_json({"code": 0, "msg": "restricted location"}, status=451),
    "500": Answer(b"", 500, ""),
    "502": Answer(b"<html>Bad gateway</html>", 502, "text/html"),
    "empty": Answer(b""),
    "web page": Answer(b"<html>hello</html>", content_type="text/html"),
    "page called JSON": Answer(b"<html>hello</html>"),
    "truncated JSON": Answer(b'[[1758456000000,"1'),
    "cut off": Answer(b'{"data": []}', cut=True),
    "silent": Answer(b"[]", delay=5),
    "dripping": Answer(b"[" + b" " * 5000 + b"]", drip=0.02),
    "not unpacked": Answer(b"[]", headers={"Content-Encoding": "gzip"}),
    "not UTF-8": Answer(b'[{"t": "\xff\xfe"}]'),
    "another encoding": Answer("[{}]".encode("utf-16")),
    "plain text": Answer(b"OK", content_type="text/plain"),
    "an error with status 200": as_json({"error": {"message": "no key @key@"}}),
    "another error with status 200": as_json({"error_code": 1, "error_message": "@key@"}),
    "NaN": Answer(b"[NaN]"),
    "null": Answer(b"null"),
    "a string": Answer(b'"come back later"'),
    "a number": Answer(b"1e30"),
    "list of nothing": Answer(b"[null]"),
    "object of nothing": Answer(b'{"error": null}'),
}
STATUSES = {name: int(name) for name in FAULTS if name.isdigit()}


class Everywhere(Served):
    """Gives `answer` whatever is asked, and says any key back to whoever sent it."""

    answer = Answer()

    def answer_to(self, asked: Asked) -> Answer:
        self.requests.append(asked)
        key = asked.params.get("api_key") or asked.headers.get("x-api-key") or "none"
        return replace(self.answer, body=self.answer.body.replace(b"@key@", key.encode()))


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Everywhere]:
    with Everywhere() as server:
        yield server


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_it_says_so_and_keeps_the_key_to_itself(
    fault: str, question: str, everywhere: Everywhere, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source, ask = QUESTIONS[question]
    everywhere.answer = FAULTS[fault]
    everywhere.requests.clear()
    timeout = timedelta(seconds=0.05 if fault in ("silent", "dripping") else 5)
    with pytest.raises(SourceUnavailable) as caught:
        run(lambda t: ask(t, everywhere.url), timeout=timeout)
    assert everywhere.requests
    assert caught.value.source == source
    assert caught.value.status == STATUSES.get(fault, caught.value.status)
    assert caught.value.reason
    assert KEY not in spoken(caught.value) + caplog.text


def test_no_source_shows_its_key(served: Served) -> None:
    async def shown(transport: Transport) -> str:
        sources = (Glassnode(transport, served.url, KEY), Fred(transport, served.url, KEY))
        return repr(sources) + str(sources)

    assert KEY not in run(shown)
