"""What each route answers when all is well."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.market.candles import Mark
from automoney.messages import Event, Message, scores_data
from automoney.ports import Follower
from tests.api.fakes_api import NOON, WALL, World


def get(client: TestClient, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.text
    return response.json()


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
