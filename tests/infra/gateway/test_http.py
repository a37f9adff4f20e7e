import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from mangum import Mangum
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.gateway import FunctionError, FunctionTimeout
from tests.infra.gateway.served import Gateway

AWS_EVENT = Path(__file__).resolve().parents[2] / "events" / "http_api_v2.json"


def ask(gateway: Gateway, method: str, path: str, **options: Any) -> httpx.Response:
    with httpx.Client(base_url=gateway.url, trust_env=False) as client:
        return client.request(method, path, **options)


def kinds(value: Any) -> Any:
    """The shape of a value: names and types, without the values."""
    if isinstance(value, dict):
        return {name: kinds(item) for name, item in value.items()}
    return type(value).__name__


# ---------------------------------------------------------------- requests


def test_a_get_has_the_shape_of_awss_own_event(gateway: Gateway) -> None:
    theirs = json.loads(AWS_EVENT.read_text())
    ask(gateway, "GET", "/api/agents/scores?strategyId=hodl-wave")
    (ours,) = gateway.functions.events("api")
    assert kinds(ours["requestContext"]) == kinds(theirs["requestContext"])
    assert ours.keys() == theirs.keys()
    for name in ("version", "routeKey", "rawPath", "rawQueryString", "queryStringParameters"):
        assert ours[name] == theirs[name]
    assert ours["headers"]["x-forwarded-proto"] == "http"
    assert ours["headers"]["x-forwarded-port"] == str(gateway.port)


def test_repeated_queries_and_headers_are_joined_and_cookies_apart(gateway: Gateway) -> None:
    headers = [
        ("X-Many", "a"),
        ("x-many", "b"),
        ("Cookie", "one=1; two=2"),
        ("X-Name", "Jürgen".encode("latin-1")),
    ]
    ask(gateway, "DELETE", "/api/a%2Fb%20c?x=1&x=2&empty=&y=%C3%A4", headers=headers)
    (event,) = gateway.functions.events("api")
    assert event["requestContext"]["http"]["method"] == "DELETE"
    assert event["rawPath"] == "/api/a%2Fb%20c"
    assert event["requestContext"]["http"]["path"] == "/api/a/b c"
    assert event["rawQueryString"] == "x=1&x=2&empty=&y=%C3%A4"
    assert event["queryStringParameters"] == {"x": "1,2", "empty": "", "y": "ä"}
    assert event["headers"]["x-many"] == "a,b"
    assert event["headers"]["x-name"] == "Jürgen"
    assert event["cookies"] == ["one=1", "two=2"]
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize(
    ("content_type", "content", "body", "encoded"),
    [
        ("application/json", b'{"maxPosition":"0.5"}', '{"maxPosition":"0.5"}', False),
        ("text/plain; charset=utf-8", "ä".encode(), "ä", False),
        ("application/json", b"\xff\xfe", "//4=", True),
        ("application/octet-stream", b"\x00\x01", "AAE=", True),
        ("application/x-www-form-urlencoded", b"a=1", "YT0x", True),
    ],
)
def test_bodies_travel_as_text_or_base64(
    gateway: Gateway, content_type: str, content: bytes, body: str, encoded: bool
) -> None:
    headers = {"Content-Type": content_type}
    ask(gateway, "POST", "/api/strategies/x/follow", content=content, headers=headers)
    (event,) = gateway.functions.events("api")
    assert (event["body"], event["isBase64Encoded"]) == (body, encoded)


