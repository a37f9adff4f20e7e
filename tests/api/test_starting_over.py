"""POST /api/portfolio/start-over: what it takes, and what it answers."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.examples import FRESH
from tests.api.fakes_api import World
from tests.api.test_routes import get

PATH = "/api/portfolio/start-over"


@pytest.fixture
def world() -> World:
    world = World()
    world.books.accounts["ada"] = Decimal(42)
    return world


def test_the_answer_is_the_new_account(client: TestClient, world: World) -> None:
    answer = client.post(PATH, json={"paperMoney": "2500.5"})

    assert answer.status_code == 200
    assert answer.json() == get(client, "/api/portfolio")
    assert (answer.json()["totalValue"], answer.json()["holdings"]) == ("2500.5", [])
    assert world.books.opened["ada"] == world.now
    assert answer.json().keys() == FRESH.keys()


@pytest.mark.parametrize("money", ["100", "10000000", "100.00000001", "1E+3"])
def test_from_a_hundred_to_ten_million(client: TestClient, money: str) -> None:
    assert client.post(PATH, json={"paperMoney": money}).status_code == 200


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"paperMoney": "99.99"}, "paperMoney"),
        ({"paperMoney": "10000000.01"}, "paperMoney"),
        ({"paperMoney": "100.000000001"}, "paperMoney"),
        ({"paperMoney": "-500"}, "paperMoney"),
        ({"paperMoney": "NaN"}, "paperMoney"),
        ({"paperMoney": "much"}, "paperMoney"),
        ({"paperMoney": 1000}, "paperMoney"),
        ({}, "paperMoney"),
        ({"paperMoney": "1000", "user": "bob"}, "user"),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(
    client: TestClient, world: World, wish: dict[str, Any], field: str
) -> None:
    answer = client.post(PATH, json=wish)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert world.books.accounts["ada"] == 42


def test_without_an_account_there_is_nothing_to_start_over(
    client: TestClient, world: World
) -> None:
    world.books.accounts.clear()
    answer = client.post(PATH, json={"paperMoney": "1000"})

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:automoney:absent")
    assert world.books.accounts == {}
