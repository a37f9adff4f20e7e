import json
from pathlib import Path
from typing import Any

import pytest

from automoney.errors import InvalidInput
from infra.local.world.faults import Faults, spoiled

SOURCES = ("binance", "coingecko", "glassnode", "fred", "alternative-me")


def faults(**order: Any) -> Faults:
    made = Faults(SOURCES)
    made.order(json.dumps(order).encode())
    return made


def test_a_fault_strikes_its_source_so_many_times() -> None:
    made = faults(source="binance", kind="status", status=451, count=2)
    assert made.strike("coingecko", "/ping?") is None
    struck = [made.strike("binance", "/api/v3/klines?") for _ in range(3)]
    assert [fault is not None for fault in struck] == [True, True, False]
    report = made.report()
    assert report["requests"] == {**dict.fromkeys(SOURCES, 0), "binance": 3, "coingecko": 1}
    assert [(fault["hits"], fault["left"]) for fault in report["faults"]] == [(2, 0)]


def test_a_fault_may_be_for_some_paths_only_and_is_cleared() -> None:
    made = faults(source="binance", kind="html", path="klines?symbol=ETH")
    assert made.strike("binance", "/api/v3/klines?symbol=BTCUSDT") is None
    assert made.strike("binance", "/api/v3/klines?symbol=ETHUSDT") is not None
    assert made.strike("binance", "/api/v3/klines?symbol=ETHUSDT") is not None
    made.clear()
    assert made.strike("binance", "/api/v3/klines?symbol=ETHUSDT") is None


@pytest.mark.parametrize(
    ("source", "status", "body"),
    [
        ("binance", 418, "binance/error-weight-ip-ban.418.json"),
        ("binance", 429, "binance/error-weight-limit.429.json"),
        ("binance", 451, "binance/error-restricted-location.451.json"),
        ("coingecko", 429, "coingecko/error-rate-limit.429.json"),
        ("glassnode", 401, "glassnode/error-invalid-key.401.json"),
        ("fred", 400, "fred/error-no-key.400.json"),
    ],
)
def test_known_errors_look_as_they_do(
    market_data: Path, source: str, status: int, body: str
) -> None:
    made = faults(source=source, kind="status", status=status, headers={"Retry-After": 119})
    fault = made.strike(source, "/")
    assert fault is not None
    answer = spoiled(fault)
    assert answer.status == status
    assert json.loads(answer.body) == json.loads((market_data / "api-bodies" / body).read_text())
    assert answer.headers == ((b"Retry-After", b"119"),)


def test_an_error_that_nobody_has_seen_is_a_web_page() -> None:
    fault = faults(source="alternative-me", kind="status", status=503).strike("alternative-me", "/")
    assert fault is not None
    assert spoiled(fault).body.startswith(b"<html>")
    empty = faults(source="glassnode", kind="status", status=429).strike("glassnode", "/")
    assert empty is not None
    assert spoiled(empty).body == b""


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (b"{", "expected a JSON object"),
        (b"[]", "expected a JSON object"),
        (b'{"source":"nasdaq","kind":"html"}', "source was 'nasdaq'"),
        (b'{"source":"binance","kind":"odd"}', "kind was 'odd'"),
        (b'{"source":"binance"}', "kind was None"),
        (b'{"source":"binance","kind":"html","times":1}', "fault was 'times'"),
        (b'{"source":"binance","kind":"status","status":"x"}', "status was 'x'"),
        (b'{"source":"binance","kind":"html","count":0}', "count was 0"),
        (b'{"source":"binance","kind":"html","headers":[1]}', r"headers was \[1\]"),
    ],
)
def test_a_wrong_order_is_refused(order: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Faults(SOURCES).order(order)
