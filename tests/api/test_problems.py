"""Every error is a problem detail, in words, and with nothing of our insides in it."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.errors import DataMissing, SourceUnavailable
from automoney.observability import logger
from tests.api.fakes_api import ORIGIN, World

OPEN = {("get", "/api/health")}


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status
    assert found["type"].startswith("urn:automoney:")
    assert found["title"]
    assert found["detail"]
    return found


def routes(client: TestClient) -> list[tuple[str, str]]:
    described = client.get("/api/openapi.json").json()
    return [
        (method, path)
        for path, methods in described["paths"].items()
        for method in methods
        if (method, path) not in OPEN
    ]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "token-of-ada", "Bearer expired-ada"],
)
def test_every_route_but_health_asks_for_a_token(
    client: TestClient, authorization: str | None
) -> None:
    asked = [*routes(client), ("get", "/api/openapi.json")]
    assert len(asked) >= 18
    del client.headers["Authorization"]
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in asked:
        response = client.request(method, path, headers=headers)
        found = problem(response, 401)
        assert response.headers["www-authenticate"] == 'Bearer realm="automoney"'
        assert "ada" not in found["detail"]


@pytest.mark.parametrize(
    ("path", "field", "value", "known"),
    [
        ("/api/market/DOGE", "asset", "DOGE", ["BTC", "ETH"]),
        ("/api/market/btc/candles", "asset", "btc", ["BTC", "ETH"]),
        ("/api/market/BTC/candles?timeframe=5m", "timeframe", "5m", ["1d", "1h", "1w", "4h"]),
        ("/api/agents/scores?strategyId=moon", "strategy", "moon", ["high-freq", "hodl-wave"]),
    ],
)
def test_what_is_not_known_is_answered_with_what_is(
    client: TestClient, path: str, field: str, value: str, known: list[str]
) -> None:
    found = problem(client.get(path), 404)

    assert (found["field"], found["value"], found["known"]) == (field, value, known)


@pytest.mark.parametrize(
    ("path", "field", "value", "expected"),
    [
        ("/api/events?since=-1", "since", "-1", "greater than or equal to 0"),
        ("/api/events?since=abc", "since", "abc", "a valid integer"),
        ("/api/events?since=9223372036854775808", "since", "9223372036854775808", "less than"),
        ("/api/decisions?limit=0", "limit", "0", "greater than or equal to 1"),
        ("/api/trades?limit=201", "limit", "201", "less than or equal to 200"),
        ("/api/decisions?cursor=nonsense", "cursor", "nonsense", "`nextCursor` of an earlier page"),
        ("/api/decisions?cursor=%00", "cursor", "\0", "match pattern"),
        ("/api/market/BTC/candles?limit=1e9", "limit", "1e9", "a valid integer"),
    ],
)
def test_a_bad_parameter_is_named_with_its_value_and_what_would_be_right(
    client: TestClient, path: str, field: str, value: str, expected: str
) -> None:
    found = problem(client.get(path), 422)

    assert (found["field"], found["value"]) == (field, value)
    assert expected in found["expected"]
    assert found["detail"].startswith(f"{field} was {value!r}; expected ")


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        ('{"maxPosition": "2"}', "maxPosition", "a share above 0 and at most 1"),
        ('{"maxPosition": "0"}', "maxPosition", "a share above 0 and at most 1"),
        ('{"maxPosition": "-0.5"}', "maxPosition", "a share above 0 and at most 1"),
        ('{"maxPosition": "1e-9"}', "maxPosition", "a share above 0 and at most 1"),
        ('{"maxPosition": "NaN"}', "maxPosition", "a finite decimal number"),
        ('{"maxPosition": "half"}', "maxPosition", "a decimal number written as a string"),
        ('{"maxPosition": 0.5}', "maxPosition", "a valid string"),
        ('{"maxPosition": "0.5000000000000"}', "maxPosition", "at most 12 characters"),
        ('{"maxPosition": "0.5", "userId": "bob"}', "userId", "no such field"),
        ('{"maxPosition": ', "body", "valid JSON"),
        ("[1]", "body", "a JSON object"),
        ('"0.5"', "body", "a JSON object"),
        ("", "body", "a value"),
    ],
)
def test_a_bad_body_is_refused_and_nothing_is_opened(
    client: TestClient, world: World, body: str, field: str, expected: str
) -> None:
    response = client.post(
        "/api/strategies/hodl-wave/follow",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    found = problem(response, 422)
    assert found["field"] == field
    assert expected in found["expected"]
    assert world.books.accounts == {}


def test_a_body_that_is_not_said_to_be_json_is_refused(client: TestClient) -> None:
    found = problem(
        client.post("/api/strategies/hodl-wave/follow", content='{"maxPosition": "0.5"}'), 422
    )
    assert found["expected"] == "a JSON object sent as application/json"


def test_following_what_does_not_exist_opens_nothing(client: TestClient, world: World) -> None:
    found = problem(client.post("/api/strategies/moon/follow", json={}), 404)

    assert found["known"] == ["high-freq", "hodl-wave"]
    assert world.books.accounts == {}


def test_a_value_is_quoted_only_in_part(client: TestClient) -> None:
    found = problem(client.get("/api/market/" + "A" * 5000), 404)
    assert len(found["value"]) == 200
    assert len(found["detail"]) < 300


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/api/nothing", "/api/health/", "/docs"])
def test_an_unknown_route_is_a_problem_too(client: TestClient, path: str) -> None:
    assert problem(client.get(path), 404)["type"] == "urn:automoney:no-such-route"


def test_a_wrong_method_names_the_right_one(client: TestClient) -> None:
    response = client.delete("/api/portfolio")
    problem(response, 405)
    assert response.headers["allow"] == "GET"


def chunks() -> Iterator[bytes]:
    for _ in range(9):
        yield b" " * 8192


def test_a_large_body_is_refused_by_its_declared_and_by_its_real_length(
    client: TestClient, world: World
) -> None:
    path, headers = "/api/strategies/hodl-wave/follow", {"Content-Type": "application/json"}
    for body in (b" " * 65_537, chunks()):
        found = problem(client.post(path, content=body, headers=headers), 413)
        assert found["limit"] == 65_536
    fits = b'{"maxPosition": "0.5"}'.ljust(65_536)
    assert client.post(path, content=fits, headers=headers).status_code == 200


def test_a_large_body_is_refused_where_no_body_is_read(client: TestClient) -> None:
    problem(client.post("/api/ws-tickets", content=b" " * 70_000), 413)


class Lines(logging.Handler):
    """Keeps each line as it would be written, parsed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logger.registered_formatter)
        self.parsed: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.parsed.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    handler = Lines()
    logger.addHandler(handler)
    yield handler.parsed
    logger._logger.removeHandler(handler)


