"""`GET /api/executions/{id}`: why a run came out as it did, to those who may know."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.examples_execution import EXECUTION
from automoney.encoding import dumps
from automoney.messages import scores_data
from automoney.ports.models import Call, Outcome, Spender
from automoney.trading.account import Account
from automoney.trading.judgement import Judgement
from tests.agents.recorded import snapshots
from tests.api.fakes_api import NOON, World, run_row
from tests.api.test_edge import shape
from tests.api.test_routes import get
from tests.fakes_receipts import Ledger

START = datetime(2025, 8, 1, tzinfo=UTC)


@pytest.fixture
def judged(world: World, market_data: Path) -> Judgement:
    """A run on recorded data that ada and bob took part in, as the stores would have it."""
    money, none = Decimal(100_000), Decimal(0)
    accounts = {user: Account(money, money, none, {}) for user in ("ada", "bob")}
    ledger = Ledger(world.archive, accounts=accounts)
    seen = {asset: next(snapshots(market_data, asset, start=START)) for asset in ("BTC", "ETH")}
    judgement = ledger.run(seen)
    name = judgement.execution_id
    world.executions.judgements[name] = judgement
    inputs = json.loads(dumps(ledger.inputs[name]))
    steps = [{"name": "agents", "detail": "three", "milliseconds": 1.5}]
    world.history.runs[name] = run_row(name, START, inputs=inputs, steps=steps)
    return judgement


def told(client: TestClient, judgement: Judgement, query: str = "") -> Mapping[str, Any]:
    answer: Mapping[str, Any] = get(client, f"/api/executions/{judgement.execution_id}{query}")
    return answer


def test_it_has_what_it_always_had(client: TestClient, world: World, judged: Judgement) -> None:
    answer = told(client, judged)

    row = world.history.runs[judged.execution_id]
    assert {name: answer[name] for name in row} == row
    assert answer["assets"] == scores_data(judged)["assets"]


def test_each_input_comes_with_its_age_its_source_and_its_limit(
    client: TestClient, judged: Judgement
) -> None:
    data = {(one["name"], one["asset"]): one for one in told(client, judged)["data"]}

    assert data["us10y", None] == {
        "source": "macro",
        "name": "us10y",
        "asset": None,
        "value": 4.38,
        "by": "fred",
        "period": "2025-07-30T00:00:00Z",
        "availableAt": "2025-08-01T00:00:00Z",
        "ageHours": 0.0,
        "limitHours": 240.0,
        "stale": False,
        "filled": None,
        "proxy": False,
        "anomalous": False,
    }
    assert data["nvt", "BTC"]["ageHours"] == 24.0
    assert data["nvt", "BTC"]["proxy"] is True
    assert data["price", "ETH"]["value"] == "3698.39"
    assert ("mvrv", "ETH") in data


def test_the_points_of_the_agents_make_the_conviction(
    client: TestClient, judged: Judgement
) -> None:
    for asset, weighed in told(client, judged)["weighing"].items():
        points = sum(Decimal(term["points"]) for term in weighed["terms"])
        assert abs(points - judged.views[asset].conviction) <= Decimal("0.02")
        assert weighed["weights"] == "weights"


def test_the_part_is_the_callers_own(client: TestClient, judged: Judgement) -> None:
    part = told(client, judged)["part"]

    assert part["userId"] == "ada"
    assert [one["asset"] for one in part["decisions"]] == ["BTC", "ETH"]
    assert part["before"]["totalValue"] == "100000"
    spent = sum(Decimal(one["notional"]) + Decimal(one["fee"]) for one in part["trades"])
    assert Decimal(part["after"]["cash"]) == 100_000 - spent
    for trade in part["trades"]:
        moved = Decimal(trade["price"]) - Decimal(trade["markPrice"])
        assert Decimal(trade["slippage"]) == moved * Decimal(trade["quantity"])


def test_another_users_part_is_for_ops_alone(
    client: TestClient, world: World, judged: Judgement
) -> None:
    path = f"/api/executions/{judged.execution_id}?user=bob"

    refused = client.get(path)
    ops = client.get(path, headers={"Authorization": "Bearer ops-token-of-eve"})

    assert refused.status_code == 403
    assert "bob" not in refused.text
    assert ops.json()["part"]["userId"] == "bob"
    assert told(client, judged, "?user=ada")["part"]["userId"] == "ada"


def test_who_did_not_take_part_is_told_the_run(client: TestClient, judged: Judgement) -> None:
    answer = client.get(
        f"/api/executions/{judged.execution_id}", headers={"Authorization": "Bearer token-of-eve"}
    ).json()

    assert answer["part"] is None
    assert answer["receipts"]["part"] is None
    assert answer["receipts"]["run"]["number"] == 1


def test_who_asked_for_a_look_is_told_to_nobody_else(client: TestClient, world: World) -> None:
    name = "hodl-wave:2025-11-05T12:00:30Z:look"
    world.history.runs[name] = run_row(name, NOON, kind="look", askedBy="bob")

    def asked_by(token: str) -> str | None:
        headers = {"Authorization": f"Bearer {token}"}
        found: str | None = client.get(f"/api/executions/{name}", headers=headers).json()["askedBy"]
        return found

    assert asked_by("token-of-ada") is None
    assert asked_by("token-of-bob") == "bob"
    assert asked_by("ops-token-of-eve") == "bob"


def test_an_aborted_run_says_why(client: TestClient, world: World) -> None:
    name = "hodl-wave:2025-11-05T08:00Z"
    world.history.runs[name] = run_row(
        name, NOON, status="aborted", reason="no price of BTC", inputs=None
    )

    answer = get(client, f"/api/executions/{name}")

    assert (answer["status"], answer["reason"]) == ("aborted", "no price of BTC")
    assert answer["summary"] == [
        "HODL-Wave, 2025-11-05 12:00 UTC: aborted, because no price of BTC."
    ]
    assert [answer[name] for name in ("assets", "weighing", "part")] == [None, None, None]
    assert answer["data"] == []


@pytest.mark.parametrize("body", [b"{}", b"not JSON", b"\xff"])
def test_a_receipt_that_was_damaged_is_told_and_hides_nothing_else(
    client: TestClient, world: World, judged: Judgement, body: bytes
) -> None:
    world.archive.change_part("ada", judged.execution_id, body)

    answer = told(client, judged)

    assert answer["part"] is None
    assert "cannot be read" in answer["receipts"]["part"]["error"]
    assert any("ada's part is damaged" in one for one in answer["summary"])
    assert answer["assets"] == scores_data(judged)["assets"]


def test_models_and_what_they_cost_are_told(
    client: TestClient, world: World, judged: Judgement
) -> None:
    spender = Spender(NOON, execution_id=judged.execution_id)
    call = Call(
        "id",
        "a" * 64,
        "openai",
        "gpt",
        "judge",
        spender,
        Outcome.OK,
        None,
        100,
        20,
        Decimal("0.0015"),
        90,
    )
    world.usage.calls = [call, call]

    answer = told(client, judged)

    assert answer["cost"] == "0.003"
    assert answer["models"][0]["model"] == "gpt"
    assert "for 0.003 dollars" in answer["summary"][-1]


def test_the_example_has_the_shape_of_a_real_answer(client: TestClient, judged: Judgement) -> None:
    answer = shape(told(client, judged))

    for name in ("assets", "weighing"):
        assert shape(EXECUTION[name])["BTC"] == answer[name]["BTC"]
    for name in ("data", "part", "receipts", "steps", "summary"):
        assert shape(EXECUTION[name]) == answer[name], name


def test_the_summary_says_first_what_was_decided(client: TestClient, judged: Judgement) -> None:
    first, *rest = told(client, judged)["summary"]

    assert first.startswith("HODL-Wave, 2025-08-01 00:00 UTC: conviction BTC +21.22, ETH +51.64")
    assert any(one.startswith("ada bought ") for one in rest)
