"""Coin Metrics' answers: numbers as strings, nanoseconds, nulls and pages."""

import csv
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.sources.coinmetrics import CoinMetrics
from tests.sources.served import NOW, Answer, Asked, Served, as_json, run

PATH = "/v4/timeseries/asset-metrics"
DAY = timedelta(days=1)
TODAY = NOW.replace(hour=0)
FULL = {
    "CapMVRVCur": "2.125",
    "NVTAdj": "45.5",
    "FlowInExNtv": "30123.10000001",
    "FlowOutExNtv": "30200.10000001",
    "AdrActCnt": "723079",
}


def row(day: datetime, asset: str = "btc", **metrics: object) -> Any:
    return {"asset": asset, "time": f"{day:%Y-%m-%dT%H:%M:%S}.000000000Z", **metrics}


def page(*rows: object, **more: object) -> Answer:
    return as_json({"data": list(rows), **more})


def readings(
    served: Served, assets: Sequence[str] = ("BTC",), since: datetime = TODAY - 5 * DAY
) -> tuple[Reading, ...]:
    return run(lambda t: CoinMetrics(t, served.url).readings(assets, since=since, now=NOW))


def test_a_day_of_bitcoin(served: Served) -> None:
    yesterday = TODAY - DAY
    served.give(PATH, page(row(yesterday, **FULL)))

    def reading(series: str, value: float, proxy: bool = False) -> Reading:
        return Reading(
            series, "BTC", yesterday, value, TODAY, NOW, "coinmetrics", None, False, proxy
        )

    assert readings(served) == (
        reading("active_addresses", 723079),
        reading("exchange_netflow", -77, proxy=True),
        reading("mvrv", 2.125),
        reading("nvt", 45.5, proxy=True),
    )


def test_what_is_asked_per_asset(served: Served) -> None:
    served.give(PATH, page())
    readings(served, ["BTC", "ETH", "DOGE"], since=datetime(2025, 9, 1, 13, tzinfo=UTC))
    btc, eth = sorted(served.asked(PATH), key=lambda asked: asked["assets"])
    assert btc == {
        "assets": "btc",
        "metrics": "CapMVRVCur,NVTAdj,FlowInExNtv,FlowOutExNtv,AdrActCnt",
        "frequency": "1d",
        "start_time": "2025-09-01",
        "page_size": "10000",
        "paging_from": "start",
        "ignore_unsupported_errors": "true",
        "ignore_forbidden_errors": "true",
    }
    assert (eth["assets"], eth["metrics"]) == ("eth", "CapMVRVCur")


def test_null_or_absent_is_left_out_and_a_flow_needs_both_directions(served: Served) -> None:
    served.give(
        PATH,
        page(
            row(TODAY - 3 * DAY, CapMVRVCur=None, FlowInExNtv="5", FlowOutExNtv=None),
            row(TODAY - 2 * DAY, FlowInExNtv="5", FlowOutExNtv="7.5", AdrActCnt="9"),
            row(TODAY - DAY, NVTAdj="1e2"),
        ),
    )
    assert [(one.series, (TODAY - one.period).days, one.value) for one in readings(served)] == [
        ("active_addresses", 2, 9),
        ("exchange_netflow", 2, -2.5),
        ("nvt", 1, 100),
    ]


def test_the_day_under_way_and_days_before_since_are_left_out(served: Served) -> None:
    served.give(PATH, page(*(row(TODAY - n * DAY, CapMVRVCur="2") for n in range(10))))
    got = readings(served)
    assert [(TODAY - one.period).days for one in got] == [5, 4, 3, 2, 1]
    assert all(one.available_at <= NOW for one in got)


def test_pages_follow_each_other_by_token_wherever_the_given_url_leads(served: Served) -> None:
    days = [TODAY - n * DAY for n in range(5, 0, -1)]

    def answer(asked: Asked) -> Answer:
        at = int(asked.params.get("next_page_token", "0"))
        more = {"next_page_token": str(at + 2), "next_page_url": "http://127.0.0.1:9/evil"}
        rows = [row(day, CapMVRVCur=str(day.day)) for day in days[at : at + 2]]
        return page(*rows, **(more if at + 2 < len(days) else {}))

    served.give(PATH, answer)
    assert [one.value for one in readings(served)] == [day.day for day in days]
    tokens = [asked.get("next_page_token") for asked in served.asked(PATH)]
    assert tokens == [None, "2", "4"]
    assert {asked["assets"] for asked in served.asked(PATH)} == {"btc"}


