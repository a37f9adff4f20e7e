"""Headers, origins and the API's own description."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api import examples
from automoney.api.examples_execution import EXECUTION
from automoney.ports import Pause
from tests.api.fakes_api import NOON, ORIGIN, World
from tests.api.test_market import cached_price
from tests.api.test_routes import event


@pytest.mark.parametrize("path", ["/api/health", "/api/portfolio", "/api/nothing"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_scores_may_be_kept_by_their_reader_but_have_to_be_asked_for(
    client: TestClient, world: World
) -> None:
    world.judge()
    assert client.get("/api/agents/scores").headers["cache-control"] == "private, no-cache"


def test_only_an_allowed_origin_may_read_an_answer(client: TestClient) -> None:
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "if-none-match",
    }
    path = "/api/agents/scores"

    allowed = client.options(path, headers={"Origin": ORIGIN, **ask})
    foreign = client.options(path, headers={"Origin": "https://evil.example", **ask})

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert foreign.status_code == 400
    assert "access-control-allow-origin" not in foreign.headers
    answer = client.get(path, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def shape(value: Any) -> Any:
    """The names in a value, without the values; of a list, those of its first member."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return ""


def test_every_route_has_a_summary_and_one_example_of_its_answer(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()

    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            (good,) = (one for code, one in operation["responses"].items() if code[0] == "2")
            (content,) = good["content"].values()
            assert content["example"], path
            secured = operation.get("security") == [{"HTTPBearer": []}]
            assert secured == (path != "/api/health"), (method, path)


def test_examples_have_the_shape_of_real_answers(client: TestClient, world: World) -> None:
    judgement = world.judge()
    cached_price(world)
    world.books.accounts["ada"] = Decimal(100_000)
    client.post("/api/strategies/hodl-wave/follow", json={"allowedAssets": ["BTC"]})
    world.outbox.add("ada", event(1))

    def real(path: str) -> Any:
        return client.get(path).json()

    scores = real("/api/agents/scores")
    assert shape(scores["assets"]["BTC"]) == shape(examples.SCORES["assets"]["BTC"])
    assert shape(real("/api/strategies")) == shape(examples.STRATEGIES)
    world.pauses.pause(Pause("hodl-wave", None, NOON, "maintenance", "olga"))
    assert shape(real("/api/strategies/hodl-wave/pause")) == shape(examples.PAUSE)
    run = real(f"/api/executions/{judgement.execution_id}")
    assert list(run) == list(EXECUTION)  # the rest of it: test_explained.py
    market, example = real("/api/market/BTC"), examples.MARKET
    assert list(market) == list(example)
    assert shape(market["indicators"]) == shape(example["indicators"])
    assert shape(market["week"]) == shape(example["week"])
    portfolio = real("/api/portfolio")
    assert list(portfolio) == list(examples.PORTFOLIO)
    envelope = real("/api/events")["events"][0]
    assert list(envelope) == list(examples.EVENTS["events"][0])
