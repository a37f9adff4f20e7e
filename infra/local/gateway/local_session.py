"""`GET /local/session?user=NAME`: a token for the page.  Exists in the local runtime alone.

Whoever can ask gets a token, so only this machine may ask, and only a page that it served itself:
the address, the Host header (against DNS rebinding) and the page's origin are all checked.
"""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from automoney.encoding import utc_text
from automoney.errors import InvalidInput
from infra.local.tokens import Session

PATH = "/local/session"

_OURS = ("localhost", "127.0.0.1", "::1")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class LocalSession:
    """An ASGI app for HTTP requests only."""

    def __init__(self, new_session: Callable[[str], Session], *, default_user: str) -> None:
        self._new_session = new_session
        self._default_user = default_user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            return JSONResponse({"message": "Method Not Allowed"}, 405, {"Allow": "GET"})
        if not comes_from_here(request):
            return JSONResponse({"message": "only for pages of this machine"}, 403, _HEADERS)
        try:
            session = self._new_session(request.query_params.get("user", self._default_user))
        except InvalidInput as error:
            return JSONResponse({"message": str(error)}, 422, _HEADERS)
        content = {
            "token": session.token,
            "user": session.user_id,
            "expiresAt": utc_text(session.expires_at),
        }
        return JSONResponse(content, headers=_HEADERS)


def comes_from_here(request: Request) -> bool:
    """Whether this machine asks, by one of its own names, from a page of that same name or none."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    return (
        request.client is not None
        and _loopback(request.client.host)
        and _hostname(host) in _OURS
        and origin in (None, f"http://{host}")
        and request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    )


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
