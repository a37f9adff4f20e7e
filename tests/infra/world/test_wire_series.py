"""Glassnode, Coin Metrics, FRED and Alternative.me, against bodies that the real ones sent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local.world.recording import Recording
from infra.local.world.wire.alternative_me import AlternativeMe
from infra.local.world.wire.coinmetrics import CoinMetrics
from infra.local.world.wire.exchange import Answer, Request
from infra.local.world.wire.fred import Fred, FredCsv
from infra.local.world.wire.glassnode import Glassnode

type Ask = Callable[..., Request]

END = "2025-09-22"
KEY = "0123456789abcdef0123456789abcdef"
OBSERVATIONS = "/fred/series/observations"
ASSET_METRICS = "/v4/timeseries/asset-metrics"


def ok(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("market-mvrv-z-score-BTC-24h", "market/mvrv_z_score"),
        ("indicators-nvt-BTC-24h", "indicators/nvt"),
        (
            "transactions-transfers-volume-exchanges-net-BTC-24h",
            "transactions/transfers_volume_exchanges_net",
        ),
        ("addresses-active-count-BTC-24h", "addresses/active_count"),
    ],
)
def test_glassnode_says_what_glassnode_said(
    recorded: Recording, ask: Ask, market_data: Path, body: str, path: str
) -> None:
    real = json.loads((market_data / "api-bodies" / "glassnode" / f"{body}.200.json").read_text())
    query = {"a": "BTC", "i": "24h", "s": real[0]["t"], "u": real[-1]["t"] + 1}
    shown = ok(Glassnode(recorded).answer(ask(f"/v1/metrics/{path}", END, key="k", **query)))
    assert [point["t"] for point in shown] == [point["t"] for point in real]
    assert [point["v"] for point in shown] == pytest.approx(
        [point["v"] for point in real], rel=1e-6
    )


def test_glassnode_shows_a_day_when_it_is_over(recorded: Recording, ask: Ask) -> None:
    path = "/v1/metrics/market/mvrv_z_score"

    def newest(at: str) -> int:
        return int(ok(Glassnode(recorded).answer(ask(path, at, a="BTC", api_key="k")))[-1]["t"])

    assert newest("2020-05-10T23:59:59.999999") == 1_588_982_400  # 9 May
    assert newest("2020-05-11") == 1_589_068_800
    assert newest(END) == 1_589_673_600  # 17 May 2020, the last that was recorded


@pytest.mark.parametrize(
    ("path", "key", "query", "status"),
    [
        ("/v1/metrics/market/mvrv_z_score", "", {"a": "BTC"}, 401),
        ("/v1/metrics/supply/lth_sum", "k", {"a": "BTC"}, 404),
        ("/v1/metrics/indicators/nvt", "k", {}, 400),
        ("/v1/metrics/indicators/nvt", "k", {"a": "BTC", "i": "10m"}, 400),
        ("/v1/metrics/indicators/nvt", "k", {"a": "BTC", "s": "x"}, 400),
        ("/v1/metrics/indicators/nvt", "k", {"a": "ETH"}, 200),
    ],
)
def test_glassnodes_refusals(
    recorded: Recording, ask: Ask, path: str, key: str, query: dict[str, str], status: int
) -> None:
    answer = Glassnode(recorded).answer(ask(path, END, key=key, **query))
    assert answer.status == status
    if status == 200:
        assert answer.body == b"[]"
    elif status == 401:
        assert json.loads(answer.body) == {"error": "Invalid API key"}


def test_coin_metrics_rows(recorded: Recording, ask: Ask) -> None:
    answer = ok(
        CoinMetrics(recorded).answer(
            ask(
                ASSET_METRICS,
                END,
                assets="eth,btc",
                metrics="CapMVRVCur,NVTAdj,FlowInExNtv,AdrActCnt",
                frequency="1d",
                start_time="2025-09-20",
                end_time="2025-09-21",
            )
        )
    )
    assert answer == {
        "data": [
            {
                "asset": "btc",
                "time": "2025-09-20T00:00:00.000000000Z",
                "CapMVRVCur": "2.160082452",
                "NVTAdj": "354.42986",
                "FlowInExNtv": "10573.3351",
                "AdrActCnt": "711626",
            },
            {
                "asset": "btc",
                "time": "2025-09-21T00:00:00.000000000Z",
                "CapMVRVCur": "2.151199242",
                "NVTAdj": None,
                "FlowInExNtv": "14298.54888",
                "AdrActCnt": "660574",
            },
            {
                "asset": "eth",
                "time": "2025-09-20T00:00:00.000000000Z",
                "CapMVRVCur": "1.333186727",
            },
            {
                "asset": "eth",
                "time": "2025-09-21T00:00:00.000000000Z",
                "CapMVRVCur": "1.326960142",
            },
        ]
    }


def test_coin_metrics_shows_a_day_when_it_is_over(recorded: Recording, ask: Ask) -> None:
    for at, day in (("2025-09-20T23:59:59.999999", "19"), ("2025-09-21", "20")):
        query = {"assets": "btc", "metrics": "HashRate", "page_size": "1"}
        answer = ok(CoinMetrics(recorded).answer(ask(ASSET_METRICS, at, **query)))
        assert answer["data"][0]["time"].startswith(f"2025-09-{day}")


@pytest.mark.parametrize("order", ["start", "end"])
def test_coin_metrics_pages_hold_each_row_once(recorded: Recording, ask: Ask, order: str) -> None:
    query = {
        "assets": "btc",
        "metrics": "PriceUSD",
        "start_time": "2025-09-01",
        "page_size": "8",
        "paging_from": order,
    }
    pages = []
    while True:
        answer = ok(CoinMetrics(recorded).answer(ask(ASSET_METRICS, END, **query)))
        pages.append([row["time"][:10] for row in answer["data"]])
        if "next_page_token" not in answer:
            break
        assert answer["next_page_token"] in answer["next_page_url"]
        query["next_page_token"] = answer["next_page_token"]
    assert list(map(len, pages)) == [8, 8, 5]
    days = [day for page in (pages if order == "start" else pages[::-1]) for day in page]
    assert days == [f"2025-09-{day:02d}" for day in range(1, 22)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"assets": "btc", "metrics": "Odd"},
            "Bad parameter 'metrics'. Value 'Odd' is not supported.",
        ),
        ({"assets": "doge", "metrics": "PriceUSD"}, "Bad parameter 'assets'. Value 'doge' is"),
        ({"assets": "btc"}, "Bad parameter 'metrics'. Value is required."),
        (
            {"assets": "eth", "metrics": "FlowInExNtv"},
            "Bad parameter 'metrics'. All requested metrics aren't supported for asset 'eth'.",
        ),
        ({"assets": "btc", "metrics": "PriceUSD", "frequency": "1h"}, "Bad parameter 'frequency'."),
        ({"assets": "btc", "metrics": "PriceUSD", "page_size": "0"}, "Bad parameter 'page_size'."),
        (
            {"assets": "btc", "metrics": "PriceUSD", "start_time": "x"},
            "Bad parameter 'start_time'.",
        ),
        (
            {"assets": "btc", "metrics": "PriceUSD", "next_page_token": "x"},
            "Bad parameter 'next_page_token'.",
        ),
        (
            {"assets": "btc", "metrics": "PriceUSD", "paging_from": "x"},
            "Bad parameter 'paging_from'",
        ),
    ],
)
def test_coin_metrics_refusals(
    recorded: Recording, ask: Ask, query: dict[str, str], message: str
) -> None:
    answer = CoinMetrics(recorded).answer(ask(ASSET_METRICS, END, **query))
    assert answer.status == 400
    error = json.loads(answer.body)["error"]
    assert error["type"] == "bad_parameter"
    assert error["message"].startswith(message)


def test_fred_says_what_fred_said(recorded: Recording, ask: Ask, market_data: Path) -> None:
    body = market_data / "api-bodies" / "fred" / "observations-FEDFUNDS.200.json"
    real = json.loads(body.read_text())
    shown = ok(
        Fred(recorded).answer(
            ask(
                OBSERVATIONS,
                "2023-07-18T12:00",
                series_id="FEDFUNDS",
                api_key=KEY,
                file_type="json",
                observation_start="2010-01-01",
            )
        )
    )
    assert list(shown) == list(real)
    # the real answer ends with the month in progress, as a dot; the recording has no such rows
    same = [row for row in real["observations"][:-1] if row["date"] >= "2010"]
    assert shown["count"] == len(same)
    for ours, theirs in zip(shown["observations"], same, strict=True):
        assert list(ours) == list(theirs)
        assert ours["date"] == theirs["date"]
        assert float(ours["value"]) == float(theirs["value"])
        assert ours["realtime_start"] == ours["realtime_end"] == "2023-07-18"


def test_fred_options(recorded: Recording, ask: Ask) -> None:
    def shown(at: str = END, **more: str) -> list[tuple[str, str]]:
        query = {"series_id": "DGS10", "api_key": KEY, "file_type": "json", **more}
        rows = ok(Fred(recorded).answer(ask(OBSERVATIONS, at, **query)))["observations"]
        return [(row["date"], row["value"]) for row in rows]

    assert shown(observation_end="2010-01-04") == [("2010-01-01", "."), ("2010-01-04", "3.85")]
    assert shown(sort_order="desc", limit="1") == [("2025-09-18", "4.11")]
    assert shown(sort_order="desc", limit="1", offset="1") == [("2025-09-17", "4.06")]
    assert shown(at="2025-09-19", sort_order="desc", limit="1") == [("2025-09-17", "4.06")]
    assert shown(realtime_start="2025-09-18", realtime_end="2025-09-18", sort_order="desc")[0][
        0
    ] == ("2025-09-16")


def test_a_vintage_starts_when_it_was_published(recorded: Recording, ask: Ask) -> None:
    query = {"series_id": "CPIAUCSL", "api_key": KEY, "file_type": "json"}
    query |= {"realtime_start": "2025-01-01", "realtime_end": "9999-12-31"}
    rows = ok(Fred(recorded).answer(ask(OBSERVATIONS, END, **query)))["observations"]
    assert rows[-1]["date"] == "2025-08-01"
    assert rows[-1]["realtime_start"] == "2025-09-16"
    assert rows[0]["realtime_start"] == "2025-01-01"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"series_id": "DFF"}, "error-no-key.400.json"),
        ({"series_id": "DFF", "api_key": "bad"}, "error-malformed-key.400.json"),
    ],
)
def test_fred_wants_a_key(
    recorded: Recording, ask: Ask, market_data: Path, query: dict[str, str], body: str
) -> None:
    real = json.loads((market_data / "api-bodies" / "fred" / body).read_text())
    answer = Fred(recorded).answer(ask(OBSERVATIONS, END, **query, file_type="json"))
    assert answer.status == 400
    assert json.loads(answer.body) == real


@pytest.mark.parametrize(
    "query",
    [
        {"series_id": "ODD"},
        {},
        {"series_id": "DFF", "file_type": "xml"},
        {"series_id": "DFF", "units": "pch"},
        {"series_id": "DFF", "sort_order": "up"},
        {"series_id": "DFF", "limit": "-1"},
        {"series_id": "DFF", "observation_start": "2025-13-01"},
    ],
)
def test_freds_refusals(recorded: Recording, ask: Ask, query: dict[str, str]) -> None:
    everything = {"api_key": KEY, "file_type": "json", **query}
    answer = Fred(recorded).answer(ask(OBSERVATIONS, END, **everything))
    assert answer.status == 400
    assert json.loads(answer.body)["error_message"].startswith("Bad Request.  ")


def test_fred_csv(recorded: Recording, ask: Ask) -> None:
    path = "/graph/fredgraph.csv"

    def lines(at: str = END, **query: str) -> list[str]:
        answer = FredCsv(recorded).answer(ask(path, at, **query))
        assert answer.status == 200
        return answer.body.decode().splitlines()

    assert lines(id="DFF", cosd="2025-09-17") == [
        "observation_date,DFF",
        "2025-09-17,4.33",
        "2025-09-18,4.08",
    ]
    assert lines("2025-09-19T12:00", id="DFF", cosd="2025-09-17")[-1] == "2025-09-17,4.33"
    assert lines(id="DGS10", coed="2010-01-04") == [
        "observation_date,DGS10",
        "2010-01-01,",
        "2010-01-04,3.85",
    ]
    assert lines(id="DFF,DGS2", cosd="2025-09-12", coed="2025-09-13")[1:] == [
        "2025-09-12,4.33,3.56",
        "2025-09-13,4.33,",
    ]
    for query, status in (({"id": "ODD"}, 404), ({}, 404), ({"id": "DFF", "cosd": "x"}, 400)):
        answer = FredCsv(recorded).answer(ask(path, END, **query))
        assert (answer.status, answer.body[:6]) == (status, b"<html>")


def test_fear_and_greed(recorded: Recording, ask: Ask, market_data: Path) -> None:
    folder = market_data / "api-bodies" / "alternative-me"
    real = json.loads((folder / "fng-limit-3.200.json").read_text())
    shown = ok(AlternativeMe(recorded).answer(ask("/fng/", "2025-09-21T18:00", limit=3)))
    assert list(shown) == list(real)
    assert shown["metadata"] == real["metadata"]
    assert [list(row) for row in shown["data"]] == [list(row) for row in real["data"]]
    assert shown["data"][0] == {
        "value": "49",
        "value_classification": "Neutral",
        "timestamp": "1758412800",
        "time_until_update": "21600",
    }
    everything = ok(AlternativeMe(recorded).answer(ask("/fng/", END, limit=0)))["data"]
    assert len(everything) == 2786
    at_midnight = ok(AlternativeMe(recorded).answer(ask("/fng/", "2025-09-21")))["data"]
    assert [row["timestamp"] for row in at_midnight] == ["1758412800"]
    before = ok(AlternativeMe(recorded).answer(ask("/fng/", "2025-09-20T23:59:59.999999")))["data"]
    assert before[0]["timestamp"] == "1758326400"


def test_nothing_recorded_is_nothing_to_say(ask: Ask, recorded: Recording) -> None:
    bare = Recording("recorded", recorded.ladders)
    assert ok(AlternativeMe(bare).answer(ask("/fng/", END)))["data"] == []
    assert FredCsv(bare).answer(ask("/graph/fredgraph.csv", END, id="DFF")).status == 404
    metrics = {"assets": "btc,eth", "metrics": "PriceUSD"}
    assert ok(CoinMetrics(bare).answer(ask(ASSET_METRICS, END, **metrics))) == {"data": []}
