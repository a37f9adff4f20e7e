"""What a request asks and what an answer says, for all the APIs alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from infra.local.world.clock import Micros

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"
CSV = b"application/csv"

_compact = json.JSONEncoder(separators=(",", ":")).encode  # made once: it is in the hot path


@dataclass(frozen=True, slots=True)
class Request:
    """A GET: the path within the API, the query (the last value of a name), `X-Api-Key`, and when
    it is answered."""

    path: str
    query: Mapping[str, str]
    key: str
    now: Micros


class Answer(NamedTuple):
    """A whole response but for its length."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, _compact(value).encode())


def page(status: int, title: str) -> Answer:
    """A web page, which is what APIs answer where nobody expects one."""
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, text.encode(), HTML)


NOT_FOUND = page(404, "404 Not Found")
