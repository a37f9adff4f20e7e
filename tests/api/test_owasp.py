"""OWASP's API Security Top 10 of 2023, one test each, in their order."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.api.edge import MAX_BODY
from automoney.errors import SourceUnavailable, Unauthorized
from automoney.identity import Verifier
from automoney.market.candles import Mark
from automoney.market.readings import Reading
from tests.api.fakes_api import NOON, World
from tests.api.test_routes import event, get
from tests.builders import follower

EVE = {"Authorization": "Bearer token-of-eve"}
# Everything that is a user's own, once it is there.
PERSONAL = (
    "/api/decisions",
    "/api/trades",
    "/api/trades.csv",
    "/api/portfolio",
    "/api/portfolio/history",
    "/api/events",
    "/api/usage",
    "/api/kill-switch",
    "/api/strategies",
    "/api/strategies/hodl-wave/pause",
    "/api/strategies/hodl-wave/why?asset=BTC",
)
SECRET = "424242.42"


@pytest.fixture
def world() -> World:
    """Ada has something in every drawer, and all of it says SECRET."""
    world = World()
    world.judge()
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    world.books.accounts["ada"] = Decimal(SECRET)
    world.books.followed["hodl-wave", "ada"] = follower("ada", max_position="0.424242")
    row = {"strategyId": "hodl-wave", "asset": "BTC", "reasoning": SECRET}
    for kind in ("decisions", "trades", "days"):
        world.history.rows[kind, "ada"] = [row]
    world.outbox.add("ada", event(1))
    return world


def routes(client: TestClient) -> list[tuple[str, str]]:
    paths = get(client, "/api/openapi.json")["paths"]
    return [(verb.upper(), path) for path, verbs in paths.items() for verb in verbs]


def test_api1_broken_object_level_authorization(client: TestClient, world: World) -> None:
    """Nobody sees what is another's, whatever he sends along to claim it."""
    claims = "userId=ada&user_id=ada&user=ada"
    for path in PERSONAL:
        if path in ("/api/trades.csv", "/api/strategies/hodl-wave/why?asset=BTC"):
            world.history.rows["decisions", "ada"] = []
        joined = f"{path}{'&' if '?' in path else '?'}{claims}"
        answer = client.get(joined, headers={**EVE, "X-User-Id": "ada"})
        assert answer.status_code == 200, path
        assert SECRET not in answer.text, path
        assert "0.424242" not in answer.text, path
    run = "/api/executions/hodl-wave:2025-11-05T12:00Z?user=ada"
    assert client.get(run, headers=EVE).status_code == 403


def test_api2_broken_authentication(client: TestClient) -> None:
    """No route but health answers without a good token, and none takes it from the address."""
    del client.headers["Authorization"]
    listed = [
        (verb, path.replace("{strategyId}", "hodl-wave").replace("{asset}", "BTC"))
        for verb, path in routes(
            TestClient(client.app, headers={"Authorization": "Bearer token-of-ada"})
        )
    ]
    assert len(listed) > 25
    for verb, path in listed:
        if path == "/api/health":
            continue
        for headers in ({}, {"Authorization": "Bearer expired-ada"}, {"Authorization": "Basic x"}):
            answer = client.request(verb, f"{path}?token=token-of-ada", headers=headers, json={})
            assert answer.status_code == 401, (verb, path, headers)


def test_api3_broken_object_property_level_authorization(client: TestClient, world: World) -> None:
    """A field that is not for the caller to set is refused, not ignored."""
    for path, wish in (
        ("/api/strategies/hodl-wave/follow", {"maxPosition": "0.5"}),
        ("/api/strategies/hodl-wave/pause", {"reason": "x"}),
        ("/api/kill-switch", {"on": True, "reason": "x"}),
        ("/api/portfolio/start-over", {"paperMoney": "1000"}),
        ("/api/chat", {"question": "price of BTC"}),
    ):
        for field in ("userId", "roles", "author", "realisedPnl"):
            answer = client.post(path, json={**wish, field: "ops"})
            assert (answer.status_code, answer.json()["field"]) == (422, field), path
    assert world.books.accounts["ada"] == Decimal(SECRET)