def test_pages_without_end(served: Served) -> None:
    served.give(PATH, page(next_page_token="again"))
    with pytest.raises(SourceUnavailable, match="more than 20 pages"):
        readings(served)
    assert len(served.requests) == 20


@pytest.mark.parametrize("token", [7, ["x"], "\ud800", "x" * 2000])
def test_what_is_no_token_is_not_sent_back(served: Served, token: object) -> None:
    served.give(PATH, page(next_page_token=token))
    with pytest.raises(SourceUnavailable, match="next page of BTC was"):
        readings(served)
    assert len(served.requests) == 1


def test_rows_out_of_order_are_sorted_and_of_two_the_last_wins(served: Served) -> None:
    served.give(
        PATH,
        page(
            row(TODAY - DAY, CapMVRVCur="3"),
            row(TODAY - 2 * DAY, CapMVRVCur="1"),
            row(TODAY - 2 * DAY, CapMVRVCur="2"),
        ),
    )
    assert [one.value for one in readings(served)] == [2, 3]


def test_real_values_survive_the_way(served: Served, market_data: Path) -> None:
    with (market_data / "onchain" / "btc.csv").open() as lines:
        days = [line for line in csv.DictReader(lines) if line["date"] >= "2025-08-01"]
    served.give(
        PATH,
        page(
            *(
                row(
                    datetime.fromisoformat(day["date"]).replace(tzinfo=UTC),
                    CapMVRVCur=day["mvrv"],
                    AdrActCnt=day["active_addresses"],
                    FlowInExNtv=day["exchange_inflow_btc"],
                    FlowOutExNtv=day["exchange_outflow_btc"],
                )
                for day in days
            )
        ),
    )
    got = readings(served, since=datetime(2025, 8, 1, tzinfo=UTC))
    for series, column in (
        ("mvrv", "mvrv"),
        ("active_addresses", "active_addresses"),
        ("exchange_netflow", "exchange_netflow_btc"),
    ):
        found = {f"{one.period:%Y-%m-%d}": one.value for one in got if one.series == series}
        wanted = {
            day["date"]: float(day[column])
            for day in days
            if day[column] and day["date"] < "2025-09-21"
        }
        assert len(wanted) > 40
        assert found == pytest.approx(wanted, abs=1e-4)  # the file has rounded flows


def test_one_asset_that_fails_is_lost_alone(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.params["assets"] == "eth":
            error = {"type": "bad_parameter", "message": "Bad parameter 'metrics'."}
            return as_json({"error": error}, status=400)
        return page(row(TODAY - DAY, **FULL))

    served.give(PATH, answer)
    with caplog.at_level(logging.WARNING, logger="automoney.sources"):
        got = readings(served, ["BTC", "ETH"])
    assert {one.asset for one in got} == {"BTC"}
    assert caplog.messages == [
        "coinmetrics: going on without ETH: answered 400: Bad parameter 'metrics'."
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "answer for BTC was []"),
        ({}, "data of BTC was None"),
        ({"data": [1]}, "row of BTC was 1"),
        ({"data": [{"CapMVRVCur": "1"}]}, "time of BTC was None"),
        ({"data": [row(TODAY, "eth", CapMVRVCur="1")]}, "asset of BTC was 'eth'; expected 'btc'"),
        ({"data": [row(TODAY + DAY, CapMVRVCur="1")]}, "time of BTC was '2025-09-22T00:00:00Z'"),
        ({"data": [row(TODAY, CapMVRVCur="0")]}, "CapMVRVCur of BTC was '0'"),
        ({"data": [row(TODAY, NVTAdj="-3")]}, "NVTAdj of BTC was '-3'"),
        ({"data": [row(TODAY, FlowInExNtv="-1")]}, "FlowInExNtv of BTC was '-1'"),
        ({"data": [row(NOW, CapMVRVCur="1")]}, "time of BTC was '2025-09-21T12:00:00.000000000Z'"),
        ({"data": [row(TODAY, CapMVRVCur="NaN")]}, "CapMVRVCur of BTC was 'NaN'"),
        ({"data": [row(TODAY, CapMVRVCur="")]}, "CapMVRVCur of BTC was ''"),
        ({"data": [row(TODAY, AdrActCnt="1e30")]}, "AdrActCnt of BTC was '1e30'"),
        ({"data": [row(TODAY, FlowInExNtv=[])]}, "FlowInExNtv of BTC was []"),
    ],
)
def test_readings_refuse(served: Served, body: object, words: str) -> None:
    served.give(PATH, as_json(body))
    with pytest.raises(SourceUnavailable) as caught:
        readings(served)
    assert caught.value.source == "coinmetrics"
    assert words in caught.value.reason