def test_an_unforeseen_error_has_an_id_in_the_answer_and_in_the_log_and_says_no_more(
    client: TestClient, world: World, lines: list[dict[str, Any]]
) -> None:
    world.collections.broken = True

    response = client.get("/api/health", headers={"Origin": ORIGIN})

    found = problem(response, 500)
    assert "hunter2" not in response.text
    assert "ConnectionRefused" not in response.text
    (line,) = [one for one in lines if one.get("problem_id") == found["id"]]
    assert line["exception_name"] == "ConnectionRefusedError"
    assert line["path"] == "/api/health"
    # also an error is readable by the page, and carries the headers
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (DataMissing("BTC is held, but has no price"), "BTC is held, but has no price"),
        (SourceUnavailable("issuer", "https://inner:1/keys"), "issuer gives no answer"),
    ],
)
def test_what_may_come_back_is_answered_503(world: World, error: Exception, detail: str) -> None:
    def portfolio(*_: Any) -> None:
        raise error

    world.books.portfolio = portfolio  # type: ignore[assignment,method-assign]
    headers = {"Authorization": "Bearer token-of-ada"}

    response = TestClient(create_app(world.services()), headers=headers).get("/api/portfolio")

    found = problem(response, 503)
    assert detail in found["detail"]
    assert "inner" not in response.text
    assert response.headers["retry-after"] == "30"
