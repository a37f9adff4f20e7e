"""What browsers and programs see: the page, the REST API and the WebSocket API on one port."""

from collections.abc import Callable
from pathlib import Path

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.gateway import local_session, sockets
from infra.local.gateway.hub import Hub
from infra.local.gateway.invocation import Invoke
from infra.local.gateway.local_session import LocalSession
from infra.local.gateway.management import live_through
from infra.local.gateway.pages import Pages
from infra.local.gateway.rest import RestApi
from infra.local.gateway.sockets import SocketApi
from infra.local.tokens import Session


def create_app(
    *,
    invoke: Invoke,
    hub: Hub,
    page_dir: Path,
    new_session: Callable[[str], Session],
    default_user: str = "ada",
) -> ASGIApp:
    """The gateway as an ASGI app.

    `/api/…` goes to the `api` function, `/ws` is the WebSocket API, `/local/session` gives the
    page its token by `new_session(user)`, and everything else is a file in `page_dir`.
    """
    rest = RestApi(invoke, now=hub.now, limits=hub.limits)
    session = LocalSession(new_session, default_user=default_user)
    socket_api = SocketApi(invoke, hub)
    pages = Pages(page_dir)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live_through(receive, send, hub.close_all)
        elif scope["type"] == "websocket":
            await socket_api(scope, receive, send)
        elif scope["path"] == "/api" or scope["path"].startswith("/api/"):
            await rest(scope, receive, send)
        elif scope["path"] == local_session.PATH:
            await session(scope, receive, send)
        elif scope["path"] == sockets.PATH:
            upgrade = {"Upgrade": "websocket"}
            await JSONResponse({"message": "Upgrade Required"}, 426, upgrade)(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return app
