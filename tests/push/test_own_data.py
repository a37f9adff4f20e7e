"""What Bob has changes nothing of what any GET route answers Ada, whatever id or name she sends."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.messages import Event, state_message
from automoney.ports import Pause
from automoney.trading.bookkeeping import deposit_entry
from tests.api.fakes_api import NOON, World
from tests.builders import follower

SECRET = "of-bob-alone"  # in every row of his
_NAMES = ("userId", "user_id", "user", "sub", "owner")


def world(*, bob: bool) -> World:
    made = World()
    made.judge(NOON)
    for user in ("ada", *(["bob"] if bob else [])):
        money = Decimal(1_000 if user == "ada" else 777_777)
        made.books.open_account(user, at=NOON, paper_money=money)
        made.books.ledgers[user] = [deposit_entry(money, NOON)]
        made.books.follow(follower(user), at=NOON)
    if bob:
        for kind in ("decisions", "trades", "days"):
            made.history.rows[kind, "bob"] = [{"reasoning": SECRET}]
        made.pauses.pause(Pause("hodl-wave", "bob", NOON, SECRET, "bob"))
        states: dict[str, Any] = {"author": "bob", "reason": SECRET, "at": NOON}
        made.outbox.add("bob", state_message(Event.STRATEGY_PAUSED, "hodl-wave", "bob", **states))
    return made


def client_of(made: World, user: str = "ada") -> TestClient:
    app = create_app(made.services())
    return TestClient(app, headers={"Authorization": f"Bearer token-of-{user}"})


def routes() -> list[str]:
    """Every GET route of the OpenAPI, with every kind of id in it that Bob might have."""
    described = client_of(World()).get("/api/openapi.json").json()["paths"]
    found = [path for path, methods in described.items() if "get" in methods]
    values = {"{asset}": ("BTC",), "{strategyId}": ("hodl-wave", "bob")}
    paths = []
    for path in found:
        names = [part for part in path.split("/") if part.startswith("{")]
        ids = [values.get(name, ("hodl-wave:2025-11-05T12:00Z", "bob", "1")) for name in names]
        for chosen in product(*ids):
            filled = path
            for name, value in zip(names, chosen, strict=True):
                filled = filled.replace(name, value)
            paths.append(filled)
    return paths


ROUTES = routes()


def test_all_routes_are_asked() -> None:
    assert len(ROUTES) >= 12
    assert not any("{" in path for path in ROUTES)


@pytest.mark.parametrize("path", ROUTES)
def test_what_bob_has_does_not_show(path: str) -> None:
    alone, beside = client_of(world(bob=False)), client_of(world(bob=True))
    query = "&".join(f"{name}=bob" for name in _NAMES)
    for asked in (path, f"{path}?{query}"):
        for headers in ({}, {"X-User": "bob", "X-Amzn-Oidc-Identity": "bob"}):
            before, after = alone.get(asked, headers=headers), beside.get(asked, headers=headers)
            assert before.status_code == after.status_code
            assert before.content == after.content
            assert SECRET not in after.text
            assert "777777" not in after.text


def test_it_would_show_if_it_could() -> None:
    """Bob himself sees it, so the test above looks for what is there."""
    bob = client_of(world(bob=True), "bob")
    for path in ("/api/decisions", "/api/trades", "/api/events", "/api/strategies/hodl-wave/pause"):
        assert SECRET in bob.get(path).text
    assert "777777" in bob.get("/api/portfolio").text
