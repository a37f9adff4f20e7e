"""Payloads that once went wrong, here or in the check, and what must become of them for ever.

Put what a failing fuzz shows into the list: the request it belongs to, the bytes, and the verdict.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from automoney.market.candles import Timeframe
from tests.fuzz.cases import Body, Mutant
from tests.fuzz.outcomes import Outcome, Verdict
from tests.fuzz.rooms import Fuzz
from tests.fuzz.tree import Shape
from tests.fuzz.wire import JSON, TEXT, Sent

_NONE = Shape((), {}, None, timedelta())
_SUNDAY = datetime(2025, 9, 21, 12, tzinfo=UTC)  # 1758456000
_BODIES = {
    "tickers": Body("tickers", _SUNDAY, None, _NONE, before="100"),
    "trades": Body("trades", _SUNDAY, None, _NONE),
    "weeks": Body(
        "klines",
        datetime(2017, 7, 10, tzinfo=UTC),
        None,
        _NONE,
        "ETH",
        Timeframe.W1,
        before="0.026",
        known_until=datetime(2017, 7, 3, tzinfo=UTC),
    ),
    "points": Body("points", _SUNDAY, None, _NONE, series="mvrv_z"),
    "metrics": Body("metrics", _SUNDAY, None, _NONE),
    "table": Body("table", _SUNDAY, None, _NONE, "", None, "us10y"),
    "index": Body("index", _SUNDAY, None, _NONE, "", None, "fear_greed"),
}


@dataclass(frozen=True)
class Found:
    """`text` was sent to the request called `body`; `words` are part of why it is rejected."""

    source: str
    body: str
    text: str
    verdict: Verdict
    words: str = ""
    coding: str = "utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)

    @property
    def mutant(self) -> Mutant:
        sent = Sent(self.text.encode(self.coding), self.status, self.headers)
        return Mutant(self.source, 0, _BODIES[self.body], sent, ("found",))


def _quotes(price: str) -> str:
    quote = '{"symbol":"%s","lastPrice":%s,"closeTime":1758456000000}'
    return f"[{quote % ('BTCUSDT', price)},{quote % ('ETHUSDT', '"99"')}]"


_FOUND = {
    "two trades, the later one first": Found(
        "binance",
        "trades",
        '[{"p":"2","T":1758456004000},{"p":"1","T":1758456001000}]',
        Verdict.CLEAN,
    ),
    "a week before the known one, which turns that into a jump": Found(
        "binance",
        "weeks",
        '[[1497830400000,"0.016","0.8","0.015","0.0157","1",0,"0",0,"0","0","0"]]',
        Verdict.FLAGGED,
    ),
    "an exponent that no Decimal holds": Found(
        "binance", "tickers", _quotes("1e9999999999999999999"), Verdict.REJECTED, "broken JSON"
    ),
    "an exponent that would make a gigabyte of digits": Found(
        "binance", "tickers", _quotes("1e999999999"), Verdict.REJECTED, "lastPrice of BTCUSDT was"
    ),
    "more digits than an int is made of": Found(
        "binance", "tickers", _quotes("9" * 5_000), Verdict.REJECTED, "broken JSON"
    ),
    "digits of another script": Found(
        "binance", "tickers", _quotes('"\u0661\u0660\u0660"'), Verdict.REJECTED, "expected a number"
    ),
    "valid JSON in UTF-16": Found(
        "binance", "tickers", _quotes('"100"'), Verdict.CLEAN, coding="utf-16"
    ),
    "a key given twice: the second one counts": Found(
        "glassnode", "points", '[{"t":1758326400,"v":NaN,"v":2.5}]', Verdict.REJECTED, "broken JSON"
    ),
    "a pause of a thousand million years": Found(
        "glassnode",
        "points",
        "",
        Verdict.REJECTED,
        "left alone until 2025-09-24",
        status=429,
        headers=(("retry-after", "9" * 24),),
    ),
    "pages without end": Found(
        "coinmetrics",
        "metrics",
        '{"data":[],"next_page_token":"again"}',
        Verdict.REJECTED,
        "more than 20 pages",
    ),
    "a line that ends in the middle of a table": Found(
        "fred_csv",
        "table",
        "observation_date,DGS10\n2025-09-17,4.06\n2025-09-1",
        Verdict.REJECTED,
        "line of DGS10",
        headers=(("content-type", TEXT),),
    ),
    "a byte order mark before a table": Found(
        "fred_csv",
        "table",
        "observation_date,DGS10\n2025-09-17,4.06\n",
        Verdict.REJECTED,
        "header of DGS10",
        coding="utf-8-sig",
        headers=(("content-type", TEXT),),
    ),
    "nested too deep to read": Found(
        "alternative_me",
        "index",
        f'{{"data":{"[" * 200_000}{"]" * 200_000}}}',
        Verdict.REJECTED,
        "broken JSON",
    ),
}


def outcome(fuzz: Fuzz, found: Found) -> Outcome:
    fuzzed = fuzz.of(found.source)
    became = asyncio.run(fuzzed.room.outcome(found.mutant))
    assert fuzzed.check(found.mutant, became) == []
    return became


@pytest.mark.parametrize("name", _FOUND)
def test_what_was_found_once(name: str, fuzz: Fuzz) -> None:
    found = _FOUND[name]
    became = outcome(fuzz, found)

    assert became.verdict is found.verdict
    assert found.words in str(became.error)
