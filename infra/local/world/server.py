"""The world as an ASGI application: one prefix per API, and `/_faults` to make trouble.

Plain ASGI: a replay of two weeks asks some five thousand times, and a framework would cost more
than the answers do.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from automoney.errors import InvalidInput
from infra.local.world.clock import WorldClock
from infra.local.world.faults import Fault, Faults, Kind, spoiled
from infra.local.world.recording import Recording
from infra.local.world.wire.alternative_me import AlternativeMe
from infra.local.world.wire.binance import Binance
from infra.local.world.wire.coingecko import CoinGecko
from infra.local.world.wire.coinmetrics import CoinMetrics
from infra.local.world.wire.exchange import NOT_FOUND, Answer, Request, json_answer
from infra.local.world.wire.fred import Fred, FredCsv
from infra.local.world.wire.glassnode import Glassnode

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

_DRIP_SECONDS = 0.2  # between two bytes


class Api(Protocol):
    """One wire format."""

    def answer(self, request: Request) -> Answer: ...


class World:
    """Serves a recording as of a clock."""

    def __init__(self, recording: Recording, clock: WorldClock) -> None:
        self._clock = clock
        self._apis: dict[str, Api] = {
            "binance": Binance(recording),
            "coingecko": CoinGecko(recording),
            "glassnode": Glassnode(recording),
            "coinmetrics": CoinMetrics(recording),
            "fred": Fred(recording),
            "fredcsv": FredCsv(recording),
            "alternative-me": AlternativeMe(recording),
        }
        self._faults = Faults(tuple(self._apis))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        _, source, rest = path.split("/", 2) if path.count("/") > 1 else (*path.split("/"), "")
        if source == "_faults":
            await _reply(send, await self._administer(scope["method"], receive))
            return
        api = self._apis.get(source)
        if api is None:
            await _reply(send, NOT_FOUND)
            return
        raw_query: bytes = scope["query_string"]
        text = raw_query.decode("latin-1")
        fault = self._faults.strike(source, f"/{rest}?{text}")
        if fault is not None and fault.kind not in (Kind.DRIP, Kind.TRUNCATE):
            await _misbehave(fault, receive, send)
            return
        query = dict(parse_qsl(text, keep_blank_values=True))
        request = Request(f"/{rest}", query, _api_key(scope), self._clock.now_micros())
        answer = api.answer(request)
        if fault is None:
            await _reply(send, answer)
        elif fault.kind is Kind.DRIP:
            await _drip(answer, receive, send)
        else:
            await _start(send, answer)
            half = answer.body[: len(answer.body) // 2]
            # no end of the body follows, so the server hangs up
            await send({"type": "http.response.body", "body": half, "more_body": True})

    async def _administer(self, method: str, receive: Receive) -> Answer:
        """POST a fault, DELETE all of them, GET what is in force."""
        if method == "POST":
            body = bytearray()
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            try:
                self._faults.order(bytes(body))
            except InvalidInput as error:
                return json_answer({"error": str(error)}, 400)
        elif method == "DELETE":
            self._faults.clear()
        return json_answer(self._faults.report(), 201 if method == "POST" else 200)


def _api_key(scope: Message) -> str:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return str(value.decode("latin-1"))
    return ""


async def _start(send: Send, answer: Answer) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (b"content-type", answer.content_type),
                (b"content-length", b"%d" % len(answer.body)),
                *answer.headers,
            ],
        }
    )


async def _reply(send: Send, answer: Answer) -> None:
    await _start(send, answer)
    await send({"type": "http.response.body", "body": answer.body})


async def _misbehave(fault: Fault, receive: Receive, send: Send) -> None:
    if fault.kind is not Kind.TIMEOUT:
        await _reply(send, spoiled(fault))
        return
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drip(answer: Answer, receive: Receive, send: Send) -> None:
    """Byte by byte, until the client has had enough."""
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await _start(send, answer)
        for at in range(len(answer.body)):
            byte = answer.body[at : at + 1]
            await send({"type": "http.response.body", "body": byte, "more_body": True})
            await asyncio.wait({gone}, timeout=_DRIP_SECONDS)
            if gone.done():
                return
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class CutShortOnPurpose(logging.Filter):
    """Drops the server's complaint about answers that a fault has cut short."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "without completing response" not in record.getMessage()
