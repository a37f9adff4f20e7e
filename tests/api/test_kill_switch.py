"""The kill switch: who may throw it, what it stops, and that it starts nothing of its own."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.kill_switch import STATE
from automoney.ports import ENGINE, Pause
from automoney.trading.strategies import HODL_WAVE, STRATEGIES
from automoney.workflows.pausing import pause_in_force
from tests.api.fakes_api import NOON, World
from tests.api.test_edge import shape
from tests.builders import follower

OLGA = {"Authorization": "Bearer ops-token-of-olga"}
OFF: dict[str, Any] = {"on": False, "since": None, "reason": None, "author": None, "strategies": []}


@pytest.fixture
def world() -> World:
    world = World()
    world.books.followed["hodl-wave", "ada"] = follower("ada")
    return world


def throw(client: TestClient, on: bool, status: int = 200, **more: Any) -> Any:
    headers = more.pop("headers", None)
    wish = {"on": on, "reason": "on a journey", **more}
    answer = client.post("/api/kill-switch", json=wish, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_user_stops_and_starts_what_he_follows_for_himself(
    client: TestClient, world: World
) -> None:
    on = throw(client, True)

    assert on["everything"] == OFF
    assert on["mine"] == {
        "on": True,
        "since": "2025-11-05T12:01:30Z",
        "reason": "on a journey",
        "author": "ada",
        "strategies": ["hodl-wave"],
    }
    assert client.get("/api/kill-switch").json() == on
    paused = world.pauses.current("hodl-wave", "ada")
    assert paused is not None
    assert paused.reason == "kill switch: on a journey"
    assert world.pauses.current("hodl-wave", "bob") is None
    assert pause_in_force(HODL_WAVE, world.pauses) is None

    assert throw(client, False)["mine"] == OFF
    assert world.pauses.current("hodl-wave", "ada") is None
    (row,) = world.pauses.log("hodl-wave", "ada", 5)
    assert (row["endedBy"], row["endedBecause"]) == ("ada", "on a journey")


def test_thrown_twice_is_thrown_once(client: TestClient, world: World) -> None:
    assert throw(client, True) == throw(client, True)
    assert throw(client, False) == throw(client, False)
    assert len(world.pauses.log("hodl-wave", "ada", 5)) == 1


def test_what_was_paused_by_hand_stays_so(client: TestClient, world: World) -> None:
    by_hand = Pause("hodl-wave", "ada", NOON, "my own", "ada")
    world.pauses.pause(by_hand)

    assert throw(client, True)["mine"] == OFF
    throw(client, False)

    assert world.pauses.current("hodl-wave", "ada") == by_hand


def test_who_left_what_he_had_stopped_can_still_let_go(client: TestClient, world: World) -> None:
    throw(client, True)
    del world.books.followed["hodl-wave", "ada"]

    assert throw(client, False)["mine"] == OFF
    assert world.pauses.current("hodl-wave", "ada") is None


def test_ops_stop_everything_for_everybody(client: TestClient, world: World) -> None:
    on = throw(client, True, scope="everything", headers=OLGA)

    assert on["everything"]["strategies"] == ["hodl-wave"]
    assert on["mine"] == OFF
    assert pause_in_force(HODL_WAVE, world.pauses) is not None
    assert client.get("/api/kill-switch").json()["everything"] == on["everything"]  # by ada

    throw(client, False, scope="everything", headers=OLGA)
    assert pause_in_force(HODL_WAVE, world.pauses) is None


def test_what_ships_off_is_not_turned_on_by_it(client: TestClient, world: World) -> None:
    throw(client, True, scope="everything", headers=OLGA)
    throw(client, False, scope="everything", headers=OLGA)

    found = pause_in_force(STRATEGIES["high-freq"], world.pauses)
    assert found is not None
    assert found.author == ENGINE


def test_what_the_engine_paused_does_not_go_on_by_itself(client: TestClient, world: World) -> None:
    world.pauses.pause(Pause("hodl-wave", None, NOON, "no model answered", ENGINE))

    throw(client, True, scope="everything", headers=OLGA)

    found = pause_in_force(HODL_WAVE, world.pauses)
    assert found is not None
    assert found.author == "olga"


def test_it_takes_ops_to_stop_everybody(client: TestClient, world: World) -> None:
    throw(client, True, 403, scope="everything")
    assert pause_in_force(HODL_WAVE, world.pauses) is None


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"on": True}, "reason"),
        ({"on": True, "reason": " "}, "reason"),
        ({"on": "yes", "reason": "x"}, "on"),
        ({"reason": "x"}, "on"),
        ({"on": True, "reason": "x", "scope": "bob"}, "scope"),
        ({"on": True, "reason": "x", "user": "bob"}, "user"),
    ],
)
def test_a_wish_that_is_none_is_named(
    client: TestClient, world: World, wish: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/kill-switch", json=wish)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert world.pauses.log("hodl-wave", "ada", 5) == []


def test_who_follows_nothing_has_nothing_to_stop(client: TestClient, world: World) -> None:
    world.books.followed.clear()
    assert throw(client, True, 422)["field"] == "on"


def test_the_example_is_such_an_answer(client: TestClient) -> None:
    assert shape(throw(client, True)) == shape(STATE)
