"""The HTTP API: a request becomes an event for the `api` function, its result the answer."""

import json
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from infra.local.gateway.events import http_event
from infra.local.gateway.invocation import FunctionError, FunctionTimeout, Invoke
from infra.local.gateway.limits import Limits

FUNCTION = "api"

# The server works these out itself.
_NOT_PASSED_ON = frozenset({"content-length", "connection", "transfer-encoding", "date", "server"})


class TooLarge(Exception):
    """The request's body is over the limit."""


class RestApi:
    """An ASGI app for HTTP requests only."""

    def __init__(self, invoke: Invoke, *, now: Callable[[], datetime], limits: Limits) -> None:
        self._invoke = invoke
        self._now = now
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._body(Request(scope, receive))
        except ClientDisconnect:
            return
        except TooLarge:
            await _say(413, "Request Entity Too Large")(scope, receive, send)
            return
        response = await self._answer(scope, body)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, body: bytes) -> Response:
        event = http_event(scope, body, now=self._now())
        if len(event.get("body", "")) > self._limits.function_payload:
            return _say(413, "Request Entity Too Large")
        try:
            return to_response(await self._invoke(FUNCTION, event), self._limits)
        except (FunctionError, BadResult):
            return _say(500, "Internal Server Error")
        except FunctionTimeout:
            return _say(503, "Service Unavailable")

    async def _body(self, request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._limits.http_request:
                raise TooLarge
            parts.append(part)
        return b"".join(parts)


class BadResult(Exception):
    """The function answered something that is no HTTP response."""


def to_response(result: Mapping[str, Any] | None, limits: Limits) -> Response:
    """A function's result as HTTP.  Raises BadResult.

    Without a statusCode the result itself is the JSON body, as in payload format 2.0.
    """
    if result is None or "statusCode" not in result:
        return JSONResponse(result)
    body = result.get("body") or ""
    if not isinstance(body, str) or len(body) > limits.function_payload:
        raise BadResult("the body is no text or too large")
    try:
        status = int(result["statusCode"])
        content = b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode()
    except (TypeError, ValueError, BadBase64) as error:
        raise BadResult(str(error)) from error
    response = Response(content, status)
    if status in (204, 304):
        del response.headers["content-length"]
    for name, value in _headers(result):
        if name.lower() not in _NOT_PASSED_ON:
            response.headers.append(name, value)
    return response


def _headers(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    many = {
        str(name): list(values) for name, values in (result.get("multiValueHeaders") or {}).items()
    }
    several = {name.lower() for name in many}
    pairs = [(name, str(value)) for name, values in many.items() for value in values]
    pairs += [
        (str(name), str(value))
        for name, value in (result.get("headers") or {}).items()
        if str(name).lower() not in several
    ]
    return pairs + [("set-cookie", cookie) for cookie in result.get("cookies") or []]


def _say(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, media_type="application/json")
