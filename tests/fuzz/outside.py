"""The outside world in memory, below the real transport: it answers with what it was given."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from automoney.sources.table import source_named
from automoney.transport import Transport
from tests.fuzz.wire import Sent
from tests.sources.served import Naps, Purse, StoredBreaker

URL = "http://source.invalid"  # nothing is ever sent there
_FAILURES = {
    "timeout": httpx.ReadTimeout,
    "connect": httpx.ConnectError,
    "read": httpx.ReadError,
    "protocol": httpx.RemoteProtocolError,
}


class _Stream(httpx.AsyncByteStream):
    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._sent.broken == "midway":
            yield self._sent.body[: len(self._sent.body) // 2]
            raise httpx.ReadError("hung up")
        yield self._sent.body


@dataclass
class Outside(httpx.AsyncBaseTransport):
    """Answers every request with `sent`; `now` is what the clock says."""

    source: str
    sent: Sent = field(default_factory=lambda: Sent(b"[]"))
    now: datetime = datetime(2025, 9, 21, tzinfo=UTC)
    breaker: StoredBreaker = field(default_factory=StoredBreaker)
    naps: Naps = field(default_factory=Naps)

    def transport(self) -> Transport:
        """The real one, on this."""
        limits = source_named(self.source).limits
        return Transport(
            breaker=self.breaker,
            clock=lambda: self.now,
            timeout=timedelta(seconds=30),
            budget=Purse({self.source: 10**9}),
            limits={self.source: limits} if limits else {},
            sleep=self.naps,
            pool=self,
        )

    def answers(self, sent: Sent, now: datetime) -> None:
        """From now on with `sent`; what was asked of us before is forgotten."""
        self.sent, self.now = sent, now
        self.breaker.until.clear()
        self.naps.taken.clear()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = self.sent
        if sent.broken in _FAILURES:
            raise _FAILURES[sent.broken]("as told")
        headers = [(name.encode(), value.encode()) for name, value in sent.headers]
        return httpx.Response(sent.status, headers=headers, stream=_Stream(sent))
