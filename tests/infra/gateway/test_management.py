import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
from websockets.sync.client import ClientConnection

from automoney.errors import ConnectionGone
from tests.infra.gateway.served import Gateway, later
from tests.infra.gateway.test_websocket import closed

KIB = 1024


@pytest.fixture(scope="module")
def management(server: Gateway) -> ApiGatewayManagementApiClient:
    return server.management()


@pytest.fixture
def client(gateway: Gateway) -> Iterator[ClientConnection]:
    with gateway.open(user_agent_header="test/1") as client:
        yield client


def id_of(gateway: Gateway) -> str:
    opened: str = gateway.functions.events("ws_connect")[-1]["requestContext"]["connectionId"]
    later(lambda: len(gateway.hub) >= 1)
    return opened


def test_posts_arrive_as_text_in_order(
    gateway: Gateway, client: ClientConnection, management: ApiGatewayManagementApiClient
) -> None:
    target = id_of(gateway)
    for number in range(20):
        payload = json.dumps({"seq": number, "note": "ä"}, ensure_ascii=False).encode()
        management.post_to_connection(ConnectionId=target, Data=payload)
    assert [json.loads(client.recv(2)) for _ in range(20)] == [
        {"seq": number, "note": "ä"} for number in range(20)
    ]


def test_it_says_who_is_there_and_since_when(
    gateway: Gateway, client: ClientConnection, management: ApiGatewayManagementApiClient
) -> None:
    target = id_of(gateway)
    before = management.get_connection(ConnectionId=target)
    assert before["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "test/1"}
    assert datetime.now(UTC) - before["ConnectedAt"] < timedelta(seconds=5)
    client.send('{"action":"ping"}')
    client.recv(2)
    after = management.get_connection(ConnectionId=target)
    assert after["ConnectedAt"] == before["ConnectedAt"] <= before["LastActiveAt"]
    assert after["LastActiveAt"] > before["LastActiveAt"]
    assert gateway.sockets().last_active(target) == after["LastActiveAt"]


def test_delete_closes_behind_what_was_sent(
    gateway: Gateway, client: ClientConnection, management: ApiGatewayManagementApiClient
) -> None:
    target = id_of(gateway)
    management.post_to_connection(ConnectionId=target, Data=b"last words")
    management.delete_connection(ConnectionId=target)
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=target, Data=b"too late")
    assert client.recv(2) == "last words"
    assert closed(client) == 1000
    later(lambda: gateway.functions.events("ws_disconnect"))
    assert len(gateway.hub) == 0


@pytest.mark.parametrize("call", ["post", "close", "last_active"])
def test_a_socket_that_closed_is_gone(
    gateway: Gateway, management: ApiGatewayManagementApiClient, call: str
) -> None:
    with gateway.open():
        target = id_of(gateway)
    later(lambda: len(gateway.hub) == 0)
    arguments = (target, b"{}") if call == "post" else (target,)
    with pytest.raises(ConnectionGone):
        getattr(gateway.sockets(), call)(*arguments)
    with pytest.raises(management.exceptions.GoneException) as gone:
        management.get_connection(ConnectionId="never-was=")
    assert gone.value.response["Error"]["Message"] == "Gone"


@pytest.mark.parametrize(
    ("payload", "status", "kind"),
    [
        (b"x" * (128 * KIB + 1), 413, "PayloadTooLargeException"),
        (b"\xff", 400, "BadRequestException"),
    ],
)
def test_what_cannot_be_sent(
    gateway: Gateway,
    client: ClientConnection,
    management: ApiGatewayManagementApiClient,
    payload: bytes,
    status: int,
    kind: str,
) -> None:
    target = id_of(gateway)
    with pytest.raises(ClientError) as refused:
        management.post_to_connection(ConnectionId=target, Data=payload)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert refused.value.response["Error"]["Code"] == kind
    management.post_to_connection(ConnectionId=target, Data=b"x" * (128 * KIB))
    assert len(client.recv(2)) == 128 * KIB


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer ada"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20251105/eu/execute-api/x"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=LOCALKEY1234"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=LOCALKEY12345/20251105/eu/execute-api/x"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_only_the_runtime_itself_may_push(
    gateway: Gateway, client: ClientConnection, method: str, headers: dict[str, Any]
) -> None:
    url = f"{gateway.management_url}/@connections/{id_of(gateway)}"
    with httpx.Client(trust_env=False) as http:
        answer = http.request(method, url, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "ForbiddenException"
    client.send('{"action":"ping"}')
    assert client.recv(2)


def test_a_strangers_signature_is_a_403_to_boto_too(
    gateway: Gateway, client: ClientConnection
) -> None:
    stranger = gateway.management("AKIASTRANGER")
    with pytest.raises(stranger.exceptions.ForbiddenException):
        stranger.post_to_connection(ConnectionId=id_of(gateway), Data=b"x")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/@connections/x"), ("GET", "/"), ("GET", "/@connections/"), ("POST", "/ws")],
)
def test_there_is_nothing_else(gateway: Gateway, method: str, path: str) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=LOCALKEY1234/x"}
    with httpx.Client(trust_env=False) as http:
        answer = http.request(method, gateway.management_url + path, headers=headers)
    assert answer.status_code == 404


def test_the_path_may_begin_with_a_stage(gateway: Gateway, client: ClientConnection) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=LOCALKEY1234/x"}
    url = f"{gateway.management_url}/live/@connections/{id_of(gateway)}"
    with httpx.Client(trust_env=False) as http:
        assert http.post(url, content=b"hi", headers=headers).status_code == 200
    assert client.recv(2) == "hi"