def test_api4_unrestricted_resource_consumption(client: TestClient, world: World) -> None:
    """Requests, rows, bytes and money for models are all bounded."""
    assert get(client, "/api/decisions?limit=201", 422)["field"] == "limit"
    assert get(client, "/api/usage?days=91", 422)["field"] == "days"
    large = client.post("/api/chat", content=b"{" + b" " * MAX_BODY)
    assert large.status_code == 413
    assert client.post("/api/strategies/hodl-wave/run").status_code == 202
    assert client.post("/api/strategies/hodl-wave/run").status_code == 429
    world.limit = 5
    few = TestClient(create_app(world.services()), headers=EVE)
    statuses = [few.get("/api/portfolio").status_code for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3


def test_api5_broken_function_level_authorization(client: TestClient, world: World) -> None:
    """What is for ops takes the role, whichever way one asks."""
    for path, wish in (
        ("/api/strategies/hodl-wave/pause", {"reason": "x", "scope": "strategy"}),
        ("/api/strategies/high-freq/resume", {"reason": "x", "scope": "strategy"}),
        ("/api/kill-switch", {"on": True, "reason": "x", "scope": "everything"}),
    ):
        assert client.post(path, json=wish).status_code == 403, path
    assert world.pauses.log("hodl-wave", None, 5) == []
    assert get(client, "/api/usage")["all"] is None


def test_api6_unrestricted_access_to_sensitive_business_flows(
    client: TestClient, world: World
) -> None:
    """Looks cost money: a user has one in ten minutes, by whatever door, and keys give no more."""
    asked = [
        client.post("/api/strategies/hodl-wave/run", headers={"Idempotency-Key": str(number)})
        for number in range(5)
    ]
    client.post("/api/chat", json={"question": "look again", "fresh": True})
    client.post("/api/strategies/high-freq/run")

    assert [one.status_code for one in asked] == [202, 429, 429, 429, 429]
    assert len(world.looks.asked) == 1


def test_api7_server_side_request_forgery(client: TestClient) -> None:
    """No field of any request is an address that we would call."""
    described = get(client, "/api/openapi.json")
    fields = {
        name
        for schema in described["components"]["schemas"].values()
        for name in schema.get("properties", {})
    } | {
        one["name"]
        for verbs in described["paths"].values()
        for operation in verbs.values()
        for one in operation.get("parameters", [])
    }
    assert len(fields) > 15
    assert not {
        name
        for name in fields
        if any(word in name.lower() for word in ("url", "uri", "host", "callback", "webhook"))
    }


def test_api8_security_misconfiguration(client: TestClient, world: World) -> None:
    """Headers on every answer, errors included; no inner detail in any; origins by list."""
    world.collections.broken = True
    for answer in (
        client.get("/api/health"),
        client.get("/api/portfolio"),
        client.get("/api/nothing"),
        client.get("/docs"),
        client.request("TRACE", "/api/portfolio"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        for inner in ("hunter2", "Traceback", ".py", "starlette", "psycopg"):
            assert inner not in answer.text
    foreign = client.get("/api/portfolio", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers


def test_api9_improper_inventory_management(client: TestClient) -> None:
    """Everything that answers is described, and FastAPI's own pages are not there."""
    described = {path for _, path in routes(client)} | {"/api/openapi.json"}
    for path in ("/docs", "/redoc", "/openapi.json", "/api/docs", "/api/v1/portfolio", "/metrics"):
        assert path not in described
        assert client.get(path).status_code == 404
    app: Any = client.app
    spec = app.openapi()
    assert set(spec["paths"]) | {"/api/openapi.json"} == described
    assert all(path.startswith("/api/") for path in described)


def test_api10_unsafe_consumption_of_apis(client: TestClient, world: World) -> None:
    """What a source said is data: it is shown as JSON text, never run, and its errors stay ours."""
    evil = "<script>alert(1)</script>"
    period = NOON - timedelta(days=1)
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, evil)]
    world.readings.kept = [Reading("fear_greed", None, period, 60.0, NOON, NOON, evil)]

    answer = client.get("/api/market/BTC")

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert json.loads(answer.text)["source"] == evil
    world.looks.broken = SourceUnavailable("queue", "http://10.0.0.7 said password=hunter2")
    away = client.post("/api/strategies/hodl-wave/run")
    assert away.status_code == 503
    assert "hunter2" not in away.text


def test_a_token_that_signs_itself_is_none() -> None:
    """API2 once more, with the real verifier: `alg` none has no key that it could be checked by."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = datetime(2030, 1, 1, tzinfo=UTC)
    claims = {"iss": "us", "aud": "api", "sub": "ada", "exp": now.timestamp() + 60}
    forged = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."
    with pytest.raises(Unauthorized):
        Verifier("us", "api", '{"keys": []}').verify(forged, now=now)
