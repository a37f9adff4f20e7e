"""Posting to open sockets as fast as API Gateway takes it: signing hoisted, connections kept.

boto3 spends a millisecond and more of processor time on each call.  This does what it does for
`PostToConnection`, and nothing else.  Source: AWS, "Create a signed AWS API request" (SigV4).
"""

import hmac
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from queue import Empty, LifoQueue
from urllib.parse import SplitResult, quote, urlsplit

from automoney.channels.wire import Cut, Wire
from automoney.errors import ConnectionGone, SourceUnavailable

_SERVICE = "execute-api"
_TIMEOUT = 3.0  # seconds; a socket's own slowness is API Gateway's to buffer
_TRIES = 3
_FIRST_WAIT = 0.05  # seconds, doubled and spread
_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs.  `token` is a session's, as Lambda has one."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class SignedPosts:
    """POSTs to one management URL.  Safe to share between threads; each takes a connection.

    Throttled and failing calls are tried again, three times in all, a little later each time; one
    that is not answered in three seconds is not.
    """

    url: str
    region: str
    credentials: Callable[[], Credentials]
    clock: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep
    trust: ssl.SSLContext | None = None  # None: the usual authorities
    _idle: "LifoQueue[Wire]" = field(default_factory=LifoQueue, init=False)
    _key: tuple[str, str, bytes] = field(default=("", "", b""), init=False)

    def post(self, connection_id: str, payload: bytes) -> None:
        """Raises ConnectionGone for a 410, SourceUnavailable for whatever else is not a 200."""
        status = 0
        for number in range(_TRIES):
            if number:
                self.wait(_FIRST_WAIT * 2**number * random.uniform(0.5, 1))  # noqa: S311
            status = self._once(connection_id, payload)
            if status not in _AGAIN:
                break
        if status == 410:
            raise ConnectionGone(connection_id)
        if status != 200:
            raise SourceUnavailable("WebSocket API", f"answered {status}", status=status)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _once(self, connection_id: str, payload: bytes) -> int:
        base = urlsplit(self.url)
        path = f"{base.path.rstrip('/')}/@connections/{quote(connection_id, safe='')}"
        headers = self.signed(path, base.netloc, payload, self.clock())
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(payload)}\r\n\r\n"
        request = head.encode() + payload
        while True:
            wire: Wire | None = None
            try:
                wire = self._wire(base)
                status = wire.ask(request)
            except (OSError, Cut) as error:
                if wire is not None:
                    wire.close()
                    if wire.kept and not isinstance(error, TimeoutError):
                        continue  # closed while it was idle: that says nothing
                raise SourceUnavailable("WebSocket API", type(error).__name__) from error
            if wire.open:
                self._idle.put(wire)
            return status

    def _wire(self, base: SplitResult) -> Wire:
        try:
            return self._idle.get_nowait()
        except Empty:
            if base.scheme == "https" and self.trust is None:
                self.trust = ssl.create_default_context()
            return Wire(base, _TIMEOUT, self.trust if base.scheme == "https" else None)

    def signed(self, path: str, host: str, payload: bytes, at: datetime) -> dict[str, str]:
        """The headers of a POST of `payload` to `path` as it is sent, signed at `at`."""
        who = self.credentials()
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        day = stamp[:8]
        scope = f"{day}/{self.region}/{_SERVICE}/aws4_request"
        names = "host;x-amz-date" + (";x-amz-security-token" if who.token else "")
        token = f"x-amz-security-token:{who.token}\n" if who.token else ""
        request = (
            f"POST\n{quote(path, safe='/~')}\n\nhost:{host}\nx-amz-date:{stamp}\n{token}\n"
            f"{names}\n{sha256(payload).hexdigest()}"
        )
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        sign = hmac.digest(self._signing_key(who, day), text.encode(), "sha256").hex()
        headers = {
            "Host": host,
            "X-Amz-Date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={who.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={sign}",
        }
        return headers | {"X-Amz-Security-Token": who.token} if who.token else headers

    def _signing_key(self, who: Credentials, day: str) -> bytes:
        """Made once a day and secret, not once a message."""
        if self._key[:2] != (who.secret_key, day):
            key = f"AWS4{who.secret_key}".encode()
            for part in (day, self.region, _SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (who.secret_key, day, key)
        return self._key[2]
