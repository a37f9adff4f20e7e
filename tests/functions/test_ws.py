"""The ws_* handlers on real event bodies, wired to the strict fakes."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automoney import wiring
from automoney.identity import Verifier
from automoney.ports import Connection, Subscription
from automoney.settings import Settings
from automoney.stores.connections import DynamoConnections
from automoney.stores.tickets import DynamoTickets
from functions.ws_authorize.handler import handler as authorize
from functions.ws_broadcast.handler import handler as broadcast
from functions.ws_connect.handler import handler as connect
from functions.ws_disconnect.handler import handler as disconnect
from functions.ws_message.handler import handler as message
from functions.ws_prune.handler import handler as prune
from infra.local.tokens import issue, new_key
from tests.fakes_dynamo import FakeDynamo
from tests.fakes_sockets import FakeSockets
from tests.functions.lambda_context import CONTEXT

EVENTS = Path(__file__).resolve().parents[1] / "events"
NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
PEM, KEYS = new_key()
ID = "TkL3ecpqFiACEYA="


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return found


@dataclass
class Wired:
    connections: DynamoConnections
    tickets: DynamoTickets
    sockets: FakeSockets


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> Wired:
    dynamo = FakeDynamo()
    wired = Wired(
        DynamoConnections(dynamo.client, "connections"),
        DynamoTickets(dynamo.client, "tickets"),
        FakeSockets(),
    )
    settings = Settings(allowed_origins=("https://app.example.com",))
    monkeypatch.setattr(wiring, "connections", lambda: wired.connections)
    monkeypatch.setattr(wiring, "tickets", lambda: wired.tickets)
    monkeypatch.setattr(wiring, "sockets", lambda: wired.sockets)
    monkeypatch.setattr(wiring, "verifier", lambda: Verifier("us", "automoney", KEYS))
    monkeypatch.setattr(wiring, "settings", lambda: settings)
    monkeypatch.setattr(wiring, "clock", lambda: NOON)
    return wired


def with_token(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "issuer": "us",
        "audience": "automoney",
        "user_id": "ada",
        "roles": ["user", "ops"],
        "now": NOON,
        "ttl": timedelta(hours=1),
    }
    kid = json.loads(KEYS)["keys"][0]["kid"]
    asked = event("ws_authorize.json")
    asked["headers"]["Authorization"] = f"Bearer {issue(PEM, kid, **whole | changed)}"
    return asked


def allowing(user: str, roles: str, arn: str) -> dict[str, Any]:
    allow = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": arn}
    return {
        "principalId": user,
        "policyDocument": {"Version": "2012-10-17", "Statement": [allow]},
        "context": {"userId": user, "roles": roles},
    }


def test_authorize_lets_a_token_in(wired: Wired) -> None:
    asked = with_token()
    assert authorize(asked, CONTEXT) == allowing("ada", "ops,user", asked["methodArn"])


def test_authorize_lets_a_ticket_in_once(wired: Wired) -> None:
    asked = event("ws_authorize_ticket.json")
    asked["queryStringParameters"]["ticket"] = wired.tickets.issue("bob", now=NOON)
    assert authorize(asked, CONTEXT) == allowing("bob", "user", asked["methodArn"])
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(asked, CONTEXT)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(event("ws_authorize.json"), id="no real token"),
        pytest.param(event("ws_authorize_ticket.json"), id="no real ticket"),
        pytest.param(with_token(audience="other"), id="for another audience"),
        pytest.param(with_token(now=NOON - timedelta(hours=1)), id="expired"),
    ],
)
def test_authorize_answers_401_without_a_trace_of_the_credentials(
    wired: Wired, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(asked, CONTEXT)
    written = "".join(capsys.readouterr())
    assert asked["headers"].get("Authorization", "one-time-ticket").split()[-1] not in written


def test_connect_registers_whose_socket_it_is(wired: Wired) -> None:
    assert connect(event("ws_connect.json"), CONTEXT) == {"statusCode": 200}
    assert wired.connections.get(ID) == Connection(ID, "ada", NOON)


def test_connect_echoes_a_sub_protocol(wired: Wired) -> None:
    asked = event("ws_connect.json")
    asked["headers"]["Sec-WebSocket-Protocol"] = "automoney.v1, other"
    answer = connect(asked, CONTEXT)
    assert answer["headers"] == {"Sec-WebSocket-Protocol": "automoney.v1"}


def test_disconnect_forgets_it(wired: Wired) -> None:
    wired.connections.add(Connection(ID, "ada", NOON))
    assert disconnect(event("ws_disconnect.json"), CONTEXT) == {"statusCode": 200}
    assert wired.connections.all() == []


def test_message_subscribes_and_says_so(wired: Wired) -> None:
    wired.connections.add(Connection(ID, "ada", NOON))
    wired.sockets.active[ID] = NOON
    assert message(event("ws_message_subscribe.json"), CONTEXT) == {"statusCode": 200}
    (one,) = wired.connections.all()
    assert one.subscriptions == {Subscription("agent:scores", "hodl-wave")}
    assert wired.sockets.heard(ID) == [
        {"event": "subscribed", "data": {"event": "agent:scores", "strategyId": "hodl-wave"}}
    ]


def test_message_without_a_body_is_explained(wired: Wired) -> None:
    wired.connections.add(Connection(ID, "ada", NOON))
    wired.sockets.active[ID] = NOON
    asked = event("ws_message_subscribe.json")
    del asked["body"]
    assert message(asked, CONTEXT) == {"statusCode": 200}
    assert wired.sockets.heard(ID)[0]["event"] == "error"


def test_broadcast_pushes_and_names_what_failed(wired: Wired) -> None:
    everything = frozenset({Subscription(None, None)})
    wired.connections.add(Connection("a", "ada", NOON, everything))
    wired.connections.add(Connection("b", "bob", NOON, everything))
    wired.sockets.active |= {"a": NOON, "b": NOON}
    wired.sockets.stuck.add("b")
    assert broadcast(event("sqs_events.json"), CONTEXT) == {
        "batchItemFailures": [{"itemIdentifier": "f6f6b1d3-0d8b-4d0b-9d0e-5a2d1c1f7b11"}]
    }
    assert [envelope["seq"] for envelope in wired.sockets.heard("a")] == [17, 18]


def test_prune_goes_by_the_wall_clock(wired: Wired) -> None:
    for name, minutes in (("idle", 5), ("lively", 4)):
        wired.connections.add(Connection(name, "ada", NOON - timedelta(hours=1)))
        wired.sockets.active[name] = NOON - timedelta(minutes=minutes)
    answer = prune(event("eventbridge_cron.json"), CONTEXT)
    assert answer == {"closed": 1, "gone": 0, "unknown": 0}
    assert wired.sockets.closed == ["idle"]
