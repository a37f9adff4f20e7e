"""The local gateway in a process of its own, behind functions that let everybody in.

Prints one JSON line with its ports; `GET /api/ids` tells each user's connection id.  Ends with its
standard input.  With `--tls DIR` a plain stand-in for API Gateway over TLS listens as well, whose
answers take `--delay` seconds.
"""

import argparse
import asyncio
import json
import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import uvicorn

from benchmarks.push_files import raise_limit
from infra.local.gateway import Hub, Limits, create_app, create_management_app
from infra.local.tokens import Session

ACCESS_KEY = "BENCHKEY1234"
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Functions:
    """Lets everybody in by the name in his token, and remembers his connection id."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    async def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any] | None:
        if name == "ws_authorize":
            user = event["headers"]["Authorization"].removeprefix("Bearer ")
            allow = {"Action": "*", "Effect": "Allow", "Resource": "*"}
            return {
                "principalId": user,
                "policyDocument": {"Statement": [allow]},
                "context": {"userId": user},
            }
        context = event["requestContext"]
        if name == "ws_connect":
            self.ids[context["authorizer"]["userId"]] = context["connectionId"]
        if name == "api":
            return {"statusCode": 200, "body": json.dumps(self.ids)}
        return {"statusCode": 200}


def _listener() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(4096)
    return made


def _server(app: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_ping_interval=None,
            backlog=4096,
            timeout_graceful_shutdown=1,
        )
    )


class _StandIn(asyncio.Protocol):
    """Answers every POST after a while, as far as HTTP as a client needs."""

    def __init__(self, delay: float) -> None:
        self._delay, self._buffer = delay, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop has its own classes

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._answer)
        else:
            self._answer()

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_OK)


async def _run(tls: Path, delay: float) -> None:
    functions = Functions()
    far = timedelta(days=1)
    hub = Hub(now=lambda: datetime.now(UTC), limits=Limits(socket_idle=far, socket_total=far))
    front = create_app(
        invoke=functions.invoke,
        hub=hub,
        page_dir=tls,
        new_session=lambda user: Session("x", user, datetime.now(UTC)),
    )
    listeners = [_listener(), _listener()]
    servers = [_server(front), _server(create_management_app(hub, ACCESS_KEY))]
    serving = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
    loop = asyncio.get_running_loop()
    stand_ins = [
        await loop.create_server(lambda one=one: _StandIn(one), "127.0.0.1", 0, ssl=context)  # type: ignore[misc]
        for one in (0.0, delay)
    ]
    while not all(server.started for server in servers):  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # uvicorn has no event for it
    ports = [one.getsockname()[1] for one in (*listeners, *(s.sockets[0] for s in stand_ins))]
    names = ("front", "management", "tls", "slow")
    print(json.dumps(dict(zip(names, ports, strict=True))), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.should_exit = True
    await asyncio.wait(serving, timeout=3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.005)
    given = parser.parse_args()
    raise_limit(12_000)
    import uvloop

    uvloop.run(_run(given.tls, given.delay))
