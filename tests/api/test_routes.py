"""What each route answers when all is well."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.market.candles import Mark
from automoney.messages import Event, Message, scores_data
from automoney.trading.bookkeeping import deposit_entry, fill_entry
from automoney.trading.guards import Guards
from automoney.trading.orders import Costs
from tests.api.fakes_api import NOON, WALL, World
from tests.builders import buy, candle, follower

OWN = {
    "maxPosition": "0.5",
    "maxDailyLoss": None,
    "allowedAssets": None,
    "fee": None,
    "slippage": None,
}


def get(client: TestClient, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.text
    return response.json()


# ---------------------------------------------------------------- scores


def test_scores_are_those_of_the_newest_run(client: TestClient, world: World) -> None:
    world.judge(NOON - timedelta(hours=4))
    newest = world.judge(NOON)

    answer = client.get("/api/agents/scores?strategyId=hodl-wave")

    assert answer.json() == {**scores_data(newest), "stale": False}
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
    second = get(client, f"/api/{kind}?limit=2&cursor={first['nextCursor']}")
    third = get(client, f"/api/{kind}?limit=2&cursor={second['nextCursor']}")

    assert [row["n"] for page in (first, second, third) for row in page[kind]] == [0, 1, 2, 3, 4]
    assert third["nextCursor"] is None


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
    assert answer["holdings"][0]["priceAt"] == "2025-11-05T12:00:00Z"


def test_a_portfolio_is_shown_as_it_was(client: TestClient, world: World) -> None:
    """Bought two months ago: no mark is kept as long, but a day's close is."""
    then = NOON - timedelta(days=60)
    bought = replace(buy("0.5", "40000"), at=then)
    world.books.ledgers["ada"] = [
        deposit_entry(Decimal(100_000), then - timedelta(hours=1)),
        fill_entry(bought, "run"),
    ]
    world.candles.kept = [candle(then.replace(hour=0), "41000")]

    before = get(client, "/api/portfolio?at=2025-09-06T11:59:59Z")
    after = get(client, "/api/portfolio?at=2025-09-07T00:00:00Z")

    assert (before["totalValue"], before["holdings"]) == ("100000", [])
    assert after["at"] == "2025-09-07T00:00:00Z"
    [held] = after["holdings"]
    assert (held["price"], held["priceAt"]) == ("41000", "2025-09-07T00:00:00Z")
    assert Decimal(after["totalValue"]) == 100_000 - bought.notional - bought.fee + 20_500
    assert get(client, "/api/portfolio?at=2025-01-01T00:00:00Z")["totalValue"] == "0"


@pytest.mark.parametrize(
    ("at", "complaint"),
    [
        ("yesterday", "expected a time like 2025-11-05T12:00:00Z"),
        ("2025-11-05T12:01:31Z", "expected a time up to now, which is 2025-11-05T12:01:30Z"),
    ],
)
def test_a_moment_that_is_none_is_told(client: TestClient, at: str, complaint: str) -> None:
    assert complaint in get(client, f"/api/portfolio?at={at}", 422)["detail"]


def test_equity_comes_in_pages(client: TestClient, world: World) -> None:
    world.history.rows["days", "ada"] = [{"day": str(number)} for number in range(3)]

    first = get(client, "/api/portfolio/history?limit=2")
    rest = get(client, f"/api/portfolio/history?limit=2&cursor={first['nextCursor']}")

    assert first == {"days": [{"day": "0"}, {"day": "1"}], "nextCursor": "2"}
    assert rest == {"days": [{"day": "2"}], "nextCursor": None}


def test_strategies_say_whether_the_caller_follows_them(client: TestClient, world: World) -> None:
    world.books.followed["hodl-wave", "bob"] = follower("bob", max_position="0.9")
    assert get(client, "/api/strategies")["strategies"][0]["following"] is None

    world.books.followed["hodl-wave", "ada"] = follower(max_position="0.30")
    answer = get(client, "/api/strategies")
    strategy = next(one for one in answer["strategies"] if one["id"] == "hodl-wave")

    assert answer["paperMoney"] == "100000"
    assert answer["costs"] == {"fee": "0.001", "slippage": "0.0005"}
    assert strategy["following"] == {**OWN, "maxPosition": "0.3"}
    assert strategy["cron"] == "0 */4 * * *"
    assert (strategy["lastRun"], strategy["nextRun"]) == (None, "2025-11-05T16:00:00Z")
    world.judge(NOON)
    assert get(client, "/api/strategies")["strategies"][0]["lastRun"] == "2025-11-05T12:00:00Z"
    assert strategy["weights"] == {"macro": "0.4", "onchain": "0.4", "technical": "0.2"}
    assert (strategy["buyAbove"], strategy["sellBelow"]) == ("20", "-20")


def test_what_one_follows_comes_first_then_what_runs_by_itself(
    client: TestClient, world: World
) -> None:
    def shown() -> list[str]:
        return [one["id"] for one in get(client, "/api/strategies")["strategies"]]

    assert shown() == ["hodl-wave", "high-freq"]
    world.books.followed["high-freq", "ada"] = follower(strategy="high-freq")
    assert shown() == ["high-freq", "hodl-wave"]


