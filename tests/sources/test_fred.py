"""FRED's answers by key and as a download, and when a value could be known."""

import csv
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.market.series import series_of
from automoney.ports import SeriesSource
from automoney.sources.fred import Fred
from automoney.sources.fred_csv import FredCsv
from automoney.sources.fred_series import SERIES
from automoney.transport import Transport
from tests.sources.conftest import Recorded
from tests.sources.served import NOW, Answer, Asked, Served, as_json, run

KEY = "abcdef0123456789abcdef0123456789"
API, DOWNLOAD = "/fred/series/observations", "/graph/fredgraph.csv"
SINCE = datetime(2025, 9, 1, tzinfo=UTC)


def readings(
    served: Served, key: str = KEY, since: datetime = SINCE, now: datetime = NOW
) -> tuple[Reading, ...]:
    def source(transport: Transport) -> SeriesSource:
        return Fred(transport, served.url, key) if key else FredCsv(transport, served.url)

    return run(lambda t: source(t).readings(["BTC"], since=since, now=now), now=now)


def observations(*rows: tuple[object, object]) -> Answer:
    return as_json({"count": len(rows), "observations": [{"date": d, "value": v} for d, v in rows]})


def table(series_id: str, *rows: str, header: str = "observation_date") -> Answer:
    text = "\n".join([f"{header},{series_id}", *rows, ""])
    return Answer(text.encode(), content_type="application/csv")


def by_series(answers: Mapping[str, Answer], otherwise: Answer) -> Any:
    """A server that answers by the series asked for."""

    def answer(asked: Asked) -> Answer:
        series_id = asked.params.get("series_id") or asked.params["id"]
        return answers.get(series_id, otherwise)

    return answer


def empty(asked: Asked) -> Answer:
    return table(asked.params["id"])


def at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def test_the_table_holds_our_macro_series() -> None:
    assert set(SERIES) == {series.name for series in series_of("macro")}
    assert {name: published.series_id for name, published in SERIES.items()} == {
        "fed_funds": "DFF",
        "m2": "M2SL",
        "us10y": "DGS10",
        "us2y": "DGS2",
        "cpi": "CPIAUCSL",
        "dollar_index": "DTWEXBGS",
    }


@pytest.mark.parametrize(
    ("series", "period", "available_at"),
    [
        ("fed_funds", at(2025, 9, 1), at(2025, 9, 3)),
        ("us10y", at(2025, 2, 28), at(2025, 3, 4)),  # a Friday's on Monday afternoon
        ("us2y", at(2024, 12, 31), at(2025, 1, 3)),
        ("fed_funds", at(2025, 3, 1), at(2025, 3, 4)),  # and so a Saturday's
        ("dollar_index", at(2025, 9, 1), at(2025, 9, 9)),
        ("dollar_index", at(2025, 9, 5), at(2025, 9, 9)),
        ("cpi", at(2025, 1, 1), at(2025, 2, 16)),
        ("cpi", at(2025, 12, 1), at(2026, 1, 16)),
        ("m2", at(2024, 2, 1), at(2024, 3, 29)),
    ],
)
def test_when_a_value_could_be_known(series: str, period: datetime, available_at: datetime) -> None:
    published = SERIES[series]
    long_after = at(2030, 1, 1)
    assert published.available_at(period, now=long_after, clock=long_after) == available_at
    early = available_at - timedelta(hours=1)
    found = published.available_at(period, now=early, clock=early)
    assert found == early, "we see it, so it is out"


def test_what_came_out_after_the_slot_is_not_early_for_who_asks_late() -> None:
    slot, clock = at(2022, 1, 20, 3), at(2022, 1, 21)

    found = SERIES["us10y"].available_at(at(2022, 1, 19), now=slot, clock=clock)

    assert found == at(2022, 1, 21)


def test_what_is_asked_with_a_key(served: Served) -> None:
    served.give(API, observations(("2025-09-01", "4.33")))
    got = readings(served)
    assert {asked["series_id"] for asked in served.asked(API)} == {
        published.series_id for published in SERIES.values()
    }
    for asked in served.asked(API):
        assert {name: asked[name] for name in asked if name != "series_id"} == {
            "api_key": KEY,
            "file_type": "json",
            "observation_start": "2025-09-01",
        }
    assert {one.series for one in got} == set(SERIES)


