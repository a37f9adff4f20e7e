import json
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from infra.local.gateway import FunctionError, FunctionTimeout
from tests.infra.gateway.served import Gateway, allow, later

EVENTS = Path(__file__).resolve().parents[2] / "events"
KIB = 1024


def kinds(value: Any, *, without: frozenset[str] = frozenset()) -> Any:
    """The shape of a value: names and types, without the values."""
    if isinstance(value, dict):
        return {name: kinds(item) for name, item in value.items() if name not in without}
    return type(value).__name__


def theirs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return found


def failing(error: Exception) -> Any:
    def function(_: dict[str, Any]) -> None:
        raise error

    return function


# ---------------------------------------------------------------- opening


def test_events_have_the_shapes_of_awss_own(gateway: Gateway) -> None:
    url = f"{gateway.ws_url}?ticket=one-time-ticket"
    with gateway.open(url=url, origin="https://app.example.com") as client:
        client.send('{"action":"subscribe"}')
        later(lambda: gateway.functions.events("ws_message"))
    later(lambda: gateway.functions.events("ws_disconnect"))

    names = ("ws_authorize", "ws_connect", "ws_message", "ws_disconnect")
    authorize, connect, message, disconnect = (gateway.functions.events(n)[0] for n in names)
    own_headers = frozenset({"headers", "multiValueHeaders"})
    for ours, file in (
        (authorize, "ws_authorize_ticket.json"),
        (connect, "ws_connect.json"),
        (message, "ws_message_subscribe.json"),
        (disconnect, "ws_disconnect.json"),
    ):
        aws = theirs(file)
        aws["requestContext"].get("authorizer", {}).pop("integrationLatency", None)
        assert kinds(ours, without=own_headers) == kinds(aws, without=own_headers)
        if "headers" in aws:
            assert ours["headers"].keys() == ours["multiValueHeaders"].keys()
    assert connect["headers"]["Origin"] == "https://app.example.com"
    assert connect["headers"]["Sec-WebSocket-Version"] == "13"
    assert connect["queryStringParameters"] == {"ticket": "one-time-ticket"}
    ids = {e["requestContext"]["connectionId"] for e in (authorize, connect, message, disconnect)}
    (one,) = ids
    assert len(one) == 16
    assert one.endswith("=")
    for event in (connect, message, disconnect):
        assert event["requestContext"]["authorizer"] == {
            "principalId": "ada",
            "userId": "ada",
            "roles": "user",
        }


@pytest.mark.parametrize(
    ("headers", "named", "status"),
    [
        pytest.param({}, {}, 401, id="no credentials"),
        pytest.param({"Authorization": "Bearer eve"}, {}, 403, id="a policy that denies"),
        pytest.param(None, {"ws_authorize": lambda _: None}, 403, id="no policy"),
        pytest.param(None, {"ws_authorize": lambda _: {"principalId": "a"}}, 403, id="half of one"),
        pytest.param(
            None,
            {"ws_authorize": lambda e: allow({**e, "methodArn": "arn:of:another"})},
            403,
            id="a policy for something else",
        ),
        pytest.param(
            None,
            {"ws_authorize": failing(FunctionError("ws_authorize", "KeyError: 'x'"))},
            500,
            id="the authorizer fails",
        ),
        pytest.param(
            None,
            {"ws_authorize": failing(FunctionTimeout("ws_authorize", "too long"))},
            500,
            id="the authorizer takes too long",
        ),
        pytest.param(
            None, {"ws_connect": lambda _: {"statusCode": 409}}, 409, id="$connect says no"
        ),
        pytest.param(None, {"ws_connect": lambda _: None}, 502, id="$connect says nothing"),
        pytest.param(
            None,
            {"ws_connect": failing(FunctionError("ws_connect", "KeyError: 'x'"))},
            502,
            id="$connect fails",
        ),
    ],
)
def test_who_may_not_in_gets_a_status_and_no_socket(
    gateway: Gateway, headers: dict[str, str] | None, named: dict[str, Any], status: int
) -> None:
    gateway.functions.named |= named
    with pytest.raises(InvalidStatus) as refused, gateway.open(headers):
        pytest.fail("let in")
    assert refused.value.response.status_code == status
    assert b"message" in (refused.value.response.body or b"")
    assert len(gateway.hub) == 0
    assert gateway.functions.events("ws_disconnect") == []


