"""The WebSocket API: authorizer, $connect, messages in order, $disconnect."""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.local.gateway.events import SocketEvents, new_request_id
from infra.local.gateway.hub import BufferFull, Farewell, Hub, LiveSocket, SocketGone
from infra.local.gateway.invocation import FunctionError, FunctionTimeout, Invoke

PATH = "/ws"

_PONG = json.dumps({"event": "pong"})
_LOST = Farewell(1006, "")
_log = logging.getLogger(__name__)


class Refused(Exception):
    """The handshake ends with `status` and `message` instead of a socket."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class SocketApi:
    """An ASGI app for WebSockets only.  A socket's messages are handled one after the other."""

    def __init__(self, invoke: Invoke, hub: Hub) -> None:
        self._invoke = invoke
        self._hub = hub
        self._running: set[asyncio.Task[dict[str, Any] | None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._hub.serving(task)
        websocket = WebSocket(scope, receive, send)
        events = SocketEvents(self._hub.new_id(), scope, self._hub.now())
        try:
            authorizer, subprotocol = await self._admit(events, websocket)
        except Refused as refused:
            answer = JSONResponse({"message": refused.message}, refused.status)
            await websocket.send_denial_response(answer)
            return
        ended = _LOST
        try:
            ended = await self._serve(websocket, events, authorizer, subprotocol)
        finally:
            await self._say_goodbye(events, authorizer, ended)

    # ---------------------------------------------------------------- opening

    async def _admit(
        self, events: SocketEvents, websocket: WebSocket
    ) -> tuple[dict[str, Any], str | None]:
        """The authorizer's context and the sub-protocol to speak.  Raises Refused."""
        if websocket.url.path != PATH:
            raise Refused(403, "Forbidden")
        if self._hub.closing:
            raise Refused(503, "Service Unavailable")
        authorizer = await self._authorize(events)
        try:
            event = events.connect(authorizer, now=self._hub.now())
            result = await self._run("ws_connect", event) or {}
        except (FunctionError, FunctionTimeout):
            raise Refused(502, "Internal server error") from None
        status = int(result.get("statusCode", 502))
        if not 200 <= status < 300:
            raise Refused(status if status >= 400 else 502, "Forbidden")
        headers = {name.lower(): value for name, value in (result.get("headers") or {}).items()}
        chosen = headers.get("sec-websocket-protocol")
        return authorizer, chosen if chosen in websocket.scope["subprotocols"] else None

    async def _authorize(self, events: SocketEvents) -> dict[str, Any]:
        try:
            event = events.authorize(now=self._hub.now())
            policy = await self._run("ws_authorize", event) or {}
        except FunctionError as error:
            if error.message.rpartition(": ")[2] == "Unauthorized":
                raise Refused(401, "Unauthorized") from None
            raise Refused(500, "Internal server error") from None
        except FunctionTimeout:
            raise Refused(500, "Internal server error") from None
        if "principalId" not in policy or not allows(policy, events.method_arn):
            raise Refused(403, "Forbidden")
        return {"principalId": policy["principalId"], **(policy.get("context") or {})}

    # ---------------------------------------------------------------- open

    async def _serve(
        self,
        websocket: WebSocket,
        events: SocketEvents,
        authorizer: Mapping[str, Any],
        subprotocol: str | None,
    ) -> Farewell:
        """Serve the socket until it ends; say how it ended."""
        try:
            await websocket.accept(subprotocol)
        except OSError:  # the other end did not wait for us
            return _LOST
        live = self._hub.open(events.connection_id, events.source_ip, events.user_agent)
        reader = asyncio.create_task(self._read(websocket, live, events, authorizer))
        pump = asyncio.create_task(live.pump(websocket))
        watch = asyncio.create_task(live.watch())
        try:
            # `watch` ends by queueing a farewell, the reader too when a message is not acceptable
            await asyncio.wait({reader, pump}, return_when=asyncio.FIRST_COMPLETED)
            if live.farewell is not None:
                await asyncio.wait({pump})
        finally:
            self._hub.forget(events.connection_id)
            for task in (reader, pump, watch):
                task.cancel()
            results = await asyncio.gather(reader, pump, watch, return_exceptions=True)
        return _ending(live, results)

    async def _read(
        self,
        websocket: WebSocket,
        live: LiveSocket,
        events: SocketEvents,
        authorizer: Mapping[str, Any],
    ) -> Farewell:
        """Handle what comes in until the other end leaves or sends what it may not."""
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return Farewell(message.get("code") or 1005, message.get("reason") or "")
            live.touch()
            text = message.get("text")
            if text is None:
                live.close(1003, "Binary frames are not supported")
            elif len(text.encode()) > self._hub.limits.socket_message:
                live.close(1009, "Message is too big")
            else:
                await self._route(live, text, events, authorizer)
            if live.farewell is not None:
                return live.farewell

    async def _route(
        self,
        live: LiveSocket,
        text: str,
        events: SocketEvents,
        authorizer: Mapping[str, Any],
    ) -> None:
        """Answer `ping` here, like the mock integration of that route; $default for the rest."""
        if action_of(text) == "ping":
            reply = _PONG
        else:
            try:
                event = events.message(authorizer, text, now=self._hub.now())
                await self._run("ws_message", event)
                return
            except FunctionError:
                reply = _failure(events.connection_id, "Internal server error")
            except FunctionTimeout:
                reply = _failure(events.connection_id, "Endpoint request timed out")
        with suppress(SocketGone, BufferFull):  # who does not read gets no answer
            live.send(reply)

    # ---------------------------------------------------------------- closing

    async def _say_goodbye(
        self, events: SocketEvents, authorizer: Mapping[str, Any], ended: Farewell
    ) -> None:
        event = events.disconnect(authorizer, ended.code, ended.reason, now=self._hub.now())
        try:
            await self._run("ws_disconnect", event)
        except (FunctionError, FunctionTimeout) as error:
            _log.warning("$disconnect failed: %s", error)  # AWS does not tell anybody either

    async def _run(self, function: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """Run a function to its end, even if the socket that it was for goes meanwhile."""
        task = asyncio.ensure_future(self._invoke(function, event))
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: "asyncio.Future[dict[str, Any] | None]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has seen it; nobody may be waiting any more


def _ending(live: LiveSocket, results: Iterable[object]) -> Farewell:
    for result in results:
        if isinstance(result, BaseException) and not isinstance(
            result, asyncio.CancelledError | WebSocketDisconnect | TimeoutError
        ):
            raise result
    if live.farewell is not None:
        return live.farewell
    return next((result for result in results if isinstance(result, Farewell)), _LOST)


def allows(policy: Mapping[str, Any], method_arn: str) -> bool:
    """Whether an IAM policy document lets the caller in: some Allow, and no Deny, matches."""
    effects = {
        statement["Effect"]
        for statement in policy.get("policyDocument", {}).get("Statement", [])
        if _matches(statement.get("Action"), "execute-api:Invoke")
        and _matches(statement.get("Resource"), method_arn)
    }
    return effects == {"Allow"}


def _matches(patterns: str | list[str] | None, name: str) -> bool:
    several = [patterns] if isinstance(patterns, str) else patterns or []
    return any(fnmatchcase(name, pattern) for pattern in several)


def action_of(text: str) -> object:
    """`$request.body.action`, by which API Gateway picks the route; None without one."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body.get("action") if isinstance(body, dict) else None


def _failure(connection_id: str, message: str) -> str:
    return json.dumps(
        {"message": message, "connectionId": connection_id, "requestId": new_request_id()}
    )