def test_what_is_asked_without_a_key(served: Served) -> None:
    served.give(DOWNLOAD, empty)
    assert readings(served, key="") == ()
    assert {(asked["id"], asked["cosd"]) for asked in served.asked(DOWNLOAD)} == {
        (published.series_id, "2025-09-01") for published in SERIES.values()
    }
    assert all(set(asked) == {"id", "cosd"} for asked in served.asked(DOWNLOAD))


@pytest.mark.parametrize("key", [KEY, ""])
def test_holidays_are_left_out_and_of_two_rows_the_last_wins(served: Served, key: str) -> None:
    rows = [("2025-09-03", "4.22"), ("2025-09-01", "."), ("2025-09-02", "1"), ("2025-09-02", "2")]
    served.give(API, by_series({"DGS10": observations(*rows)}, observations()))
    csv_rows = ["2025-09-03,4.22", "2025-09-01,", "2025-09-02,1", "2025-09-02, 2 "]
    served.give(
        DOWNLOAD,
        lambda asked: table("DGS10", *csv_rows) if asked.params["id"] == "DGS10" else empty(asked),
    )
    source = "fred" if key else "fred_csv"
    assert readings(served, key) == (
        Reading("us10y", None, at(2025, 9, 2), 2.0, at(2025, 9, 4), NOW, source),
        Reading("us10y", None, at(2025, 9, 3), 4.22, at(2025, 9, 5), NOW, source),
    )


def test_nothing_is_available_later_than_now_or_before_since(served: Served) -> None:
    served.give(API, observations(("2025-08-31", "1"), ("2025-09-20", "2")))
    got = readings(served)
    assert {one.period for one in got} == {at(2025, 9, 20)}
    assert {(one.available_at, one.vintage) for one in got} == {(NOW, NOW)}


def test_what_is_younger_than_the_slot_is_left_out_and_no_error(served: Served) -> None:
    """A slot that is run late asks a source that knows more by then."""
    served.give(API, observations(("2025-09-01", "1"), ("2025-09-20", "2")))
    slot = at(2025, 9, 10)
    got = run(
        lambda t: Fred(t, served.url, KEY).readings([], since=SINCE, now=slot),
        now=NOW,
    )
    assert {one.period for one in got} == {at(2025, 9, 1)}


@pytest.mark.parametrize("key", [KEY, ""])
def test_a_date_to_come_is_refused_by_name(served: Served, key: str) -> None:
    served.give(API, observations(("2025-09-20", "1"), ("2025-09-22", "3")))
    served.give(DOWNLOAD, lambda asked: table(asked.params["id"], "2025-09-20,1", "2025-09-22,3"))
    with pytest.raises(SourceUnavailable, match=r"date of DFF was '2025-09-22T00:00:00Z'"):
        readings(served, key)


def test_recorded_observations(served: Served, recorded: Recorded) -> None:
    served.give(
        API,
        by_series(
            {
                "DFF": recorded("fred/observations-FEDFUNDS.200.json"),
                "M2SL": recorded("fred/observations-GDP-with-missing.200.json"),
            },
            observations(),
        ),
    )
    got = readings(served, since=at(1900, 1, 1))
    rates = json.loads(recorded("fred/observations-FEDFUNDS.200.json").body)["observations"]
    assert [one.value for one in got if one.series == "fed_funds"] == [
        float(row["value"]) for row in rates if row["value"] != "."
    ]
    money = [one for one in got if one.series == "m2"]
    assert money[0].period == at(1947, 1, 1), "the four before it are ."
    assert len(money) == 315 - 4


