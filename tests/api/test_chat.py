"""POST /api/chat: what it takes, what it answers, and how it refuses."""

import json
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.api.examples_chat import CHAT
from automoney.errors import BudgetSpent
from automoney.market.candles import Mark
from tests.api.fakes_api import NOON, World
from tests.fakes_models import FakeModels


@pytest.fixture
def world() -> World:
    world = World()
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    return world


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/chat", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_answer_comes_with_its_citations(client: TestClient) -> None:
    answer = ask(client, question="What is the price of BTC?")

    assert answer["answer"] == "BTC is at 45,000.00 USDT, 2 min old, from binance."
    assert answer["citations"][0] == {
        "kind": "price",
        "name": "price",
        "id": None,
        "asset": "BTC",
        "at": "2025-11-05T12:00:00Z",
        "value": "45000",
    }
    assert (answer["by"], answer["cost"]) == ("rules", "0")
    assert (answer["look"], answer["notice"]) == (None, None)


def test_the_example_is_such_an_answer(client: TestClient) -> None:
    answer = ask(client, question="price of BTC")

    assert answer.keys() == CHAT.keys()
    assert answer["answer"] == CHAT["answer"]
    assert [one.keys() for one in answer["citations"]] == [one.keys() for one in CHAT["citations"]]


def test_chinese_is_answered_in_chinese(client: TestClient) -> None:
    assert ask(client, question="比特币多少钱？")["answer"].startswith("BTC 现价 45,000.00 USDT")


def test_fresh_asks_for_a_look_once(client: TestClient, world: World) -> None:
    first = ask(client, question="price of BTC", fresh=True)
    second = ask(client, question="price of BTC", fresh=True)

    assert first["look"] == "hodl-wave:2025-11-05T12:01:30Z:look"
    assert second["look"] is None
    assert "next one may be taken" in second["notice"]
    assert [user for _, _, user in world.looks.asked] == ["ada"]


def test_a_models_answer_says_whose_it_is_and_what_it_cost(world: World) -> None:
    world.models = FakeModels([json.dumps({"answer": "I do not know that.", "facts": []})])
    with client_of(world) as client:
        answer = ask(client, question="who are you?")
        free = ask(client, question="price of BTC", by="rules")

    assert (answer["answer"], answer["by"]) == ("I do not know that.", "fake/parrot")
    assert answer["cost"] == "0.002"
    assert (free["by"], free["cost"]) == ("rules", "0")


def test_a_spent_budget_is_a_clear_refusal_with_what_is_free(world: World) -> None:
    spent = BudgetSpent("user ada 2030-01-01", Decimal("0.25"), Decimal("0.249"))
    world.models = FakeModels([spent])
    with client_of(world) as client:
        answer = client.post("/api/chat", json={"question": "price of BTC"})

    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:automoney:budget-spent"
    assert problem["detail"].startswith(
        "the budget of user ada 2030-01-01 is spent: 0.249 of 0.25 dollars"
    )
    assert (problem["cap"], problem["spent"]) == ("0.25", "0.249")
    assert problem["free"]["answer"].startswith("BTC is at 45,000.00")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"question": ""}, "question"),
        ({"question": "  \n "}, "question"),
        ({"question": "x" * 501}, "question"),
        ({"question": "x" * 5_000}, "question"),
        ({"question": 7}, "question"),
        ({}, "question"),
        ({"question": "hi", "fresh": "yes"}, "fresh"),
        ({"question": "hi", "by": "oracle"}, "by"),
        ({"question": "hi", "tool": "buy"}, "tool"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/api/chat", json=body)

    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_it_takes_a_token(client: TestClient) -> None:
    answer = client.post("/api/chat", json={"question": "hi"}, headers={"Authorization": ""})

    assert answer.status_code == 401


def client_of(world: World) -> TestClient:
    return TestClient(
        create_app(world.services()), headers={"Authorization": "Bearer token-of-ada"}
    )
