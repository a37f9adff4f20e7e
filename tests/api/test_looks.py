"""Run now: one look for whoever's turn it is, and never a trade."""

from datetime import timedelta
from decimal import Decimal

from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.api.looks import LOOKED
from automoney.ports import Purse
from tests.api.fakes_api import WALL, World

PATH = "/api/strategies/hodl-wave/run"


def test_a_look_is_asked_for_and_says_where_it_will_be(client: TestClient, world: World) -> None:
    answer = client.post(PATH)

    assert answer.status_code == 202
    look = "hodl-wave:2025-11-05T12:01:30Z:look"
    assert answer.json() == {
        "lookId": look,
        "strategyId": "hodl-wave",
        "status": "asked",
        "at": "2025-11-05T12:01:30Z",
        "nextAt": "2030-01-01T00:10:00Z",
    }
    assert answer.headers["location"] == f"/api/executions/{look}"
    assert world.looks.asked == [("hodl-wave", world.now, "ada")]
    assert answer.json().keys() == LOOKED.keys()


def test_who_has_had_his_look_is_told_when_the_next_is_his(
    client: TestClient, world: World
) -> None:
    client.post(PATH)
    world.wall += timedelta(minutes=4)

    refused = client.post(PATH)
    others = client.post(PATH, headers={"Authorization": "Bearer token-of-bob"})

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "360")
    assert refused.json()["nextAt"] == "2030-01-01T00:10:00Z"
    assert others.status_code == 202
    assert [user for _, _, user in world.looks.asked] == ["ada", "bob"]


def test_chat_and_run_take_of_the_same_turns(client: TestClient, world: World) -> None:
    assert client.post("/api/chat", json={"question": "look again", "fresh": True}).json()["look"]
    assert client.post(PATH).status_code == 429


def test_a_look_that_could_not_be_queued_uses_up_no_turn(client: TestClient, world: World) -> None:
    world.looks.broken = RuntimeError("the queue is away")
    assert client.post(PATH).status_code == 500
    world.looks.broken = None
    assert client.post(PATH).status_code == 202


def test_without_money_for_models_there_is_none_before_midnight(world: World) -> None:
    world.day_cap, world.wall = Decimal(3), WALL + timedelta(hours=22)
    world.usage.kept = [Purse("day 2030-01-01", Decimal(3), Decimal("2.9"), Decimal("0.1"))]
    client = TestClient(
        create_app(world.services()), headers={"Authorization": "Bearer token-of-ada"}
    )

    refused = client.post(PATH)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7200")
    assert (refused.json()["budget"], refused.json()["spent"]) == ("day 2030-01-01", "3")
    assert world.looks.asked == []
    world.wall += timedelta(hours=2)
    assert client.post(PATH).status_code == 202


def test_a_strategy_that_is_none_is_named(client: TestClient, world: World) -> None:
    answer = client.post("/api/strategies/moon/run")
    assert (answer.status_code, answer.json()["field"]) == (404, "strategy")
    assert world.turns.taken == {}
