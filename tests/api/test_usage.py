"""What models cost: one's own for everyone, all of it for ops."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.examples_usage import USAGE
from automoney.ports import Outcome, Purse, Spender
from automoney.ports.models import Call
from tests.api.fakes_api import WALL, World
from tests.api.test_edge import shape
from tests.api.test_routes import get

OLGA = {"Authorization": "Bearer ops-token-of-olga"}


def call(user: str | None, *, days_ago: int = 0, model: str = "gpt", **more: Any) -> Call:
    spender = Spender(WALL - timedelta(days=days_ago), None if user else "run", user)
    outcome = more.get("outcome", Outcome.OK)
    cost = Decimal(more.get("cost", "0.01"))
    return Call("id", "a" * 64, "openai", model, "chat", spender, outcome, None, 100, 20, cost, 90)


@pytest.fixture
def world() -> World:
    world = World()
    world.usage.calls = [
        call("ada"),
        call("ada", outcome=Outcome.FAILED, cost="0"),
        call("ada", days_ago=1, model="nova", cost="0.020"),
        call("ada", days_ago=40),
        call("bob", cost="0.5"),
        call(None, cost="1"),
    ]
    world.usage.kept = [
        Purse("day 2030-01-01", Decimal(3), Decimal("1.51"), Decimal("0.02")),
        Purse("user ada 2030-01-01", Decimal("0.25"), Decimal("0.01"), Decimal(0)),
    ]
    return world


def test_one_sees_his_own_by_day_and_model_and_what_is_left(client: TestClient) -> None:
    answer = get(client, "/api/usage")

    figures = {"calls": 2, "failed": 1, "inputTokens": 200, "outputTokens": 40, "cost": "0.01"}
    yesterday = {"calls": 1, "failed": 0, "inputTokens": 100, "outputTokens": 20, "cost": "0.02"}
    assert answer["mine"]["days"] == [
        {"day": "2030-01-01", "model": "openai/gpt", **figures},
        {"day": "2029-12-31", "model": "openai/nova", **yesterday},
    ]
    assert (answer["mine"]["total"]["calls"], answer["mine"]["total"]["cost"]) == (3, "0.03")
    assert answer["mine"]["budgets"] == [
        {
            "budget": "user ada 2030-01-01",
            "cap": "0.25",
            "spent": "0.01",
            "reserved": "0",
            "left": "0.24",
        }
    ]
    assert answer["all"] is None


def test_who_has_asked_nothing_has_all_of_his_budget(client: TestClient, world: World) -> None:
    world.usage.calls, world.usage.kept = [], []
    mine = get(client, "/api/usage")["mine"]
    assert (mine["days"], mine["budgets"][0]["left"]) == ([], "0.25")


def test_ops_see_all_of_it(client: TestClient) -> None:
    answer = client.get("/api/usage?days=1", headers=OLGA).json()

    assert answer["mine"]["days"] == []
    assert answer["all"]["total"]["cost"] == "1.51"
    assert answer["all"]["budgets"][0]["left"] == "1.47"
    assert "ada" not in str(answer)


@pytest.mark.parametrize("days", ["0", "91", "x"])
def test_days_that_are_none_are_named(client: TestClient, days: str) -> None:
    assert get(client, f"/api/usage?days={days}", 422)["field"] == "days"


def test_the_example_is_such_an_answer(client: TestClient) -> None:
    answer = client.get("/api/usage", headers=OLGA).json()
    mine = get(client, "/api/usage")["mine"]
    assert shape(answer["all"]) == shape(USAGE["all"])
    assert shape(mine) == shape(USAGE["mine"])
