"""Glassnode's answers: days with a value, days without, and metrics that a plan lacks."""

import json
import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.assets import ASSETS
from automoney.market.readings import Reading
from automoney.market.series import series_of
from automoney.sources import fields
from automoney.sources.glassnode import SERIES, Glassnode
from tests.sources.conftest import Recorded
from tests.sources.served import NOW, Answer, Asked, Served, StoredBreaker, as_json, run

KEY = "glass-0123456789abcdef"
DAY = timedelta(days=1)
TODAY = NOW.replace(hour=0)
SINCE = TODAY - 5 * DAY
PATHS = {SERIES[metric]: f"/v1/metrics/{metric}" for metric in ASSETS["BTC"].glassnode}


def points(*values: object, last: datetime = TODAY) -> Any:
    """One value a day, the last of them on `last`."""
    first = last - (len(values) - 1) * DAY
    return [{"t": fields.to_seconds(first + n * DAY), "v": v} for n, v in enumerate(values)]


def readings(
    served: Served,
    assets: Sequence[str] = ("BTC",),
    *,
    since: datetime = SINCE,
    now: datetime = NOW,
    **options: Any,
) -> tuple[Reading, ...]:
    return run(
        lambda t: Glassnode(t, served.url, KEY).readings(assets, since=since, now=now), **options
    )


def give_all(served: Served, answer: Answer) -> None:
    for path in PATHS.values():
        served.give(path, answer)


def test_every_metric_of_every_asset_is_a_series_of_ours() -> None:
    assert {metric for asset in ASSETS.values() for metric in asset.glassnode} == set(SERIES)
    assert set(SERIES.values()) <= {series.name for series in series_of("onchain")}


def test_what_is_asked(served: Served) -> None:
    give_all(served, as_json(points(1, 2, 3)))
    readings(served, since=SINCE + timedelta(microseconds=1))
    start = str(fields.to_seconds(SINCE) + 1)
    for series, path in PATHS.items():
        (asked,) = [one for one in served.requests if one.path == path]
        back = 30 * 86_400 if series == "lth_supply_change" else 0
        assert asked.params == {"a": "BTC", "i": "24h", "s": str(int(start) - back)}
        assert asked.headers["x-api-key"] == KEY


def test_a_day_is_known_when_it_is_over_and_null_is_left_out(served: Served) -> None:
    give_all(served, as_json([]))
    served.give(PATHS["mvrv_z"], as_json(points(0.5, 1.5, None, -2.25, 99.0)))
    assert readings(served) == tuple(
        Reading("mvrv_z", "BTC", TODAY - n * DAY, value, TODAY - (n - 1) * DAY, NOW, "glassnode")
        for n, value in ((4, 0.5), (3, 1.5), (1, -2.25))
    )


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (TODAY - timedelta(microseconds=1), TODAY - 2 * DAY),
        (TODAY, TODAY - DAY),
        (TODAY + DAY, TODAY),
    ],
)
def test_nothing_is_known_before_its_day_is_over(
    served: Served, now: datetime, newest: datetime
) -> None:
    give_all(served, as_json(points(1, 2, 3, 4)))
    got = [one for one in readings(served, now=now) if one.series == "nvt"]
    assert got[-1].period == newest
    assert all(one.available_at <= now and one.vintage == now for one in got)


def test_days_before_since_are_left_out_whatever_the_source_sends(served: Served) -> None:
    give_all(served, as_json(points(*range(1, 41))))
    periods = {one.period for one in readings(served)}
    assert periods == {SINCE + n * DAY for n in range(5)}


def test_rows_out_of_order_are_sorted_and_of_two_the_last_wins(served: Served) -> None:
    give_all(served, as_json([]))
    rows = points(1, 2, 3)
    served.give(PATHS["nvt"], as_json([*reversed(rows), {**rows[0], "v": 7}]))
    assert [one.value for one in readings(served)] == [7, 2]


def test_the_change_of_long_term_holders_is_over_thirty_days(served: Served) -> None:
    give_all(served, as_json([]))
    supply = points(*(14_000_000 + 10 * n * n for n in range(40)))
    del supply[7]  # without it, the day 30 days later has no change
    served.give(PATHS["lth_supply_change"], as_json(supply))
    got = readings(served)
    days = {39 - (TODAY - one.period).days: one.value for one in got}
    assert days == {n: 10 * n * n - 10 * (n - 30) ** 2 for n in (34, 35, 36, 38)}