def test_there_is_one_path(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused, gateway.open(url=f"{gateway.ws_url}/x"):
        pytest.fail("let in")
    assert refused.value.response.status_code == 403
    assert gateway.functions.calls == []


@pytest.mark.parametrize("pattern", ["*", "arn:aws:execute-api:*:*:*/local/$connect"])
def test_policies_have_patterns(gateway: Gateway, pattern: str) -> None:
    gateway.functions.named["ws_authorize"] = lambda e: allow({**e, "methodArn": pattern})
    with gateway.open() as client:
        client.send('{"action":"ping"}')
        assert client.recv(2)


@pytest.mark.parametrize(
    ("offered", "echoed", "spoken"),
    [
        (["v2", "v1"], "v1", "v1"),
        (["v2", "v1"], None, None),
        (["v2"], "other", None),
        (None, "v1", None),
    ],
)
def test_a_sub_protocol_is_spoken_if_it_was_offered_and_echoed(
    gateway: Gateway, offered: Any, echoed: str | None, spoken: str | None
) -> None:
    answer = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": echoed} if echoed else None}
    gateway.functions.named["ws_connect"] = lambda _: answer
    with gateway.open(subprotocols=offered) as client:
        assert client.subprotocol == spoken


def test_it_is_gone_for_pushes_until_connect_has_been_answered(gateway: Gateway) -> None:
    management = gateway.management()
    seen: list[str] = []

    def connect(event: dict[str, Any]) -> dict[str, Any]:
        connection_id = event["requestContext"]["connectionId"]
        try:
            management.post_to_connection(ConnectionId=connection_id, Data=b"early")
        except management.exceptions.GoneException:
            seen.append(connection_id)
        return {"statusCode": 200}

    gateway.functions.named["ws_connect"] = connect
    with gateway.open() as client:
        management.post_to_connection(ConnectionId=seen[0], Data=b"now")
        assert client.recv(2) == "now"


# ---------------------------------------------------------------- messages


def test_ping_costs_no_function(gateway: Gateway) -> None:
    with gateway.open() as client:
        client.send('{"action":"ping"}')
        assert json.loads(client.recv(2)) == {"event": "pong"}
    assert gateway.functions.events("ws_message") == []


@pytest.mark.parametrize(
    "text",
    ["hello", "", "3", '["ping"]', '{"action":"subscribe"}', '{"action":["ping"]}', "[" * 9999],
)
def test_everything_else_is_the_functions(gateway: Gateway, text: str) -> None:
    with gateway.open() as client:
        client.send(text)
        later(lambda: gateway.functions.events("ws_message"))
    assert gateway.functions.events("ws_message")[0]["body"] == text


def test_messages_of_one_client_are_handled_in_order_one_at_a_time(gateway: Gateway) -> None:
    inside: list[str] = []
    done: list[str] = []

    def message(event: dict[str, Any]) -> dict[str, Any]:
        inside.append(event["body"])
        assert len(inside) == 1
        done.append(inside.pop())
        return {"statusCode": 200}

    gateway.functions.named["ws_message"] = message
    sent = [str(number) for number in range(100)]
    with gateway.open() as client:
        for text in sent:
            client.send(text)
        later(lambda: len(done) == 100)
    assert done == sent


def test_a_message_that_takes_long_holds_up_nobody_else(gateway: Gateway) -> None:
    release = threading.Event()
    gateway.functions.named["ws_message"] = lambda _: release.wait(5)
    with gateway.open() as slow, gateway.open() as other:
        slow.send("work")
        later(lambda: gateway.functions.events("ws_message"))
        other.send('{"action":"ping"}')
        assert other.recv(2)
        release.set()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FunctionError("ws_message", "KeyError: 'secret'"), "Internal server error"),
        (FunctionTimeout("ws_message", "too long"), "Endpoint request timed out"),
    ],
)
def test_a_function_that_fails_is_told_as_aws_does_and_the_connection_lives(
    gateway: Gateway, error: Exception, words: str
) -> None:
    gateway.functions.named["ws_message"] = failing(error)
    with gateway.open() as client:
        client.send("x")
        told = json.loads(client.recv(2))
        assert told["message"] == words
        assert told.keys() == {"message", "connectionId", "requestId"}
        client.send('{"action":"ping"}')
        assert json.loads(client.recv(2)) == {"event": "pong"}


def test_128_kb_is_the_most(gateway: Gateway) -> None:
    with gateway.open() as client:
        client.send("ä" * (64 * KIB))
        later(lambda: gateway.functions.events("ws_message"))
        client.send("ä" * (64 * KIB) + "x")
        assert closed(client) == 1009
    later(lambda: gateway.functions.events("ws_disconnect"))
    assert len(gateway.functions.events("ws_message")) == 1
    (goodbye,) = gateway.functions.events("ws_disconnect")
    assert goodbye["requestContext"]["disconnectStatusCode"] == 1009


def test_binary_frames_are_refused(gateway: Gateway) -> None:
    with gateway.open() as client:
        client.send(b"\x00")
        assert closed(client) == 1003
    assert gateway.functions.events("ws_message") == []


def closed(client: Any) -> int:
    """Wait for the server's close and return its code."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            client.recv(3)
    received = ended.value.rcvd
    assert received is not None
    return int(received.code)


# ---------------------------------------------------------------- closing


def test_disconnect_is_told_with_the_clients_code(gateway: Gateway) -> None:
    with gateway.open() as client:
        client.close(4001, "enough")
    later(lambda: gateway.functions.events("ws_disconnect"))
    context = gateway.functions.events("ws_disconnect")[0]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (4001, "enough")
    later(lambda: len(gateway.hub) == 0)


def test_disconnect_is_told_when_the_line_breaks(gateway: Gateway) -> None:
    with gateway.open() as client:
        client.socket.shutdown(2)
        later(lambda: gateway.functions.events("ws_disconnect"))
    later(lambda: len(gateway.hub) == 0)


def test_a_disconnect_that_fails_hurts_nobody(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.functions.named["ws_disconnect"] = failing(FunctionError("ws_disconnect", "x"))
    with gateway.open():
        pass
    later(lambda: "$disconnect failed" in caplog.text)
    with gateway.open() as client:
        client.send('{"action":"ping"}')
        assert client.recv(2)


def test_a_client_that_leaves_while_its_message_is_handled_is_said_goodbye_to(
    gateway: Gateway,
) -> None:
    release = threading.Event()
    ended: list[bool] = []
    gateway.functions.named["ws_message"] = lambda _: ended.append(release.wait(5))
    with gateway.open() as client:
        client.send("work")
        later(lambda: gateway.functions.events("ws_message"))
        client.socket.shutdown(2)
        release.set()
    later(lambda: ended == [True])
    later(lambda: gateway.functions.events("ws_disconnect"))
