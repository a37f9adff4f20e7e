"""What every request passes on its way in and every answer on its way out.  Plain ASGI."""

from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from automoney.api.problems import TooLarge, too_large, unexpected

MAX_BODY = 64 * 1024
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cross-Origin-Resource-Policy": "same-site",
}


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """Adds the headers above; what a route does not say about caching is not to be cached."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


@dataclass(slots=True)
class _Body:
    """Counts what arrives."""

    receive: Receive
    arrived: int = field(default=0)

    async def __call__(self) -> Message:
        message = await self.receive()
        self.arrived += len(message.get("body", b""))
        if self.arrived > MAX_BODY:
            raise TooLarge(MAX_BODY)
        return message


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses large bodies, and is the one place where an unforeseen error becomes an answer."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            if declared.isdecimal() and int(declared) > MAX_BODY:
                raise TooLarge(MAX_BODY)
            await self.app(scope, _Body(receive), watched)
        except TooLarge as error:
            await too_large(error)(scope, receive, send)
        except Exception as error:  # not hidden: logged in full under the id that is answered
            if started:
                raise
            await unexpected(error, scope["method"], scope["path"])(scope, receive, send)