@pytest.mark.parametrize(
    ("size", "content_type"),
    [
        pytest.param(10 * 1024**2 + 1, "application/json", id="over the gateway's 10 MB"),
        pytest.param(6 * 1024**2 + 1, "application/json", id="over Lambda's 6 MB"),
        pytest.param(5 * 1024**2, "image/png", id="over Lambda's 6 MB once it is base64"),
    ],
)
def test_too_large_a_request_is_a_413_and_runs_nothing(
    gateway: Gateway, size: int, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    answer = ask(gateway, "POST", "/api/x", content=b"x" * size, headers=headers)
    assert answer.status_code == 413
    assert answer.json() == {"message": "Request Entity Too Large"}
    assert gateway.functions.calls == []


# ---------------------------------------------------------------- responses


def test_status_headers_cookies_and_binary_bodies_come_through(gateway: Gateway) -> None:
    content = gzip.compress(b"hello")
    gateway.functions.named["api"] = lambda _: {
        "statusCode": 201,
        "headers": {"content-type": "text/x", "Content-Encoding": "gzip", "content-length": "3"},
        "multiValueHeaders": {"x-many": ["a", "b"]},
        "cookies": ["one=1; Path=/", "two=2"],
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
    }
    answer = ask(gateway, "PUT", "/api/x")
    assert (answer.status_code, answer.content) == (201, b"hello")
    assert answer.headers["content-type"] == "text/x"
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers.get_list("x-many") == ["a", "b"]
    assert answer.headers.get_list("set-cookie") == ["one=1; Path=/", "two=2"]


@pytest.mark.parametrize(
    ("result", "status", "content"),
    [
        ({"statusCode": 204}, 204, b""),
        ({"statusCode": 304, "headers": {"etag": '"x"'}}, 304, b""),
        ({"statusCode": "200", "body": None}, 200, b""),
        ({"statusCode": 404, "body": "ä"}, 404, "ä".encode()),
        ({"any": "thing"}, 200, b'{"any":"thing"}'),
        ({"statusCode": 200, "body": {"no": "text"}}, 500, b'{"message": "Internal Server Error"}'),
        (
            {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
            500,
            b'{"message": "Internal Server Error"}',
        ),
        (
            {"statusCode": 200, "body": "x" * (6 * 1024**2 + 1)},
            500,
            b'{"message": "Internal Server Error"}',
        ),
    ],
)
def test_results_of_all_sorts(
    gateway: Gateway, result: dict[str, Any], status: int, content: bytes
) -> None:
    gateway.functions.named["api"] = lambda _: result
    answer = ask(gateway, "GET", "/api/x")
    assert (answer.status_code, answer.content) == (status, content)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (FunctionError("api", "KeyError: 'secret'"), 500, "Internal Server Error"),
        (FunctionTimeout("api", "timed out after 29 s"), 503, "Service Unavailable"),
    ],
)
def test_a_function_that_fails_says_nothing_of_its_inside(
    gateway: Gateway, error: Exception, status: int, message: str
) -> None:
    def fail(_: dict[str, Any]) -> None:
        raise error

    gateway.functions.named["api"] = fail
    answer = ask(gateway, "GET", "/api/x")
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_mangum_understands_the_events_and_the_gateway_its_results(gateway: Gateway) -> None:
    async def echo(request: Request) -> Response:
        text = f"{request.method} {request.url.path}?{request.url.query} {request.cookies['c']} "
        response = Response(text.encode() + await request.body(), 202)
        response.set_cookie("d", "2")
        response.set_cookie("e", "3")
        return response

    app = Starlette(routes=[Route("/api/{rest:path}", echo, methods=["POST"])])

    def through_mangum(event: dict[str, Any]) -> Any:
        with asyncio.Runner() as runner:
            asyncio.set_event_loop(runner.get_loop())  # Mangum asks for the thread's own
            return Mangum(app, lifespan="off")(event, None)  # type: ignore[arg-type]

    gateway.functions.named["api"] = through_mangum
    answer = ask(gateway, "POST", "/api/a?b=1&b=2", content=b"\xff", headers={"Cookie": "c=1"})
    assert answer.status_code == 202
    assert answer.content == b"POST /api/a?b=1&b=2 1 \xff"
    assert len(answer.headers.get_list("set-cookie")) == 2


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("path", "content_type", "content"),
    [
        ("/", "text/html; charset=utf-8", b"<title>AutoMoney</title>"),
        ("/index.html", "text/html; charset=utf-8", b"<title>AutoMoney</title>"),
        ("/app.js?v=1", "text/javascript; charset=utf-8", b"'use strict';"),
        ("/style.css", "text/css; charset=utf-8", b"body {}"),
        ("/logo.svg", "image/svg+xml", b"<svg/>"),
    ],
)
def test_pages_are_served_as_what_they_are_and_never_kept(
    gateway: Gateway, path: str, content_type: str, content: bytes
) -> None:
    answer = ask(gateway, "GET", path)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == content_type
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = ask(gateway, "HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert gateway.functions.calls == []


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.html",
        "/.secret.json",
        "/notes.py",
        "/../outside.html",
        "/%2e%2e/outside.html",
        "/..%2foutside.html",
        "/x/..%5c..%5coutside.html",
        "//etc/passwd",
        "/%00.html",
        "/link.html",
        "/dashboard/",
        "/apiary",
        "/favicon.ico",
    ],
)
def test_nothing_else_is_served(gateway: Gateway, path: str) -> None:
    request = httpx.Request("GET", httpx.URL(gateway.url).copy_with(raw_path=path.encode()))
    with httpx.Client(trust_env=False) as client:
        answer = client.send(request)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert gateway.functions.calls == []


def test_pages_are_for_reading(gateway: Gateway) -> None:
    answer = ask(gateway, "POST", "/index.html")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


# ---------------------------------------------------------------- the local session


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "LOCALHOST"]
)
@pytest.mark.parametrize("own_origin", [True, False])
def test_the_page_gets_a_token(gateway: Gateway, host: str, own_origin: bool) -> None:
    headers = {"Host": host.format(port=gateway.port)}
    if own_origin:
        headers |= {"Origin": f"http://{headers['Host']}", "Sec-Fetch-Site": "same-origin"}
    answer = ask(gateway, "GET", "/local/session?user=bob", headers=headers)
    assert answer.status_code == 200
    assert answer.json().keys() == {"token", "user", "expiresAt"}
    assert answer.json()["token"] == "token-of-bob"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_without_a_name_it_is_the_default_users(gateway: Gateway) -> None:
    assert ask(gateway, "GET", "/local/session").json()["user"] == "ada"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.example"}, id="a rebound name"),
        pytest.param({"Host": "localhost.evil.example"}, id="a name that starts like ours"),
        pytest.param({"Host": "127.0.0.1.nip.io"}, id="a name with our address in it"),
        pytest.param({"Host": "evil@[::1"}, id="no host at all"),
        pytest.param({"Host": "192.168.1.2"}, id="the address of a network"),
        pytest.param({"Origin": "https://evil.example"}, id="a foreign page"),
        pytest.param({"Origin": "null"}, id="a sandboxed page"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="a page of another port"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="a foreign page without an Origin"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="another port without an Origin"),
        pytest.param({"X-Forwarded-For": "203.0.113.7"}, id="through a proxy from elsewhere"),
    ],
)
def test_others_get_none(gateway: Gateway, headers: dict[str, str]) -> None:
    answer = ask(gateway, "GET", "/local/session", headers=headers)
    assert answer.status_code == 403
    assert "token" not in answer.text


def test_a_session_is_only_got(gateway: Gateway) -> None:
    assert ask(gateway, "POST", "/local/session").status_code == 405


def test_the_sockets_path_says_what_it_wants(gateway: Gateway) -> None:
    assert ask(gateway, "GET", "/ws").status_code == 426
