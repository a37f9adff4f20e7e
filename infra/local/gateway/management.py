"""The @connections API: how functions reach an open socket.

`POST`, `GET` and `DELETE /@connections/ID` as boto3's `apigatewaymanagementapi` client speaks it.
Source: AWS, "Use @connections commands in your backend service".
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from automoney.encoding import utc_text
from infra.local.gateway.hub import BufferFull, Hub, SocketGone

_PATH = re.compile(r"(?:/[^/@]+)?/@connections/([^/]+)")
_SIGNED_BY = re.compile(rb"AWS4-HMAC-SHA256 Credential=([^/]+)/")


class _Answer(Exception):
    """An error in AWS's form: `kind` is what boto3 names the exception by."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


def create_management_app(hub: Hub, access_key_id: str) -> ASGIApp:
    """Takes requests that were signed with this access key's id; others get a 403.

    The signature is not computed again: the port is on loopback, and the id is a secret of the
    runtime, made at its start.
    """
    methods: dict[str, Callable[[str, bytes], dict[str, Any] | None]] = {
        "POST": lambda connection_id, body: _post(hub, connection_id, body),
        "GET": lambda connection_id, _: _get(hub, connection_id),
        "DELETE": lambda connection_id, _: _delete(hub, connection_id),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live_through(receive, send)
            return
        try:
            body = await _read(receive, hub.limits.socket_message)
            _check_signature(scope, access_key_id)
            path = _PATH.fullmatch(scope["path"])
            if path is None or scope["method"] not in methods:
                raise _Answer(404, "NotFoundException", "Not Found")
            result = methods[scope["method"]](path[1], body)
            status = 204 if scope["method"] == "DELETE" else 200
            await _respond(send, status, result)
        except _Answer as error:
            message = {"message": str(error)}
            await _respond(send, error.status, message, error.kind)

    return app


def _post(hub: Hub, connection_id: str, body: bytes) -> None:
    if len(body) > hub.limits.socket_message:
        raise _Answer(413, "PayloadTooLargeException", "Message is too long")
    try:
        hub.find(connection_id).send(body.decode())
    except SocketGone:
        raise _Answer(410, "GoneException", "Gone") from None
    except BufferFull:
        raise _Answer(429, "LimitExceededException", "The client's buffer is full") from None
    except UnicodeDecodeError:
        raise _Answer(400, "BadRequestException", "Messages are UTF-8 text") from None


def _get(hub: Hub, connection_id: str) -> dict[str, Any]:
    try:
        live = hub.find(connection_id)
    except SocketGone:
        raise _Answer(410, "GoneException", "Gone") from None
    return {
        "connectedAt": utc_text(live.connected_at),
        "lastActiveAt": utc_text(live.last_active_at),
        "identity": {"sourceIp": live.source_ip, "userAgent": live.user_agent},
    }


def _delete(hub: Hub, connection_id: str) -> None:
    try:
        hub.find(connection_id).close(1000, "Connection closed by the server")
    except SocketGone:
        raise _Answer(410, "GoneException", "Gone") from None


def _check_signature(scope: Scope, access_key_id: str) -> None:
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    signed = _SIGNED_BY.match(header)
    if signed is None or signed[1] != access_key_id.encode():
        message = "The security token included in the request is invalid."
        raise _Answer(403, "ForbiddenException", message)


async def _read(receive: Receive, limit: int) -> bytes:
    """The body; of one that is too long only as much as shows it."""
    body = b""
    while True:
        message = await receive()
        if len(body) <= limit:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


async def _respond(
    send: Send, status: int, content: dict[str, Any] | None, kind: str | None = None
) -> None:
    body = b"" if content is None else json.dumps(content).encode()
    headers = [(b"content-type", b"application/json")]
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    if kind is not None:
        headers.append((b"x-amzn-errortype", kind.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live_through(
    receive: Receive, send: Send, stop: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Answer ASGI's lifespan messages; `stop` runs before the last one."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            if stop is not None:
                await stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
