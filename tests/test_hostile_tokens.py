"""No hostile token gets in, by the verifier, REST or WebSocket; good ones do everywhere."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney import wiring
from automoney.api.app import create_app
from automoney.errors import Unauthorized
from automoney.identity import Verifier
from automoney.settings import Settings
from automoney.stores.tickets import DynamoTickets
from functions.ws_authorize.handler import handler as authorize
from tests.api.fakes_api import World
from tests.fakes_dynamo import FakeDynamo
from tests.functions.lambda_context import CONTEXT
from tests.hostile_tokens import AUDIENCE, GOOD, HOSTILE, ISSUER, KEYS, NOON

EVENT = Path(__file__).resolve().parent / "events" / "ws_authorize.json"
VERIFIER = Verifier(ISSUER, AUDIENCE, KEYS)

good = pytest.mark.parametrize("token", GOOD.values(), ids=list(GOOD))
hostile = pytest.mark.parametrize("token", HOSTILE.values(), ids=[ascii(name) for name in HOSTILE])


@pytest.fixture(scope="module")
def rest() -> TestClient:
    """The REST API with the real verifier, at noon, as often asked as it likes."""
    services = World().services()
    patient = replace(services.limiter, limit=10_000, reduced=10_000)
    services = replace(services, verifier=VERIFIER, clock=lambda: NOON, limiter=patient)
    return TestClient(create_app(services))


def ask_rest(rest: TestClient, token: str) -> int:
    headers = {b"Authorization": b"Bearer " + token.encode("utf-8", "surrogatepass")}
    return rest.get("/api/events", headers=headers).status_code


@pytest.fixture
def ask_socket(monkeypatch: pytest.MonkeyPatch) -> Any:
    tickets = DynamoTickets(FakeDynamo().client, "tickets")
    monkeypatch.setattr(wiring, "tickets", lambda: tickets)
    monkeypatch.setattr(wiring, "settings", Settings)
    monkeypatch.setattr(wiring, "verifier", lambda: VERIFIER)
    monkeypatch.setattr(wiring, "clock", lambda: NOON)

    def ask(token: str) -> dict[str, Any]:
        event = json.loads(EVENT.read_text())
        event["headers"]["Authorization"] = f"Bearer {token}"
        answer: dict[str, Any] = authorize(event, CONTEXT)
        return answer

    return ask


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE.values())) >= 180


@good
def test_a_good_token_gets_in_everywhere(token: str, rest: TestClient, ask_socket: Any) -> None:
    assert VERIFIER.verify(token, now=NOON).user_id == "ada"
    assert ask_rest(rest, token) == 200
    assert ask_socket(token)["principalId"] == "ada"


@hostile
def test_a_hostile_token_gets_in_nowhere(
    token: str, rest: TestClient, ask_socket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unauthorized):
        VERIFIER.verify(token, now=NOON)
    assert ask_rest(rest, token) == 401
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask_socket(token)
    written = "".join(capsys.readouterr())
    assert not any(len(part) > 20 and part in written for part in token.split("."))


@pytest.mark.parametrize("scheme", ["", "Basic", "bearer:", "Token", "Bearer,Bearer", "Bearer\t"])
def test_a_good_token_under_another_scheme_is_none(
    scheme: str, rest: TestClient, ask_socket: Any
) -> None:
    headers = {"Authorization": f"{scheme} {GOOD['ES256']}"}
    assert rest.get("/api/events", headers=headers).status_code == 401
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize({"headers": headers, "methodArn": "x"}, CONTEXT)
    assert ask_socket(GOOD["ES256"])["principalId"] == "ada"


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "\t{}", "{}\0", "\ufeff{}"])
def test_a_blank_is_no_part_of_a_token(around: str) -> None:
    """A server strips what is around a header's value; what is left is taken as it is."""
    with pytest.raises(Unauthorized, match="malformed"):
        VERIFIER.verify(around.format(GOOD["ES256"]), now=NOON)
