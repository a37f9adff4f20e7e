import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials

from automoney.channels.posting import Credentials, SignedPosts
from automoney.channels.sockets import ApiGatewaySockets
from automoney.errors import ConnectionGone, SourceUnavailable

WHO = Credentials("key", "secret")


def now() -> datetime:
    return datetime.now(UTC)


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
    posts = SignedPosts(url, "local", lambda: WHO, now, lambda _: None)
    return ApiGatewaySockets(client, posts)


@pytest.fixture(scope="module")
def sockets(server: Api) -> Iterator[ApiGatewaySockets]:
    made = sockets_at(server.url)
    yield made
    made.posts.close()


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


@pytest.mark.parametrize("token", [None, "session-token/+="])
@pytest.mark.parametrize("stage", ["", "/prod"])
def test_the_signature_is_botocores(token: str | None, stage: str) -> None:
    who = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    url = f"https://abc.execute-api.eu-central-1.amazonaws.com{stage}"
    posts = SignedPosts(url, "eu-central-1", lambda: who, now)
    path, payload = f"{stage}/@connections/L0SM9cOFvHcCIhw%3D", '{"a":"ä"}'.encode()
    host = url.split("/")[2]
    ours = posts.signed(path, host, payload, now())
    request = AWSRequest("POST", f"https://{host}{path}", data=payload)
    theirs = SigV4Auth(
        BotoCredentials(who.access_key, who.secret_key, token), "execute-api", "eu-central-1"
    )
    request.context["timestamp"] = ours["X-Amz-Date"]
    text = theirs.string_to_sign(request, _canonical(theirs, request, ours, token))
    expected = theirs.signature(text, request)
    assert ours["Authorization"].endswith(f"Signature={expected}")


def _canonical(auth: SigV4Auth, request: AWSRequest, ours: dict[str, str], token: object) -> str:
    request.headers["X-Amz-Date"] = ours["X-Amz-Date"]
    if token:
        request.headers["X-Amz-Security-Token"] = ours["X-Amz-Security-Token"]
    return str(auth.canonical_request(request))


def test_what_is_throttled_is_tried_again_a_little_later(api: Api) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            api.status = 200

    api.status = 429
    posts = SignedPosts(api.url, "local", lambda: WHO, now, wait)
    posts.post("x=", b"{}")
    posts.close()
    assert len(api.asked) == 3
    assert 0.05 <= waits[0] <= 0.1 <= waits[1] <= 0.2


@pytest.mark.parametrize("status", [400, 403, 410, 413])
def test_what_will_not_change_is_not_tried_again(api: Api, status: int) -> None:
    api.status = status
    posts = SignedPosts(api.url, "local", lambda: WHO, now)
    with pytest.raises((ConnectionGone, SourceUnavailable)):
        posts.post("x=", b"{}")
    posts.close()
    assert len(api.asked) == 1


def test_threads_share_a_few_connections(api: Api) -> None:
    posts = SignedPosts(api.url, "local", lambda: WHO, now)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: posts.post(f"{number}=", b"{}"), range(200)))
    assert len(api.asked) == 200
    assert posts._idle.qsize() <= 4
    posts.close()