def test_following_opens_the_account_once_and_at_the_markets_time(
    client: TestClient, world: World
) -> None:
    for share in ("0.5", "0.25"):
        answer = client.post("/api/strategies/hodl-wave/follow", json={"maxPosition": share})
        assert answer.status_code == 200
        assert answer.json()["following"] == {**OWN, "maxPosition": share}

    assert world.books.accounts == {"ada": Decimal(100_000)}
    assert world.books.opened == {"ada": world.now}
    assert world.books.followed == {("hodl-wave", "ada"): follower(max_position="0.25")}


def test_a_follower_sets_guards_of_his_own(client: TestClient, world: World) -> None:
    wish = {
        "maxPosition": "0.3",
        "maxDailyLoss": "0.05",
        "allowedAssets": ["ETH", "BTC"],
        "fee": "0.002",
    }
    answer = client.post("/api/strategies/hodl-wave/follow", json=wish)

    assert answer.json()["following"] == {
        **wish,
        "allowedAssets": ["BTC", "ETH"],
        "slippage": "0.0005",  # the installation's
    }
    assert world.books.followed["hodl-wave", "ada"].guards == Guards(
        Decimal("0.3"),
        Decimal("0.05"),
        frozenset({"BTC", "ETH"}),
        Costs(Decimal("0.002"), Decimal("0.0005")),
    )


def test_a_guard_that_is_left_out_stays_and_null_puts_it_back(client: TestClient) -> None:
    def follow(**wish: Any) -> dict[str, Any]:
        answer = client.post("/api/strategies/hodl-wave/follow", json=wish)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["following"]
        return found

    mine = follow(maxPosition="0.3", maxDailyLoss="0.05", allowedAssets=[], slippage="0")
    assert mine == {
        "maxPosition": "0.3",
        "maxDailyLoss": "0.05",
        "allowedAssets": [],
        "fee": "0.001",
        "slippage": "0",
    }
    assert follow(maxPosition="0.25") == {**mine, "maxPosition": "0.25"}
    assert follow(fee="0.003") == {**mine, "maxPosition": "0.25", "fee": "0.003"}
    assert follow(slippage=None)["slippage"] == "0.0005"
    assert follow(**dict.fromkeys(mine)) == OWN


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"maxDailyLoss": "0"}, "maxDailyLoss was '0'; expected a share above 0 and at most 1"),
        ({"maxDailyLoss": "1"}, "maxDailyLoss was '1'; expected a share below 1"),
        ({"allowedAssets": ["DOGE"]}, "allowedAssets was 'DOGE'; expected some of BTC, ETH"),
        ({"allowedAssets": "BTC"}, "allowedAssets was 'BTC'; expected a valid list"),
        ({"fee": "1"}, "fee was '1'; expected a share from 0 to below 1"),
        ({"slippage": "-0.1"}, "slippage was '-0.1'; expected a share from 0 to below 1"),
        ({"slippage": 0.1}, "slippage was '0.1'; expected a valid string"),
    ],
)
def test_guards_that_cannot_be_are_told_by_name(
    client: TestClient, world: World, wish: dict[str, Any], complaint: str
) -> None:
    answer = client.post("/api/strategies/hodl-wave/follow", json=wish)

    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
    assert world.books.followed == {}


def test_who_unfollows_keeps_his_account_and_may_do_so_twice(
    client: TestClient, world: World
) -> None:
    client.post("/api/strategies/hodl-wave/follow", json={})
    for _ in range(2):
        answer = client.post("/api/strategies/hodl-wave/unfollow")
        assert (answer.status_code, answer.json()["following"]) == (200, None)

    assert world.books.followed == {}
    assert world.books.accounts == {"ada": Decimal(100_000)}
    assert client.post("/api/strategies/never/unfollow").status_code == 404


def test_following_without_a_wish_takes_the_strategys_own_limit(
    client: TestClient, world: World
) -> None:
    answer = client.post("/api/strategies/hodl-wave/follow", json={})

    assert answer.json()["following"] == OWN


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
    for kind in ("decisions", "trades", "days"):
        world.history.rows[kind, "ada"] = [secret]
    world.outbox.add("ada", Message(Event.TRADE_EXECUTED, "hodl-wave", NOON, secret))
    world.books.accounts["ada"] = Decimal(31_337)
    paths = (
        *("/api/decisions", "/api/trades", "/api/events", "/api/portfolio"),
        "/api/portfolio/history",
    )

    def seen(token: str, extra: str) -> list[bool]:
        headers = {"Authorization": f"Bearer {token}"}
        texts = [client.get(path + extra, headers=headers).text for path in paths]
        return ["only for ada" in text or "31337" in text for text in texts]

    assert seen("token-of-ada", "") == [True] * 5
    assert seen("token-of-bob", "?userId=ada&user_id=ada&user=ada") == [False] * 5
