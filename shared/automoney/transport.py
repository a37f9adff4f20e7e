"""How we ask an outside API: one pooled client, and one place where everything can go wrong.

Whatever breaks leaves here as SourceUnavailable, with a reason that never holds a URL or a key.

    what happened                    tries  then
    no answer in time, or broken off   3    2 s apart (description 2.2.2)
    5xx                                2    2 s apart
    429, 418                           1    trips the breaker: the next run waits, not this one
    any other status but 2xx           1    a blocked region or a wrong key does not change in 2 s
    not JSON, cut off, over 16 MB      1    it answered, so it would answer the same again
"""

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, Self

import httpx

from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable

_TRIES = 3
_TRIES_SERVER_ERROR = 2
_PAUSE = 2.0  # seconds between tries
_ASKED_TO_WAIT = frozenset({418, 429})
_DEFAULT_WAIT = 60.0  # seconds, where the answer does not say how long
_LONGEST_WAIT = 3 * 86_400.0  # seconds: Binance's longest ban; more is a broken header
_LARGEST_BODY = 16 * 2**20  # bytes, after decompression
_LONGEST_COMPLAINT = 200  # characters of the source's own words in a reason
_TALKATIVE = ("httpx", "httpcore.http11")  # loggers that quote URLs, or headers sent back to us
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "automoney"}
_SECRET_PARAMS = frozenset({"api_key", "key", "token", "x_cg_demo_api_key", "x_cg_pro_api_key"})


