"""The page, the real API over fakes, and a real WebSocket, on one loopback port."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from automoney.api.app import create_app
from automoney.messages import Message
from tests.api.fakes_api import World

PAGE = Path(__file__).parents[2] / "dashboard"


@dataclass
class Site:
    """What a test holds on to.  `world` may be changed while the page is open."""

    world: World
    port: int
    loop: asyncio.AbstractEventLoop
    api: Callable[[Scope, Receive, Send], Any] | None = None
    sockets: list[WebSocket] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    has_runtime: bool = True
    refuses_sockets: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def rewire(self) -> None:
        """Serve the world as it is now: needed where a whole part or the settings were replaced."""
        address = f"ws://127.0.0.1:{self.port}/ws"
        self.world.settings = replace(self.world.settings, ws_url=address)
        self.api = create_app(self.world.services())

    def commit(self, message: Message) -> dict[str, Any]:
        """Number a message for Ada, as a transaction does; return its envelope, not yet sent."""
        self.world.outbox.add("ada", message)
        return self.world.outbox.messages[-1].envelope()

    def push(self, *envelopes: dict[str, Any]) -> None:
        for envelope in envelopes:
            for one in list(self.sockets):
                self._do(one.send_text(json.dumps(envelope)))

    def kill_sockets(self, code: int = 1012) -> None:
        for one in list(self.sockets):
            self._do(one.close(code))

    def _do(self, awaitable: Any) -> None:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(awaitable, self.loop)
        future.result(timeout=5)

    # ------------------------------------------------------------ what is served

    async def session(self, request: Request) -> JSONResponse:
        if not self.has_runtime:
            return JSONResponse({"message": "Not Found"}, 404)
        return JSONResponse(
            {"token": "token-of-ada", "user": "ada", "expiresAt": "2030-01-02T00:00:00Z"}
        )

    async def talk(self, websocket: WebSocket) -> None:
        ticket = websocket.query_params.get("ticket", "")
        if self.refuses_sockets or ticket in self.tickets or not ticket.endswith("-for-ada"):
            await websocket.close()
            return
        self.tickets.append(ticket)
        await websocket.accept()
        try:
            while True:
                message = json.loads(await websocket.receive_text())
                self.received.append(message)
                if message["action"] == "subscribe":
                    self.sockets.append(websocket)
                    await websocket.send_text(json.dumps({"event": "subscribed", "data": {}}))
                elif message["action"] == "ping":
                    await websocket.send_text(json.dumps({"event": "pong"}))
        except WebSocketDisconnect:
            pass
        finally:
            if websocket in self.sockets:
                self.sockets.remove(websocket)


@contextmanager
def serve(world: World) -> Iterator[Site]:
    """Serve on a free port until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    loop = asyncio.new_event_loop()
    site = Site(world, port, loop)
    site.rewire()
    server = uvicorn.Server(
        uvicorn.Config(
            _app(site),
            log_level="error",
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
    )

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve(sockets=[listener]))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield site
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        assert not thread.is_alive()


def _app(site: Site) -> Callable[[Scope, Receive, Send], Any]:
    rest = Starlette(
        routes=[
            Route("/local/session", site.session),
            WebSocketRoute("/ws", site.talk),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        serving = site.api if is_api else rest
        assert serving is not None
        await serving(scope, receive, send)

    return app
