"""A small HTTP server on loopback that answers as told, faults included, and a transport to it."""

import asyncio
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx

from automoney.transport import Limit, Transport

NOW = datetime(2025, 9, 21, 12, tzinfo=UTC)

# Reading the certificate store takes longer than a test, and loopback needs none.
_TRUST = ssl.create_default_context()


@dataclass(frozen=True)
class Answer:
    """What the server does once: after `delay` seconds it sends `body`.

    `drip` is the seconds between two bytes; `cut` hangs up halfway through the announced length.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    cut: bool = False


def as_json(value: object, status: int = 200, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), status, **more)


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; `port` tells the client's connections apart."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    port: int
    body: bytes = b""


Given = Answer | Callable[[Asked], Answer]


class Served:
    """`give` it answers by path, then read `requests`.  The last answer of a path repeats."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._given: dict[str, list[Given]] = {}
        self._ended = threading.Event()
        self._server = _Quiet(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def give(self, path: str, *answers: Given) -> None:
        self._given[path] = list(answers)

    def forget(self) -> None:
        """Start anew: no answers, no requests."""
        self._given.clear()
        self.requests.clear()

    def asked(self, path: str) -> list[Mapping[str, str]]:
        """The parameters of each request for `path`."""
        return [asked.params for asked in self.requests if asked.path == path]

    def answer_to(self, asked: Asked) -> Answer:
        self.requests.append(asked)
        given = self._given.get(asked.path)
        if not given:
            return as_json({"error": f"nothing at {asked.path}"}, status=404)
        one = given.pop(0) if len(given) > 1 else given[0]
        return one if isinstance(one, Answer) else one(asked)

    def pause(self, seconds: float) -> bool:
        """Wait, but not beyond the end; say whether to go on."""
        return not self._ended.wait(seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a slow answer is what these tests are about."""


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = Asked(
                url.path,
                dict(parse_qsl(url.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.client_address[1],
                self.rfile.read(int(self.headers.get("Content-Length", 0))),
            )
            answer = served.answer_to(asked)
            if answer.delay and not served.pause(answer.delay):
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.content_type:
                self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self._send(answer)

        def _send(self, answer: Answer) -> None:
            if answer.drip:
                for byte in answer.body:
                    self.wfile.write(bytes([byte]))
                    if not served.pause(answer.drip):
                        return
            elif answer.cut:
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@dataclass
class StoredBreaker:
    """A breaker that remembers in memory."""

    until: dict[str, datetime] = field(default_factory=dict)

    def open_until(self, source: str) -> datetime | None:
        return self.until.get(source)

    def trip(self, source: str, until: datetime) -> None:
        self.until[source] = until


@dataclass
class Purse:
    """A budget of so many calls a source, with a minute to wait once they are spent."""

    left: dict[str, int]
    taken: list[tuple[str, datetime]] = field(default_factory=list)

    def take(self, source: str, limits: Sequence[Limit], *, now: datetime) -> timedelta | None:
        self.taken.append((source, now))
        if not self.left[source]:
            return max(limit.per for limit in limits)
        self.left[source] -= 1
        return None


@dataclass
class Naps:
    """Sleeps that take no time but are remembered, in seconds."""

    taken: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def spoken(error: BaseException | None) -> str:
    """All that a traceback of `error` would print of it and of what led to it."""
    said = ""
    while error is not None:
        said += f"{error!r} {error}\n"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said


def run[T](
    ask: Callable[[Transport], Awaitable[T]],
    *,
    now: datetime = NOW,
    timeout: timedelta = timedelta(seconds=5),
    breaker: StoredBreaker | None = None,
    naps: Naps | None = None,
    **options: Any,
) -> T:
    """Hand `ask` a transport at the time `now`, and close it; `options` are the transport's."""

    async def joined() -> T:
        async with Transport(
            breaker=breaker or StoredBreaker(),
            clock=lambda: now,
            timeout=timeout,
            sleep=naps or Naps(),
            pool=httpx.AsyncHTTPTransport(trust_env=False, verify=_TRUST),
            **options,
        ) as transport:
            return await ask(transport)

    return asyncio.run(joined())