def test_recorded_answers(served: Served, recorded: Recorded) -> None:
    files = {
        "mvrv_z": "market-mvrv-z-score-BTC-24h",
        "nvt": "indicators-nvt-BTC-24h",
        "exchange_netflow": "transactions-transfers-volume-exchanges-net-BTC-24h",
        "active_addresses": "addresses-active-count-BTC-24h",
    }
    give_all(served, as_json([]))
    for series, name in files.items():
        served.give(PATHS[series], recorded(f"glassnode/{name}.200.json"))
    got = readings(served, since=datetime(2020, 2, 8, tzinfo=UTC))
    for series, name in files.items():
        rows = json.loads(recorded(f"glassnode/{name}.200.json").body)
        assert [one.value for one in got if one.series == series] == [row["v"] for row in rows]
    assert len(got) == sum(len(served.asked(PATHS[series])) for series in files) * 100


def test_a_metric_that_the_plan_lacks_is_lost_alone(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    give_all(served, as_json(points(1, 2)))
    served.give(PATHS["lth_supply_change"], as_json({"error": "upgrade"}, status=403))
    served.give(PATHS["nvt"], as_json({"error": "who?"}, status=401))
    with caplog.at_level(logging.WARNING, logger="automoney.sources"):
        got = readings(served)
    assert {one.series for one in got} == {"mvrv_z", "exchange_netflow", "active_addresses"}
    assert sorted(caplog.messages) == [
        "glassnode: going on without lth_supply_change of BTC: answered 403: upgrade",
        "glassnode: going on without nvt of BTC: answered 401: who?",
    ]


def test_a_wrong_key_loses_everything(served: Served, recorded: Recorded) -> None:
    give_all(served, recorded("glassnode/error-invalid-key.401.json"))
    with pytest.raises(SourceUnavailable, match="none of 5 requests gave anything") as caught:
        readings(served)
    assert "answered 401: Invalid API key" in caught.value.reason
    assert caught.value.status == 401


def test_the_documented_rate_limit(served: Served, recorded: Recorded) -> None:
    give_all(served, recorded("glassnode/error-rate-limit.429.json"))
    breaker = StoredBreaker()
    with pytest.raises(SourceUnavailable) as caught:
        readings(served, breaker=breaker)
    assert (caught.value.status, caught.value.retry_after) == (429, 60)
    assert breaker.until == {"glassnode": NOW + timedelta(seconds=60)}
    assert len(served.requests) <= 4, "those that had not been sent yet were not sent any more"


def test_four_at_once_and_no_more(served: Served) -> None:
    lock = threading.Lock()
    state = {"open": 0, "most": 0}

    def answer(_: Asked) -> Answer:
        with lock:
            state["open"] += 1
            state["most"] = max(state["most"], state["open"])
        served.pause(0.05)
        with lock:
            state["open"] -= 1
        return as_json(points(1, 2))

    for path in PATHS.values():
        served.give(path, answer)
    readings(served, ["BTC", "ETH"])
    assert len(served.requests) == 9
    assert state["most"] == 4


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"t": "x", "v": 1}, "t of indicators/nvt of BTC was 'x'"),
        ({"t": 1758412801, "v": 1}, "expected the start of a day"),
        ({"t": 1758499200, "v": 1}, "t of indicators/nvt of BTC was '2025-09-22T00:00:00Z'"),
        ({"t": 1758412800, "v": 0}, "v of indicators/nvt of BTC was 0"),
        ({"t": 1758412800, "v": -1.5}, "v of indicators/nvt of BTC was Decimal('-1.5')"),
        ({"v": 1}, "t of indicators/nvt of BTC was None"),
        ({"t": 1758412800}, "a value called v"),
        ({"t": 1758412800, "o": {"1d": 1}}, "a value called v"),
        ({"t": 1758412800, "v": "many"}, "v of indicators/nvt of BTC was 'many'"),
        ({"t": 1758412800, "v": 1e30}, "v of indicators/nvt of BTC was"),
        ({"t": 1758412800, "v": True}, "v of indicators/nvt of BTC was True"),
        ([1758412800, 1], "point of indicators/nvt of BTC was [1758412800, 1]"),
    ],
)
def test_a_metric_refuses(
    served: Served, caplog: pytest.LogCaptureFixture, row: object, words: str
) -> None:
    give_all(served, as_json([]))
    served.give(PATHS["nvt"], as_json([row]))
    assert readings(served) == ()
    (message,) = caplog.messages
    assert words in message


def test_assets_that_it_does_not_know_ask_nothing(served: Served) -> None:
    assert readings(served, ["DOGE"]) == ()
    assert served.requests == []