class Breaker(Protocol):
    """Remembers, beyond this process, which sources asked to be left alone and until when."""

    def open_until(self, source: str) -> datetime | None:
        """Until when `source` must not be called; None, or a time gone by, means call it."""

    def trip(self, source: str, until: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def content_type(self) -> str:
        given: str = self.headers.get("content-type", "")
        return given.partition(";")[0].strip().lower()


class Transport:
    """GET over kept-alive connections, within `timeout` a try, counting `calls` and `bytes`.

    `timeout` spans all of one try, from the wait for a connection to the last byte, so a source
    that drips its answer is cut off too.  `clock` tells the time that the breaker and the sources
    go by.  An instance belongs to the event loop that it is first used in.
    """

    def __init__(
        self,
        *,
        breaker: Breaker,
        clock: Callable[[], datetime],
        timeout: timedelta,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        pool: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.clock = clock
        self.calls = 0
        self.bytes = 0
        self._breaker = breaker
        self._timeout = timeout.total_seconds()
        self._sleep = sleep
        self._pool = pool or _pool()
        for name in _TALKATIVE:
            logging.getLogger(name).addFilter(_silence)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def get_json(
        self,
        source: str,
        url: str,
        params: Mapping[str, str],
        *,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """The answer as JSON.  A number with a fraction or an exponent is an exact Decimal.

        Values of `headers`, and of params that are named like a key, are taken for secrets.
        """
        answer = await self._get(source, url, params, headers)
        if not answer.content_type.endswith("json"):
            raise SourceUnavailable(
                source,
                f"answered with {answer.content_type or 'no content type'} where JSON was due",
                status=answer.status,
            )
        try:
            return _parse(answer.body)
        # A fraction with an absurd exponent is an ArithmeticError, absurd nesting the other.
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise SourceUnavailable(
                source,
                f"sent broken JSON of {len(answer.body)} bytes ({type(error).__name__})",
                status=answer.status,
            ) from error

    async def get_text(
        self,
        source: str,
        url: str,
        params: Mapping[str, str],
        *,
        headers: Mapping[str, str] = {},
    ) -> str:
        """The answer as UTF-8 text of any type but a web page: those are apologies, not data."""
        answer = await self._get(source, url, params, headers)
        if "html" in answer.content_type:
            raise SourceUnavailable(
                source,
                f"answered with {answer.content_type} where plain text was due",
                status=answer.status,
            )
        try:
            return answer.body.decode()
        except UnicodeDecodeError as error:
            raise SourceUnavailable(
                source, "sent text that is not UTF-8", status=answer.status
            ) from error

    async def _get(
        self, source: str, url: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> _Answer:
        self._refuse_while_open(source)
        for value in headers.values():
            if not (value.isascii() and value.isprintable()):  # the client's own error quotes it
                raise SourceUnavailable(source, "its key holds characters that no header can carry")
        try:
            request = httpx.Request("GET", url, params=params, headers={**_HEADERS, **headers})
        except httpx.InvalidURL:
            raise SourceUnavailable(source, "its configured URL is malformed") from None
        answer = await self._try(source, request)
        if 200 <= answer.status < 300:
            return answer
        secrets = [value for name, value in params.items() if name in _SECRET_PARAMS]
        complaint = _complaint(answer, [*secrets, *headers.values()])
        if answer.status in _ASKED_TO_WAIT:
            raise self._left_alone(source, answer, complaint)
        raise SourceUnavailable(
            source,
            f"answered {answer.status}{complaint}",
            status=answer.status,
            retry_after=_retry_after(answer.headers, self.clock()),
        )

    def _refuse_while_open(self, source: str) -> None:
        until = self._breaker.open_until(source)
        if until is None:
            return
        wait = (until - self.clock()).total_seconds()
        if wait > 0:
            raise SourceUnavailable(
                source, f"asked to be left alone until {utc_text(until)}", retry_after=wait
            )

    def _left_alone(self, source: str, answer: _Answer, complaint: str) -> SourceUnavailable:
        now = self.clock()
        wait = _retry_after(answer.headers, now)
        if wait is None:
            wait = _DEFAULT_WAIT
        until = now + timedelta(seconds=wait)
        self._breaker.trip(source, until)
        return SourceUnavailable(
            source,
            f"answered {answer.status}, left alone until {utc_text(until)}{complaint}",
            status=answer.status,
            retry_after=wait,
        )

    async def _try(self, source: str, request: httpx.Request) -> _Answer:
        """Send until there is an answer worth having, or the tries are used up."""
        tried = 0
        while True:
            tried += 1
            try:
                answer = await self._send(source, request)
            except (TimeoutError, httpx.TimeoutException) as error:
                if tried >= _TRIES:
                    reason = f"no whole answer within {self._timeout:g} s, {tried} times"
                    raise SourceUnavailable(source, reason) from error
            except (httpx.UnsupportedProtocol, httpx.LocalProtocolError):
                # The client's own words quote what it refuses to send.
                raise SourceUnavailable(source, "the request could not be sent") from None
            except httpx.TransportError as error:
                if tried >= _TRIES:
                    reason = f"connection failed {tried} times ({type(error).__name__})"
                    raise SourceUnavailable(source, reason) from error
            except httpx.DecodingError as error:
                raise SourceUnavailable(source, "sent a body that does not unpack") from error
            else:
                if answer.status < 500 or tried >= _TRIES_SERVER_ERROR:
                    return answer
            await self._sleep(_PAUSE)

    async def _send(self, source: str, request: httpx.Request) -> _Answer:
        self.calls += 1
        async with asyncio.timeout(self._timeout):
            response = await self._pool.handle_async_request(request)
            body = bytearray()
            try:
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST_BODY:
                        reason = f"sent more than {_LARGEST_BODY // 2**20} MB"
                        raise SourceUnavailable(source, reason, status=response.status_code)
            finally:
                self.bytes += len(body)
                await response.aclose()
        return _Answer(response.status_code, response.headers, bytes(body))


@cache
def _trust() -> ssl.SSLContext:
    """The certificates we trust; reading them takes 0.1 s, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


def _pool() -> httpx.AsyncBaseTransport:
    """Kept-alive connections, straight: no proxy or key from the environment and no redirect
    followed (it might take a key along).  A client around it would cost half as much again.
    """
    limits = httpx.Limits(
        max_connections=10,
        max_keepalive_connections=10,
        keepalive_expiry=4.0,  # seconds; below the 5 after which common servers hang up
    )
    return httpx.AsyncHTTPTransport(verify=_trust(), trust_env=False, limits=limits)


def _silence(record: logging.LogRecord) -> bool:
    """Drop the client's lines per request: they quote the whole URL, FRED's key included."""
    return record.levelno >= logging.WARNING


def _parse(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Seconds to stay away, from a Retry-After in seconds or as a date; None if it says nothing.

    A date counts from the answer's own Date, so that the wait is right even where our clock or
    the source's is not.  Source: RFC 9110, 10.2.3.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    until = _http_date(text)
    if until is None:
        return None
    sent = _http_date(headers.get("date", "")) or now
    return min(max((until - sent).total_seconds(), 0.0), _LONGEST_WAIT)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _complaint(answer: _Answer, secrets: list[str]) -> str:
    """`: ` and what the source itself says went wrong, or nothing; without any of `secrets`.

    Binance says `msg` (and a `code`), FRED `error_message`, Glassnode `error`, CoinGecko either
    `error` or `status.error_message`, Coin Metrics `error.message`.
    """
    if not answer.content_type.endswith("json"):
        return ""
    try:
        said = _parse(answer.body)
    except (ValueError, ArithmeticError, RecursionError):
        return ""
    words: list[str] = []
    while isinstance(said, dict):
        if isinstance(code := said.get("code"), int):
            words.append(f"code {code}")
        names = ("msg", "error_message", "message", "error", "status")
        said = next((said[name] for name in names if name in said), None)
    if isinstance(said, str):
        words.append(" ".join(said.split()))
    text = ", ".join(words)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return f": {text[:_LONGEST_COMPLAINT]}" if text else ""
