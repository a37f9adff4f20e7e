import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.config import Config

from automoney.channels.sockets import ApiGatewaySockets
from automoney.errors import ConnectionGone, SourceUnavailable


class Api:
    """A loopback @connections API that answers as it is told and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.kind, self.body = 200, "", b"{}"
        self.asked: list[tuple[str, str, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                outer.asked.append((self.command, self.path, self.rfile.read(length)))
                self.send_response(outer.status)
                if outer.kind:
                    self.send_header("x-amzn-errortype", outer.kind)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            do_POST = do_GET = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    server = Api()
    yield server
    server.stop()


@pytest.fixture
def api(server: Api) -> Api:
    server.status, server.kind, server.body = 200, "", b"{}"
    server.asked.clear()
    return server


def sockets_at(url: str) -> ApiGatewaySockets:
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name="local",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, proxies={}, connect_timeout=2),
    )
    return ApiGatewaySockets(client)


@pytest.fixture(scope="module")
def sockets(server: Api) -> ApiGatewaySockets:
    return sockets_at(server.url)


def test_post_close_and_ask(api: Api, sockets: ApiGatewaySockets) -> None:
    sockets.post("L0SM9cOFvHcCIhw=", b'{"event":"pong"}')
    sockets.close("L0SM9cOFvHcCIhw=")
    api.body = b'{"lastActiveAt": "2025-11-05T12:00:01.5Z", "connectedAt": "2025-11-05T12:00:00Z"}'
    moment = sockets.last_active("L0SM9cOFvHcCIhw=")
    assert moment == datetime(2025, 11, 5, 12, 0, 1, 500_000, tzinfo=UTC)
    assert moment.utcoffset() is not None
    path = "/@connections/L0SM9cOFvHcCIhw%3D"
    assert api.asked == [
        ("POST", path, b'{"event":"pong"}'),
        ("DELETE", path, b""),
        ("GET", path, b""),
    ]


@pytest.mark.parametrize("call", ["post", "close", "last_active"])
def test_a_410_is_a_connection_that_is_gone(
    api: Api, sockets: ApiGatewaySockets, call: str
) -> None:
    api.status, api.kind, api.body = 410, "GoneException", b'{"message":"Gone"}'
    arguments = ("x=", b"{}") if call == "post" else ("x=",)
    with pytest.raises(ConnectionGone, match="x="):
        getattr(sockets, call)(*arguments)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "LimitExceededException"),
        (413, "PayloadTooLargeException"),
        (403, "ForbiddenException"),
        (500, "InternalServerError"),
        (502, ""),
    ],
)
def test_any_other_refusal_is_unavailable_with_its_status(
    api: Api, sockets: ApiGatewaySockets, status: int, kind: str
) -> None:
    api.status, api.kind = status, kind
    with pytest.raises(SourceUnavailable) as refused:
        sockets.post("x=", b"{}")
    assert refused.value.status == status


def test_an_api_that_is_not_there_is_unavailable(unused_url: str) -> None:
    with pytest.raises(SourceUnavailable) as refused:
        sockets_at(unused_url).post("x=", b"{}")
    assert refused.value.status is None


@pytest.fixture
def unused_url() -> str:
    api = Api()
    api.stop()
    return api.url
