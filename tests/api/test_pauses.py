"""Who may pause what, and what everybody sees of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.errors import ModelsUnavailable
from automoney.ports import ENGINE, Pause
from automoney.schedule import Slot
from automoney.trading.strategies import HODL_WAVE
from automoney.workflows.pausing import OFF, Pausing
from tests.api.fakes_api import NOON, World
from tests.builders import follower
from tests.fakes import FakeAlerts

OLGA = {"Authorization": "Bearer ops-token-of-olga"}
WHY = {"reason": "exchange maintenance"}
FREE: dict[str, Any] = {"paused": False, "since": None, "reason": None, "author": None, "log": []}


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.books.followed["hodl-wave", "ada"] = follower("ada")
    yield world


def post(client: TestClient, verb: str, wish: dict[str, Any], **more: Any) -> Any:
    response = client.post(f"/api/strategies/hodl-wave/{verb}", json=wish, **more)
    assert response.status_code == 200, response.text
    return response.json()


def test_ops_pause_a_strategy_for_all_and_resume_it(client: TestClient, world: World) -> None:
    paused = post(client, "pause", WHY, headers=OLGA)

    assert {name: paused["strategy"][name] for name in ("paused", "since", "reason", "author")} == {
        "paused": True,
        "since": "2025-11-05T12:01:30Z",
        "reason": "exchange maintenance",
        "author": "olga",
    }
    assert paused["mine"] == FREE
    shown = client.get("/api/strategies/hodl-wave/pause").json()  # by ada
    assert shown["strategy"] == paused["strategy"]
    (listed,) = [
        one
        for one in client.get("/api/strategies").json()["strategies"]
        if one["id"] == "hodl-wave"
    ]
    assert listed["paused"] is True

    resumed = post(client, "resume", {"reason": "it is over"}, headers=OLGA)
    assert resumed["strategy"]["paused"] is False
    (row,) = resumed["strategy"]["log"]
    assert (row["author"], row["endedBy"], row["endedBecause"]) == ("olga", "olga", "it is over")


def test_a_follower_pauses_his_own_part_alone(client: TestClient, world: World) -> None:
    answer = post(client, "pause", {"reason": "on a journey"})

    assert (answer["strategy"], answer["mine"]["author"]) == (FREE, "ada")
    pause = world.pauses.current("hodl-wave", "ada")
    assert pause is not None
    assert pause.reason == "on a journey"

    assert post(client, "resume", {"reason": "back"})["mine"]["paused"] is False


def test_ops_pause_their_own_part_if_they_say_so(client: TestClient, world: World) -> None:
    world.books.followed["hodl-wave", "olga"] = follower("olga")

    answer = post(client, "pause", {**WHY, "scope": "mine"}, headers=OLGA)

    assert (answer["strategy"], answer["mine"]["paused"]) == (FREE, True)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_no_user_pauses_or_resumes_for_everybody(
    client: TestClient, world: World, verb: str
) -> None:
    world.pauses.pause(Pause("hodl-wave", None, NOON, "maintenance", "olga"))
    wish = {**WHY, "scope": "strategy"}

    refused = client.post(f"/api/strategies/hodl-wave/{verb}", json=wish)

    assert (refused.status_code, refused.json()["type"]) == (403, "urn:automoney:forbidden")
    assert post(client, "resume", WHY)["strategy"]["paused"] is True  # his own part is not paused


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "reason"),
        ({"reason": " \n "}, "reason"),
        ({"reason": "\x1b[31mred"}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({**WHY, "scope": "all"}, "scope"),
        ({**WHY, "until": "tomorrow"}, "until"),
    ],
)
def test_a_wish_says_why_and_of_what_and_nothing_else(
    client: TestClient, world: World, wish: dict[str, Any], field: str
) -> None:
    refused = client.post("/api/strategies/hodl-wave/pause", json=wish)

    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert world.pauses.current("hodl-wave", "ada") is None


def test_only_a_part_that_there_is_can_be_paused(client: TestClient, world: World) -> None:
    world.books.followed.clear()
    refused = client.post("/api/strategies/hodl-wave/pause", json=WHY)
    assert refused.status_code == 422
    assert refused.json()["expected"] == "a strategy that you follow"
    assert client.post("/api/strategies/hold-wave/pause", json=WHY).status_code == 404


def test_scores_are_stale_while_the_engine_has_paused(client: TestClient, world: World) -> None:
    world.judge(NOON)
    before = client.get("/api/agents/scores")
    Pausing(world.pauses, FakeAlerts()).stop(HODL_WAVE, Slot(NOON), ModelsUnavailable("none"))

    stale = client.get("/api/agents/scores", headers={"If-None-Match": before.headers["etag"]})

    assert (before.json()["stale"], stale.json()["stale"]) == (False, True)
    assert stale.json()["assets"] == before.json()["assets"]
    shown = client.get("/api/strategies/hodl-wave/pause").json()["strategy"]
    assert (shown["author"], shown["reason"]) == (ENGINE, "no language model answered: none")


def test_ops_take_over_what_the_engine_paused(client: TestClient, world: World) -> None:
    world.judge(NOON)
    Pausing(world.pauses, FakeAlerts()).stop(HODL_WAVE, Slot(NOON), ModelsUnavailable("none"))

    post(client, "pause", {"reason": "we look into it"}, headers=OLGA)

    answering = Pausing(world.pauses, FakeAlerts(), probe=lambda: True)
    pause = answering.at_slot(HODL_WAVE, Slot(NOON))
    assert pause is not None
    assert (pause.author, pause.reason) == ("olga", "we look into it")
    assert client.get("/api/agents/scores").json()["stale"] is False


def test_a_strategy_that_ships_off_is_turned_on_by_ops(client: TestClient, world: World) -> None:
    path = "/api/strategies/high-freq"
    shown = client.get(f"{path}/pause").json()["strategy"]
    assert shown == {"paused": True, "since": None, "reason": OFF, "author": ENGINE, "log": []}
    scores = client.get("/api/agents/scores?strategyId=high-freq")
    assert scores.json()["detail"] == f"High-Freq has not run yet and is paused: {OFF}"

    resumed = client.post(f"{path}/resume", json={"reason": "let us see"}, headers=OLGA)

    assert resumed.json()["strategy"]["paused"] is False
    (row,) = resumed.json()["strategy"]["log"]
    assert (row["endedBy"], row["endedBecause"]) == ("olga", "let us see")
    again = client.post(f"{path}/resume", json={"reason": "again"}, headers=OLGA)
    assert again.json() == resumed.json()
