"""Errors on demand: what an API does when it does not answer as it should."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from automoney.errors import InvalidInput, Unknown
from infra.local.world.wire.exchange import Answer, json_answer, page


class Kind(StrEnum):
    """How it goes wrong."""

    STATUS = "status"  # answers with that status and the body that goes with it
    TIMEOUT = "timeout"  # accepts the request and never answers
    DRIP = "drip"  # answers a few bytes a second
    TRUNCATE = "truncate"  # announces the whole answer, sends half, and hangs up
    HTML = "html"  # a web page with status 200 where JSON is expected
    GARBAGE = "garbage"  # bytes that are neither JSON nor text, with status 200


@dataclass(slots=True)
class Fault:
    """One order for trouble; `left` is how many more requests get it (None: all of them).

    `path` restricts it to requests whose path and query contain it.
    """

    source: str
    kind: Kind
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    left: int | None
    path: str
    hits: int = 0


class Faults:
    """The orders in force, oldest first, and how many requests each source has had."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self._sources = sources
        self._faults: list[Fault] = []
        self.requests = dict.fromkeys(sources, 0)

    def order(self, text: bytes) -> None:
        """Add one from its JSON; raises InvalidInput for a field that is wrong or unknown."""
        try:
            wanted = json.loads(text)
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict):
            raise InvalidInput("fault", text.decode(errors="replace"), "a JSON object")
        known = ("source", "kind", "status", "headers", "count", "path")
        for name in wanted:
            if name not in known:
                raise Unknown("fault", name, known)
        if wanted.get("source") not in self._sources:
            raise Unknown("source", wanted.get("source"), self._sources)
        if wanted.get("kind") not in list(Kind):
            raise Unknown("kind", wanted.get("kind"), Kind)
        status, count = wanted.get("status", 500), wanted.get("count")
        if not isinstance(status, int) or not 200 <= status <= 599:
            raise InvalidInput("status", status, "a number from 200 to 599")
        if count is not None and (not isinstance(count, int) or count < 1):
            raise InvalidInput("count", count, "a number from 1, or null for all requests")
        headers = wanted.get("headers") or {}
        if not isinstance(headers, dict):
            raise InvalidInput("headers", headers, "an object of names and values")
        self._faults.append(
            Fault(
                wanted["source"],
                Kind(wanted["kind"]),
                status,
                tuple((str(name).encode(), str(value).encode()) for name, value in headers.items()),
                count,
                str(wanted.get("path") or ""),
            )
        )

    def clear(self) -> None:
        self._faults.clear()

    def strike(self, source: str, target: str) -> Fault | None:
        """Count a request for `target` (path and query) and say what goes wrong with it, if any."""
        self.requests[source] += 1
        for fault in self._faults:
            if fault.source == source and fault.left != 0 and fault.path in target:
                fault.hits += 1
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    def report(self) -> dict[str, Any]:
        """Plain JSON: the orders with their hits, and requests by source."""
        return {
            "faults": [
                {
                    "source": fault.source,
                    "kind": fault.kind,
                    "status": fault.status,
                    "path": fault.path,
                    "left": fault.left,
                    "hits": fault.hits,
                }
                for fault in self._faults
            ],
            "requests": self.requests,
        }


def spoiled(fault: Fault) -> Answer:
    """The wrong answer, for the kinds that send a whole one."""
    if fault.kind is Kind.HTML:
        return page(200, "Just a moment...")._replace(headers=fault.headers)
    if fault.kind is Kind.GARBAGE:
        return Answer(200, bytes(range(128, 256)) + b'{"', headers=fault.headers)
    body = _BODIES.get(fault.source, {}).get(fault.status)
    answer = page(fault.status, f"{fault.status} error") if body is None else _whole(fault, body)
    return answer._replace(headers=fault.headers)


def _whole(fault: Fault, body: Mapping[str, Any] | bytes) -> Answer:
    if isinstance(body, bytes):
        return Answer(fault.status, body)
    return json_answer(body, fault.status)


_BODIES: dict[str, dict[int, Mapping[str, Any] | bytes]] = {
    "binance": {
        418: {
            "code": -1003,
            "msg": "Way too much request weight used; IP banned until 1660090423228. "
            "Please use the websocket for live updates to avoid bans.",
        },
        429: {
            "code": -1003,
            "msg": "Too much request weight used; current limit is 1200 request weight per "
            "1 MINUTE. Please use the websocket for live updates to avoid polling the API.",
        },
        451: {
            "code": 0,
            "msg": "Service unavailable from a restricted location according to "
            "'b. Eligibility' in https://www.binance.com/en/terms. Please contact customer "
            "service if you believe you received this message in error.",
        },
    },
    "coingecko": {
        429: {
            "status": {
                "error_code": 429,
                "error_message": "You've exceeded the Rate Limit. Please visit "
                "https://www.coingecko.com/en/api/pricing to subscribe to our API plans for "
                "higher rate limits.",
            }
        }
    },
    "glassnode": {401: {"error": "Invalid API key"}, 429: b""},
    "fred": {
        400: {
            "error_code": 400,
            "error_message": "Bad Request.  Variable api_key is not set.  "
            "Read https://fred.stlouisfed.org/docs/api/api_key.html for more information.",
        }
    },
}
"""Bodies as seen or documented; where none is known, a web page, as proxies in between send."""
