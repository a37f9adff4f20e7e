"""How we ask an outside API: one pooled client, and one place where everything can go wrong.

Whatever breaks leaves here as SourceUnavailable, with a reason that never holds a URL or a key.

    what happened                    tries  then
    no answer in time, or broken off   3    2 s apart (description 2.2.2)
    5xx                                2    2 s apart
    429, 418                           1    trips the breaker: the next run waits, not this one
    its budget is used up              0    or as many as it had room for; no wait here either
    any other status but 2xx           1    a blocked region or a wrong key does not change in 2 s
    not JSON, over 16 MB               1    it answered, so it would answer the same again
    an error object with status 200    1    the same
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol, Self

import httpx

from automoney import answers
from automoney.answers import Answer
from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable

_TRIES = 3
_TRIES_SERVER_ERROR = 2
_PAUSE = 2.0  # seconds between tries
_ASKED_TO_WAIT = frozenset({418, 429})
_DEFAULT_WAIT = 60.0  # seconds, where the answer does not say how long
_LARGEST_BODY = 16 * 2**20  # bytes, after decompression
_TALKATIVE = ("httpx", "httpcore.http11")  # loggers that quote URLs, or headers sent back to us
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "automoney"}
_SECRET_PARAMS = frozenset({"api_key", "key", "token", "x_cg_demo_api_key", "x_cg_pro_api_key"})


class Breaker(Protocol):
    """Remembers, beyond this process, which sources asked to be left alone and until when."""

    def open_until(self, source: str) -> datetime | None:
        """Until when `source` must not be called; None, or a time gone by, means call it."""

    def trip(self, source: str, until: datetime) -> None: ...


class Limit(Protocol):
    """At most `calls` requests in any span of `per`."""

    @property
    def calls(self) -> int: ...

    @property
    def per(self) -> timedelta: ...


class Budget(Protocol):
    """Counts, beyond this process, the requests to sources that limit them."""

    def take(self, source: str, limits: Sequence[Limit], *, now: datetime) -> timedelta | None:
        """Count a request at `now` if every limit has room for it, and answer None.

        Otherwise count nothing, and answer how long to wait until there is room.
        """


class Transport:
    """GET over kept-alive connections, within `timeout` a try, counting `calls` and `bytes`.

    `timeout` spans all of one try, from the wait for a connection to the last byte, so a source
    that drips its answer is cut off too.  `limits` name what each source allows; before every try,
    retries included, one call is taken from the `budget`, and a source without limits takes none.
    `clock` tells the time that the sources go by.  Breaker and budget go by `wall`, if that is
    another; what they remember by it is kept apart, as `<source>@wall`, for the times of two clocks
    cannot be compared.  An instance belongs to the event loop that it is first used in.
    """

    def __init__(
        self,
        *,
        breaker: Breaker,
        clock: Callable[[], datetime],
        timeout: timedelta,
        budget: Budget | None = None,
        limits: Mapping[str, Sequence[Limit]] = {},
        wall: Callable[[], datetime] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        pool: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.clock = clock
        self.calls = 0
        self.bytes = 0
        if limits and budget is None:
            raise ValueError("limits without a budget would not be kept")
        self._breaker = breaker
        self._budget = budget
        self._limits = dict(limits)
        self._wall = wall or clock
        self._kept_as = "{}@wall".format if wall else str
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
            said = answers.parse(answer.body)
        # A fraction with an absurd exponent is an ArithmeticError, absurd nesting the other.
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise SourceUnavailable(
                source,
                f"sent broken JSON of {len(answer.body)} bytes ({type(error).__name__})",
                status=answer.status,
            ) from error
        if answers.is_error(said):
            words = answers.complaint(answer, _secrets(params, headers))
            reason = f"answered {answer.status} with an error{words}"
            raise SourceUnavailable(source, reason, status=answer.status)
        return said

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
    ) -> Answer:
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
        complaint = answers.complaint(answer, _secrets(params, headers))
        if answer.status in _ASKED_TO_WAIT:
            raise self._left_alone(source, answer, complaint)
        raise SourceUnavailable(
            source,
            f"answered {answer.status}{complaint}",
            status=answer.status,
            retry_after=answers.retry_after(answer, self._wall()),
        )

    def _refuse_while_open(self, source: str) -> None:
        until = self._breaker.open_until(self._kept_as(source))
        if until is None:
            return
        wait = (until - self._wall()).total_seconds()
        if wait > 0:
            raise SourceUnavailable(
                source, f"asked to be left alone until {utc_text(until)}", retry_after=wait
            )

    def _left_alone(self, source: str, answer: Answer, complaint: str) -> SourceUnavailable:
        now = self._wall()
        wait = answers.retry_after(answer, now)
        if wait is None:
            wait = _DEFAULT_WAIT
        until = now + timedelta(seconds=wait)
        self._breaker.trip(self._kept_as(source), until)
        return SourceUnavailable(
            source,
            f"answered {answer.status}, left alone until {utc_text(until)}{complaint}",
            status=answer.status,
            retry_after=wait,
        )

    def _spend(self, source: str) -> None:
        """Take one call from the budget; raise without a pause if there is none left."""
        limits = self._limits.get(source, ())
        if self._budget is None or not limits:
            return
        wait = self._budget.take(self._kept_as(source), limits, now=self._wall())
        if wait is not None:
            seconds = wait.total_seconds()
            allowed = " and ".join(
                f"{it.calls} calls in {it.per.total_seconds():g} s" for it in limits
            )
            reason = f"its budget of {allowed} is used up for another {seconds:g} s"
            raise SourceUnavailable(source, reason, retry_after=seconds)

    async def _try(self, source: str, request: httpx.Request) -> Answer:
        """Send until there is an answer worth having, or the tries are used up."""
        tried = 0
        while True:
            self._spend(source)
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

    async def _send(self, source: str, request: httpx.Request) -> Answer:
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
        return Answer(response.status_code, response.headers, bytes(body))


def _secrets(params: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
    return [*(value for name, value in params.items() if name in _SECRET_PARAMS), *headers.values()]


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