def test_the_files_of_the_download(served: Served, market_data: Path) -> None:
    """The recorded series, put under the header that the download gives."""

    def answer(asked: Asked) -> Answer:
        text = (market_data / "macro" / f"{asked.params['id']}.csv").read_text()
        header, _, rows = text.partition("\n")
        assert header == "observation_date,value"
        body = f"observation_date,{asked.params['id']}\n{rows}"
        return Answer(body.encode(), content_type="application/csv")

    served.give(DOWNLOAD, answer)
    got = readings(served, key="", since=at(2020, 1, 1))
    for name, published in SERIES.items():
        with (market_data / "macro" / f"{published.series_id}.csv").open() as lines:
            wanted = {
                line["observation_date"]: float(line["value"])
                for line in csv.DictReader(lines)
                if line["value"] and "2020-01-01" <= line["observation_date"] <= "2025-09-21"
            }
        found = {f"{one.period:%Y-%m-%d}": one.value for one in got if one.series == name}
        assert found == wanted
        assert len(found) >= 60


@pytest.mark.parametrize("key", [KEY, ""])
def test_one_series_that_fails_is_lost_alone(
    served: Served, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    good = observations(("2025-09-02", "1"))
    broken = as_json({"error_code": 400, "error_message": "Bad Request.  No."}, status=400)
    served.give(API, by_series({"CPIAUCSL": broken}, good))
    served.give(
        DOWNLOAD,
        lambda asked: (
            Answer(b"<html>", 404, "text/html")
            if asked.params["id"] == "CPIAUCSL"
            else table(asked.params["id"], "2025-09-02,1")
        ),
    )
    with caplog.at_level(logging.WARNING, logger="automoney.sources"):
        got = readings(served, key)
    assert {one.series for one in got} == set(SERIES) - {"cpi"}
    (message,) = caplog.messages
    assert (
        message.removeprefix("fred")
        .removeprefix("_csv")
        .startswith(": going on without CPIAUCSL: answered 4")
    )


@pytest.mark.parametrize("name", ["error-no-key", "error-malformed-key"])
def test_recorded_refusals(served: Served, recorded: Recorded, name: str) -> None:
    served.give(API, recorded(f"fred/{name}.400.json"))
    with pytest.raises(SourceUnavailable, match=r"answered 400: Bad Request\..*api_key") as caught:
        readings(served)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "was []"),
        ({}, "was None"),
        ({"observations": ["x"]}, "was 'x'"),
        ({"observations": [{"date": "2025-09-31", "value": "1"}]}, "was '2025-09-31'"),
        ({"observations": [{"date": "2025-09-01"}]}, "was None"),
        ({"observations": [{"date": "2025-09-01", "value": "NaN"}]}, "was 'NaN'"),
        ({"observations": [{"date": "2025-09-01", "value": "1e30"}]}, "was '1e30'"),
        ({"observations": [{"date": "2025-09-01", "value": "n/a"}]}, "was 'n/a'"),
    ],
)
def test_observations_refuse(served: Served, body: object, words: str) -> None:
    served.give(API, as_json(body))
    with pytest.raises(SourceUnavailable, match="none of 6 requests gave anything") as caught:
        readings(served)
    assert words in caught.value.reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "header of"),
        ("observation_date,OTHER\n", "header of"),
        ("<html></html>", "header of"),
        ("observation_date,{id}\n2025-09-01\n", "a row of 2 values"),
        ("observation_date,{id}\n2025-09-01,1,2\n", "a row of 2 values"),
        ("observation_date,{id}\n2025-09-01,x\n", "was 'x'"),
        ("observation_date,{id}\nyesterday,1\n", "was 'yesterday'"),
    ],
)
def test_the_download_refuses(served: Served, text: str, words: str) -> None:
    served.give(
        DOWNLOAD,
        lambda asked: Answer(
            text.replace("{id}", asked.params["id"]).encode(), content_type="text/csv"
        ),
    )
    with pytest.raises(SourceUnavailable) as caught:
        readings(served, key="")
    assert words in caught.value.reason


def test_the_older_header_of_the_download(served: Served) -> None:
    served.give(DOWNLOAD, lambda asked: table(asked.params["id"], "2025-09-02,1", header="DATE"))
    assert len(readings(served, key="")) == len(SERIES)
