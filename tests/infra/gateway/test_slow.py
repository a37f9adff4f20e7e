"""A client that does not read: it is throttled, then cut, and holds up nobody else."""

import socket
from base64 import b64encode
from datetime import timedelta

import pytest

from infra.local.gateway import Limits
from tests.infra.gateway.served import Gateway, later

KIB = 1024


@pytest.fixture(scope="module")
def limits() -> Limits:
    return Limits(queued_frames=50, queued_bytes=1024 * KIB, stalled=timedelta(seconds=2))


def open_without_reading(gateway: Gateway) -> socket.socket:
    """A client that opens a socket and never reads what comes."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
    line.connect(("127.0.0.1", gateway.port))
    key = b64encode(b"0" * 16).decode()
    line.sendall(
        f"GET /ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bob\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert line.recv(12) == b"HTTP/1.1 101"
    return line


def test_who_does_not_read_is_throttled_and_then_cut(gateway: Gateway) -> None:
    management = gateway.management()
    frame = b"x" * (128 * KIB)
    with open_without_reading(gateway):
        later(lambda: len(gateway.hub) == 1)
        (opened,) = gateway.functions.events("ws_connect")
        slow = opened["requestContext"]["connectionId"]
        with pytest.raises(management.exceptions.LimitExceededException):
            for _ in range(500):
                management.post_to_connection(ConnectionId=slow, Data=frame)

        with gateway.open() as reader:
            (_, event) = gateway.functions.events("ws_connect")
            fast = event["requestContext"]["connectionId"]
            later(lambda: len(gateway.hub) == 2)  # the slow one is still there
            management.post_to_connection(ConnectionId=fast, Data=b"quick")
            assert reader.recv(2) == "quick"

            later(lambda: gateway.functions.events("ws_disconnect"))
            (gone,) = gateway.functions.events("ws_disconnect")
            assert gone["requestContext"]["connectionId"] == slow
            assert gone["requestContext"]["disconnectStatusCode"] == 1006
            with pytest.raises(management.exceptions.GoneException):
                management.post_to_connection(ConnectionId=slow, Data=b"x")
            management.post_to_connection(ConnectionId=fast, Data=b"still")
            assert reader.recv(2) == "still"


def test_who_reads_gets_any_number_of_frames(gateway: Gateway) -> None:
    management = gateway.management()
    with gateway.open() as client:
        (opened,) = gateway.functions.events("ws_connect")
        target = opened["requestContext"]["connectionId"]
        for number in range(200):  # more than fit at once, but this one reads
            management.post_to_connection(ConnectionId=target, Data=str(number).encode())
        assert [client.recv(2) for _ in range(200)] == [str(number) for number in range(200)]
