"""Answers in JSON: decimals as strings, times as `...Z`."""

import hashlib
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from automoney.encoding import dumps


class Reply(JSONResponse):
    """Any value that `encoding.plain` knows, as one line of JSON."""

    def render(self, content: Any) -> bytes:
        return dumps(content).encode()


def unless_known(request: Request, content: Any) -> Response:
    """The content with its ETag, or 304 if the client says that it has this very content."""
    reply = Reply(content)
    etag = f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    # The client may keep it but has to ask each time whether it still holds.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    reply.headers.update(headers)
    return reply


def example(value: Any, description: str = "As asked") -> dict[int | str, dict[str, Any]]:
    """What FastAPI's `responses=` takes to show one example of a good answer."""
    return {200: {"description": description, "content": {"application/json": {"example": value}}}}
