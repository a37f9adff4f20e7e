"""The gateway for real: uvicorn with both apps in one event loop, in a thread of its own."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import boto3
import uvicorn
from botocore.config import Config
from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
from websockets.sync.client import ClientConnection, connect

from automoney.channels.posting import Credentials, SignedPosts
from automoney.channels.sockets import ApiGatewaySockets
from infra.local.gateway import FunctionError, Hub, Limits, create_app, create_management_app
from infra.local.tokens import Session

ACCESS_KEY = "LOCALKEY1234"
HEADERS = {"Authorization": "Bearer ada"}

Function = Callable[[dict[str, Any]], Any]


def later(condition: Callable[[], object], within: float = 5.0) -> None:
    """Wait until the condition holds; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)


def allow(event: dict[str, Any]) -> dict[str, Any]:
    """An authorizer that takes any bearer token for the user's name."""
    name = event["headers"].get("Authorization", "").removeprefix("Bearer ")
    if not name:
        raise FunctionError("ws_authorize", "Exception: Unauthorized")
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if name == "eve" else "Allow",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": name,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"userId": name, "roles": "user"},
    }


@dataclass(frozen=True)
class Invoked:
    """One call of a function."""

    name: str
    event: dict[str, Any]


class Functions:
    """Stub functions that run in worker threads, as Lambdas do here; what they return is set."""

    def __init__(self) -> None:
        self.calls: list[Invoked] = []
        self.named: dict[str, Function] = {
            "ws_authorize": allow,
            "ws_connect": lambda _: {"statusCode": 200},
            "ws_message": lambda _: {"statusCode": 200},
            "ws_disconnect": lambda _: {"statusCode": 200},
            "api": lambda _: {"statusCode": 200, "body": "{}"},
        }

    async def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any] | None:
        self.calls.append(Invoked(name, event))
        json.dumps(event)  # an event is JSON, always
        result: dict[str, Any] | None = await asyncio.to_thread(self.named[name], event)
        return result

    def events(self, name: str) -> list[dict[str, Any]]:
        return [call.event for call in self.calls if call.name == name]


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


class Gateway:
    """Both ports, and the ways in."""

    def __init__(self, page_dir: Path, limits: Limits | None = None) -> None:
        self.functions = Functions()
        self._front, self._inner = _listener(), _listener()
        self.port: int = self._front.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws"
        self.management_url = f"http://127.0.0.1:{self._inner.getsockname()[1]}"
        self._page_dir, self._limits = page_dir, limits
        self._posts: list[SignedPosts] = []
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._up.wait(10), "the servers did not start"

    def management(self, access_key: str = ACCESS_KEY) -> ApiGatewayManagementApiClient:
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=self.management_url,
            region_name="local",
            aws_access_key_id=access_key,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def sockets(self, access_key: str = ACCESS_KEY) -> ApiGatewaySockets:
        """What functions push through; closed when the gateway stops."""
        who = Credentials(access_key, "secret")
        posts = SignedPosts(self.management_url, "local", lambda: who, lambda: datetime.now(UTC))
        self._posts.append(posts)
        return ApiGatewaySockets(self.management(access_key), posts)

    def open(self, headers: dict[str, str] | None = None, **options: Any) -> ClientConnection:
        """A client's open socket; the caller closes it."""
        url = options.pop("url", self.ws_url)
        sent = HEADERS if headers is None else headers
        client: ClientConnection = connect(url, additional_headers=sent, proxy=None, **options)
        return client

    def call[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the servers' own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def stop(self) -> None:
        for posts in self._posts:
            posts.close()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(15)
            assert not self._thread.is_alive(), "the servers did not stop"

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.hub = Hub(now=lambda: datetime.now(UTC), limits=self._limits)
        front = create_app(
            invoke=self.functions.invoke,
            hub=self.hub,
            page_dir=self._page_dir,
            new_session=lambda user: Session(f"token-of-{user}", user, datetime.now(UTC)),
        )
        inner = create_management_app(self.hub, ACCESS_KEY)
        servers = [_server(front), _server(inner)]
        sockets = [[self._front], [self._inner]]
        serving = [
            asyncio.ensure_future(server.serve(sockets=listeners))
            for server, listeners in zip(servers, sockets, strict=True)
        ]
        for listeners in sockets:
            await _answering(listeners[0])
        self._up.set()
        await self._stop.wait()
        await self.hub.close_all()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*serving)


async def _answering(listener: socket.socket) -> None:
    """Wait until the server behind `listener` answers a request."""
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"GET /favicon.ico HTTP/1.0\r\n\r\n")
    assert await reader.read(5) == b"HTTP/"
    writer.close()


def _server(app: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            cast("Callable[..., Awaitable[None]]", app),
            log_level="warning",
            access_log=False,
            lifespan="on",
            ws="websockets-sansio",  # as the local runtime has it
            ws_max_size=Limits().socket_message,
            timeout_graceful_shutdown=2,
        )
    )
