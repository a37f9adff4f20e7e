"""The world over a real socket."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.infra.world.conftest import Served

NOON = datetime(2025, 9, 21, 12, tzinfo=UTC)
PRICE = "/binance/api/v3/ticker/price?symbol=BTCUSDT"


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    """A client of the world at noon, without faults."""
    served.clock.set(NOON)
    with httpx.Client(base_url=served.url, timeout=5) as client:
        client.delete("/_faults")
        yield client
        client.delete("/_faults")


def trouble(http: httpx.Client, **order: object) -> None:
    answer = http.post("/_faults", json={"source": "binance", **order})
    assert answer.status_code == 201, answer.text


def test_it_says_what_it_has(served: Served) -> None:
    assert served.ready == {
        "port": int(served.url.rpartition(":")[2]),
        "world": "recorded",
        "from": "2025-09-20T00:00:00Z",
        "to": "2025-09-22T00:00:00Z",
        "glassnode_until": None,
        "resolution": {"BTC": {"1h": [["2025-09-20T00:00:00Z", "2025-09-22T00:00:00Z"]]}},
    }


def test_the_clock_moves_the_prices(http: httpx.Client, served: Served) -> None:
    assert http.get(PRICE).json() == {"symbol": "BTCUSDT", "price": "136.00000000"}
    served.clock.set(NOON.replace(hour=13, microsecond=1))
    assert http.get(PRICE).json() == {"symbol": "BTCUSDT", "price": "137.00000000"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (PRICE, 200),
        ("/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd", 200),
        ("/glassnode/v1/metrics/indicators/nvt?a=BTC", 401),
        ("/coinmetrics/v4/timeseries/asset-metrics?assets=btc&metrics=PriceUSD", 200),
        ("/fred/fred/series/observations?series_id=DFF", 400),
        ("/fredcsv/graph/fredgraph.csv?id=DFF", 404),
        ("/alternative-me/fng/?limit=1", 200),
        ("/binance", 404),
        ("/nowhere/at/all", 404),
        ("/", 404),
    ],
)
def test_every_api_has_a_prefix(http: httpx.Client, path: str, status: int) -> None:
    assert http.get(path).status_code == status


def test_a_key_may_come_in_a_header(http: httpx.Client) -> None:
    path = "/glassnode/v1/metrics/indicators/nvt?a=BTC"
    assert http.get(path, headers={"X-Api-Key": "k"}).json() == []


def test_queries_are_decoded(http: httpx.Client) -> None:
    rows = http.get("/binance/api/v3/ticker/price", params={"symbols": '["BTCUSDT"]'}).json()
    assert rows == [{"symbol": "BTCUSDT", "price": "136.00000000"}]


def test_a_status_with_headers_once(http: httpx.Client) -> None:
    trouble(http, kind="status", status=429, headers={"Retry-After": "30"}, count=1)
    refused = http.get(PRICE)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "30"
    assert refused.json()["code"] == -1003
    assert http.get(PRICE).status_code == 200


def test_garbage_and_pages(http: httpx.Client) -> None:
    trouble(http, kind="html", count=1)
    trouble(http, kind="garbage", count=1)
    assert http.get(PRICE).headers["content-type"].startswith("text/html")
    garbage = http.get(PRICE)
    assert garbage.status_code == 200
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        garbage.json()
    assert http.get(PRICE).status_code == 200


def test_silence(http: httpx.Client) -> None:
    trouble(http, kind="timeout", count=1)
    with pytest.raises(httpx.ReadTimeout):
        http.get(PRICE, timeout=0.3)
    assert http.get(PRICE).status_code == 200


def test_a_drip_is_slower_than_any_patience(http: httpx.Client) -> None:
    trouble(http, kind="drip", count=1)
    with http.stream("GET", PRICE, timeout=1) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        assert [next(pieces), next(pieces)] == [b"{", b'"']
    assert http.get(PRICE).status_code == 200


def test_an_answer_cut_short(http: httpx.Client) -> None:
    trouble(http, kind="truncate", count=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.get(PRICE)
    assert http.get(PRICE).status_code == 200


def test_a_fault_that_makes_no_sense(http: httpx.Client) -> None:
    refused = http.post("/_faults", json={"source": "binance", "kind": "odd"})
    assert refused.status_code == 400
    assert "one of drip, garbage" in refused.json()["error"]


def test_requests_are_counted(http: httpx.Client) -> None:
    before = http.get("/_faults").json()["requests"]["binance"]
    http.get(PRICE)
    assert http.get("/_faults").json()["requests"]["binance"] == before + 1
