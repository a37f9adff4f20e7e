"""What each route answers when all is well."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.encoding import plain, utc_text
from automoney.market.candles import Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.snapshot import Indicators
from automoney.messages import Event, Message, scores_data
from automoney.ports import Follower
from tests.api.fakes_api import NOON, WALL, World, bars


def get(client: TestClient, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.text
    return response.json()


# ---------------------------------------------------------------- health


def test_health_needs_no_token_and_tells_the_age_of_each_source(
    client: TestClient, world: World
) -> None:
    world.collections.newest = {
        "collect_prices": {
            "source": "binance",
            "slot_at": NOON,
            "outcome": "ok",
            "error": None,
        }
    }
    del client.headers["Authorization"]

    assert get(client, "/api/health") == {
        "status": "ok",
        "world": "recorded",
        "marketTime": "2025-11-05T12:01:30Z",
        "database": "ok",
        "cache": "ok",
        "sources": {
            "collect_prices": {
                "source": "binance",
                "outcome": "ok",
                "at": "2025-11-05T12:00:00Z",
                "ageSeconds": 90,
            }
        },
    }


def test_health_is_degraded_by_each_store_and_each_failed_source(
    client: TestClient, world: World
) -> None:
    world.cache_answers = False
    assert get(client, "/api/health")["status"] == "degraded"

    world.cache_answers = True
    world.collections.newest = {
        "collect_macro": {"source": "fred", "slot_at": NOON, "outcome": "failed", "error": "key=s"}
    }
    failed = get(client, "/api/health")
    assert failed["status"] == "degraded"
    assert "key=s" not in str(failed)

    world.database_answers, world.collections.broken = False, True
    down = get(client, "/api/health")
    assert (down["status"], down["database"], down["sources"]) == ("degraded", "unreachable", {})


# ---------------------------------------------------------------- scores


def test_scores_are_those_of_the_newest_run(client: TestClient, world: World) -> None:
    world.judge(NOON - timedelta(hours=4))
    newest = world.judge(NOON)

    answer = client.get("/api/agents/scores?strategyId=hodl-wave")

    assert answer.json() == scores_data(newest)
    btc = answer.json()["assets"]["BTC"]
    assert btc["price"] == "45000.1"
    assert btc["weights"] == {"macro": "0.5", "onchain": "0.2", "technical": "0.3"}
    assert btc["scores"]["onchain"]["degraded"] is True


def test_scores_are_sent_again_only_when_they_have_changed(
    client: TestClient, world: World
) -> None:
    world.judge(NOON - timedelta(hours=4))
    etag = client.get("/api/agents/scores").headers["etag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get("/api/agents/scores", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "content-type" not in again.headers

    world.judge(NOON)
    changed = client.get("/api/agents/scores", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_before_the_first_run_it_says_when_that_will_be(client: TestClient) -> None:
    problem = get(client, "/api/agents/scores", 404)

    assert problem["detail"] == (
        "HODL-Wave has not run yet; its first run is due at 2025-11-05T16:00:00Z"
    )
    assert problem["due"] == "2025-11-05T16:00:00Z"


# ---------------------------------------------------------------- market


def cached_price(world: World) -> None:
    week = bars("BTC", 1, until=NOON, timeframe=Timeframe.W1)[0]
    world.cache.prices["BTC"] = {
        "asset": "BTC",
        "price": "45000",
        "at": "2025-11-05T12:00:00Z",
        "timestamp": "2025-11-05T12:00:00Z",
        "source": "binance",
        "isAnomaly": True,
        "indicators": plain(Indicators(ema21=43210.5, macd_signal=3.5, bb_upper=47000.0)),
        "week": plain(week),
    }


def test_market_comes_from_the_cache_with_names_as_on_the_wire(
    client: TestClient, world: World
) -> None:
    cached_price(world)
    world.cache.groups["macro"] = {
        "asOf": "2025-11-05T11:00:00Z",
        "values": [
            {
                "series": "us10y",
                "asset": None,
                "period": "2025-11-04T00:00:00Z",
                "value": 4.1,
                "ageHours": 11.0,
                "source": "fred",
                "filled": None,
                "isAnomaly": False,
                "proxy": False,
            }
        ],
    }

    market = get(client, "/api/market/BTC")

    assert (market["origin"], market["price"], market["isAnomaly"]) == ("cache", "45000", True)
    assert market["ageSeconds"] == 90
    assert market["indicators"]["macdSignal"] == 3.5
    assert market["indicators"]["bbUpper"] == 47000.0
    assert market["indicators"]["rsi14"] is None
    assert market["week"]["openTime"] == "2025-10-27T00:00:00Z"
    assert market["week"]["volume"] == "12.5"
    # eleven hours old at 11:00, and it is a minute and a half past noon now
    assert market["macro"]["us10y"]["ageHours"] == 12.0


def test_market_comes_from_the_database_when_the_cache_has_nothing(
    client: TestClient, world: World
) -> None:
    world.marks.kept = [
        Mark("BTC", Decimal("45000.50"), NOON, "coingecko", anomalous=False),
        Mark("BTC", Decimal(1), NOON + timedelta(hours=1), "binance"),  # not yet, by this clock
    ]
    world.candles.kept = [
        *bars("BTC", 60 * 7, until=NOON, timeframe=Timeframe.D1),
        *bars("BTC", 24, until=NOON, timeframe=Timeframe.H1),
    ]
    day = timedelta(days=1)
    world.readings.kept = [
        Reading("mvrv", "BTC", NOON - 3 * day, 1.7, NOON - 2 * day, NOON - 2 * day, "coinmetrics"),
        Reading("mvrv", "BTC", NOON - 2 * day, 1.8, NOON - day, NOON - day, "coinmetrics"),
        Reading("mvrv", "BTC", NOON - day, 9.9, NOON + day, NOON, "coinmetrics"),
        Reading("mvrv", "ETH", NOON - 2 * day, 0.5, NOON - day, NOON - day, "coinmetrics"),
        Reading("cpi", None, NOON - 40 * day, 324.1, NOON - 9 * day, NOON - 9 * day, "fred"),
    ]

    market = get(client, "/api/market/BTC")

    assert (market["origin"], market["price"], market["source"]) == (
        "database",
        "45000.5",
        "coingecko",
    )
    assert market["week"]["close"] == "45000.5"
    assert market["week"]["openTime"] == "2025-11-03T00:00:00Z"
    assert all(market["indicators"][name] is not None for name in ("ema21", "ema55", "rsi14"))
    assert market["onchain"]["mvrv"]["value"] == 1.8
    assert market["onchain"]["mvrv"]["ageHours"] == 24.0
    assert market["macro"]["cpi"]["value"] == 324.1
    assert market["sentiment"] == {}


def test_a_known_asset_without_any_price_is_absent(client: TestClient) -> None:
    assert get(client, "/api/market/ETH", 404)["detail"] == "no price of ETH has been collected yet"


def test_the_cache_and_the_database_answer_in_the_same_shape(
    client: TestClient, world: World
) -> None:
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    stored = get(client, "/api/market/BTC")
    cached_price(world)
    cached = get(client, "/api/market/BTC")

    assert list(stored) == list(cached)
    assert list(stored["indicators"]) == list(cached["indicators"])
    assert list(stored["week"]) == list(cached["week"])


def test_candles_come_from_the_cache_while_it_has_enough_of_them(
    client: TestClient, world: World
) -> None:
    world.cache.bars["BTC", Timeframe.H4] = bars("BTC", 100, until=NOON, timeframe=Timeframe.H4)

    answer = get(client, "/api/market/BTC/candles?timeframe=4h&limit=2")

    assert answer["timeframe"] == "4h"
    assert [bar["openTime"] for bar in answer["candles"]] == [
        "2025-11-05T04:00:00Z",
        "2025-11-05T08:00:00Z",
    ]
    assert answer["candles"][-1]["close"] == "30995"


def test_more_days_than_the_cache_holds_come_from_the_database(
    client: TestClient, world: World
) -> None:
    stored = bars("BTC", 150, until=NOON, timeframe=Timeframe.D1)
    world.candles.kept = stored
    world.cache.bars["BTC", Timeframe.D1] = stored[-100:]

    days = get(client, "/api/market/BTC/candles?limit=200")["candles"]

    assert len(days) == 150
    assert days[0]["openTime"] == utc_text(stored[0].open_time)


def test_weeks_are_built_from_days_and_only_whole_ones(client: TestClient, world: World) -> None:
    # 5 November 2025 is a Wednesday: the week that began on the 3rd is open
    world.candles.kept = bars("BTC", 30, until=NOON, timeframe=Timeframe.D1)

    weeks = get(client, "/api/market/BTC/candles?timeframe=1w&limit=3")["candles"]

    assert [week["openTime"] for week in weeks] == [
        "2025-10-13T00:00:00Z",
        "2025-10-20T00:00:00Z",
        "2025-10-27T00:00:00Z",
    ]
    assert weeks[-1]["volume"] == "87.5"


def test_a_bar_that_is_still_open_by_the_markets_clock_is_left_out(
    client: TestClient, world: World
) -> None:
    world.cache.bars["BTC", Timeframe.H1] = bars(
        "BTC", 5, until=NOON + timedelta(hours=3), timeframe=Timeframe.H1
    )

    hours = get(client, "/api/market/BTC/candles?timeframe=1h")["candles"]

    assert [bar["openTime"] for bar in hours] == ["2025-11-05T10:00:00Z", "2025-11-05T11:00:00Z"]


# ---------------------------------------------------------------- history


@pytest.mark.parametrize("kind", ["decisions", "trades"])
def test_pages_follow_each_other_without_gap_or_overlap(
    client: TestClient, world: World, kind: str
) -> None:
    world.history.rows[kind, "ada"] = [{"asset": "BTC", "n": n} for n in range(5)]

    first = get(client, f"/api/{kind}?limit=2")
    second = get(client, f"/api/{kind}?limit=2&before={first['next']}")
    third = get(client, f"/api/{kind}?limit=2&before={second['next']}")

    assert [row["n"] for page in (first, second, third) for row in page[kind]] == [0, 1, 2, 3, 4]
    assert third["next"] is None


def test_an_execution_shows_its_inputs_and_its_scores(client: TestClient, world: World) -> None:
    judgement = world.judge(NOON)
    run = {"executionId": judgement.execution_id, "status": "judged", "inputs": {"BTC": {}}}
    world.history.runs[judgement.execution_id] = run

    answer = get(client, f"/api/executions/{judgement.execution_id}")

    assert answer == {**run, "assets": scores_data(judgement)["assets"]}


def test_an_aborted_execution_has_a_reason_and_no_scores(client: TestClient, world: World) -> None:
    name = "hodl-wave:2025-11-05T08:00Z"
    world.history.runs[name] = {"status": "aborted", "reason": "no price"}

    answer = get(client, f"/api/executions/{name}")

    assert answer == {"status": "aborted", "reason": "no price", "assets": None}


@pytest.mark.parametrize("name", ["hodl-wave:2025-11-05T16:00Z", "a%00b", "x'--", "é"])
def test_an_execution_that_was_not_is_absent(client: TestClient, name: str) -> None:
    assert "there was no run" in get(client, f"/api/executions/{name}", 404)["detail"]


# ---------------------------------------------------------------- portfolio and strategies


def test_a_portfolio_is_valued_at_the_newest_marks_before_now(
    client: TestClient, world: World
) -> None:
    world.books.accounts["ada"] = Decimal(100_000)
    world.books.held["ada"] = {"BTC": Decimal("0.5")}
    world.marks.kept = [
        Mark("BTC", Decimal(44_000), NOON, "binance"),
        Mark("BTC", Decimal(99_000), world.now, "binance"),
    ]

    answer = get(client, "/api/portfolio")

    assert answer["at"] == "2025-11-05T12:01:30Z"
    assert (answer["totalValue"], answer["cash"], answer["pnl"]) == ("102000", "80000", "2000")
    assert answer["holdings"][0]["value"] == "22000"


def test_strategies_say_whether_the_caller_follows_them(client: TestClient, world: World) -> None:
    world.books.followed["hodl-wave", "bob"] = Follower("bob", "hodl-wave", Decimal("0.9"))
    assert get(client, "/api/strategies")["strategies"][0]["following"] is None

    world.books.followed["hodl-wave", "ada"] = Follower("ada", "hodl-wave", Decimal("0.30"))
    answer = get(client, "/api/strategies")
    strategy = answer["strategies"][0]

    assert answer["paperMoney"] == "100000"
    assert strategy["following"] == {"maxPosition": "0.3"}
    assert strategy["cron"] == "0 */4 * * *"
    assert (strategy["lastRun"], strategy["nextRun"]) == (None, "2025-11-05T16:00:00Z")
    world.judge(NOON)
    assert get(client, "/api/strategies")["strategies"][0]["lastRun"] == "2025-11-05T12:00:00Z"
    assert strategy["weights"] == {"macro": "0.4", "onchain": "0.4", "technical": "0.2"}
    assert (strategy["buyAbove"], strategy["sellBelow"]) == ("20", "-20")


def test_following_opens_the_account_once_and_at_the_markets_time(
    client: TestClient, world: World
) -> None:
    for share in ("0.5", "0.25"):
        answer = client.post("/api/strategies/hodl-wave/follow", json={"maxPosition": share})
        assert answer.status_code == 200
        assert answer.json()["following"] == {"maxPosition": share}

    assert world.books.accounts == {"ada": Decimal(100_000)}
    assert world.books.opened == {"ada": world.now}
    followed = Follower("ada", "hodl-wave", Decimal("0.25"))
    assert world.books.followed == {("hodl-wave", "ada"): followed}


def test_following_without_a_wish_takes_the_strategys_own_limit(
    client: TestClient, world: World
) -> None:
    answer = client.post("/api/strategies/hodl-wave/follow", json={})

    assert answer.json()["following"] == {"maxPosition": "0.5"}


# ---------------------------------------------------------------- events and tickets


def event(number: int) -> Message:
    return Message(Event.TRADE_EXECUTED, "hodl-wave", NOON, {"n": number})


def test_events_since_a_number_come_in_order_as_the_socket_sends_them(
    client: TestClient, world: World
) -> None:
    for number in range(1, 6):
        world.outbox.add("ada", event(number))

    answer = get(client, "/api/events?since=2&limit=2")

    assert answer == {
        "events": [
            {
                "event": "trade:executed",
                "seq": seq,
                "at": "2025-11-05T12:00:00Z",
                "data": {"n": seq},
            }
            for seq in (3, 4)
        ],
        "lastSeq": 5,
    }
    assert get(client, "/api/events?since=5") == {"events": [], "lastSeq": 5}
    assert get(client, "/api/events?limit=0") == {"events": [], "lastSeq": 5}


def test_a_ticket_is_the_callers_and_expires_by_the_wall(client: TestClient, world: World) -> None:
    answer = client.post("/api/ws-tickets")

    assert answer.json() == {
        "ticket": "ticket-1-for-ada",
        "expiresIn": 30,
        "url": "wss://ws.example.com",
    }
    assert world.tickets.issued == [("ada", WALL)]


# ---------------------------------------------------------------- whose data


def test_nobody_sees_what_belongs_to_another(client: TestClient, world: World) -> None:
    secret = {"note": "only for ada"}
    for kind in ("decisions", "trades"):
        world.history.rows[kind, "ada"] = [secret]
    world.outbox.add("ada", Message(Event.TRADE_EXECUTED, "hodl-wave", NOON, secret))
    world.books.accounts["ada"] = Decimal(31_337)
    paths = ("/api/decisions", "/api/trades", "/api/events", "/api/portfolio")

    def seen(token: str, extra: str) -> list[bool]:
        headers = {"Authorization": f"Bearer {token}"}
        texts = [client.get(path + extra, headers=headers).text for path in paths]
        return ["only for ada" in text or "31337" in text for text in texts]

    assert seen("token-of-ada", "") == [True] * 4
    assert seen("token-of-bob", "?userId=ada&user_id=ada&user=ada") == [False] * 4
