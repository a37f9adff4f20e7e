"""Every error as a problem detail (RFC 9457), and no inner detail in any of them."""

import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from automoney.api.replies import Reply
from automoney.errors import (
    AutomoneyError,
    DataMissing,
    InvalidInput,
    SourceUnavailable,
    TooManyRequests,
    Unauthorized,
    Unknown,
)
from automoney.observability import logger

PROBLEM_JSON = "application/problem+json"
_LONGEST_QUOTE = 200  # characters of a refused value that are sent back


class Absent(AutomoneyError):
    """What was asked for does not exist, or not yet; the message says so in plain words."""

    def __init__(self, message: str, **members: Any) -> None:
        super().__init__(message)
        self.members = members


class TooLarge(HTTPException):
    """The body has more than `limit` bytes.

    FastAPI takes any other error that turns up while a body is read for bad JSON.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


class Problem(Reply):
    """One problem: `kind` becomes its type, the title follows from the status."""

    media_type = PROBLEM_JSON

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        content = {
            "type": f"urn:automoney:{kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            **members,
        }
        super().__init__(content, status, headers)


EXAMPLES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {PROBLEM_JSON: {"example": {**example, "status": status}}},
    }
    for status, description, example in (
        (
            401,
            "No valid token",
            {
                "type": "urn:automoney:unauthorized",
                "title": "Unauthorized",
                "detail": "send the header Authorization: Bearer TOKEN",
            },
        ),
        (
            404,
            "It does not exist, or not yet",
            {
                "type": "urn:automoney:unknown",
                "title": "Not Found",
                "detail": "asset was 'DOGE'; expected one of BTC, ETH",
                "field": "asset",
                "value": "DOGE",
                "known": ["BTC", "ETH"],
            },
        ),
        (
            422,
            "Something sent is not as it should be",
            {
                "type": "urn:automoney:invalid-input",
                "title": "Unprocessable Content",
                "detail": "limit was '0'; expected input greater than or equal to 1",
                "field": "limit",
                "value": "0",
                "expected": "input greater than or equal to 1",
            },
        ),
        (
            429,
            "More requests in a minute than a user has; `Retry-After` says when one fits in",
            {
                "type": "urn:automoney:too-many-requests",
                "title": "Too Many Requests",
                "detail": "more than 60 requests a minute; try again in 7 s",
                "limit": 60,
            },
        ),
        (
            503,
            "Something that is needed is away; `Retry-After` says when to try again",
            {
                "type": "urn:automoney:source-unavailable",
                "title": "Service Unavailable",
                "detail": "binance gives no answer at the moment; try again soon",
            },
        ),
    )
}
FORBIDDEN: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "It takes the role `ops`",
        "content": {
            PROBLEM_JSON: {
                "example": {
                    "type": "urn:automoney:forbidden",
                    "title": "Forbidden",
                    "status": 403,
                    "detail": "only ops may pause or resume a strategy for everybody",
                }
            }
        },
    }
}


def install(app: FastAPI) -> None:
    """Answer every error that a route raises on purpose, or that FastAPI raises for it."""

    def answer[E: Exception](kind: type[E], make: Callable[[E], Problem]) -> None:
        async def handler(_: Request, error: Exception) -> Response:
            assert isinstance(error, kind)
            return make(error)

        app.add_exception_handler(kind, handler)

    answer(Unauthorized, _unauthorized)
    answer(Unknown, _unknown)
    answer(InvalidInput, _invalid)
    answer(Absent, _absent)
    answer(DataMissing, _missing)
    answer(SourceUnavailable, _unavailable)
    answer(TooManyRequests, _too_many)
    answer(RequestValidationError, _refused)
    answer(TooLarge, too_large)
    answer(HTTPException, _http)


def unexpected(error: Exception, method: str, path: str) -> Problem:
    """Our bug or a store that is down: the client gets an id, the log has the same id and why."""
    problem_id = secrets.token_hex(8)
    logger.error(
        "request failed",
        exc_info=error,
        extra={"problem_id": problem_id, "method": method, "path": path},
    )
    detail = "Something went wrong on our side. Quote this id when you report it."
    return Problem(500, "unexpected", detail, id=problem_id)


def too_large(error: TooLarge) -> Problem:
    detail = f"a request may have at most {error.limit} bytes"
    return Problem(413, "too-large", detail, limit=error.limit)


def _unauthorized(error: Unauthorized) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="automoney"'}
    return Problem(401, "unauthorized", str(error), headers=headers)


def _unknown(error: Unknown) -> Problem:
    value = _quote(error.value)
    detail = f"{error.field} was {value!r}; expected {error.expected}"
    return Problem(404, "unknown", detail, field=error.field, value=value, known=error.known)


def _invalid(error: InvalidInput) -> Problem:
    return _wrong(error.field, error.value, error.expected)


def _absent(error: Absent) -> Problem:
    return Problem(404, "absent", str(error), **error.members)


def _missing(error: DataMissing) -> Problem:
    return Problem(503, "data-missing", str(error), headers={"Retry-After": "30"})


def _unavailable(error: SourceUnavailable) -> Problem:
    logger.warning("a source the API needs is unavailable", extra={"error": str(error)})
    detail = f"{error.source} gives no answer at the moment; try again soon"
    return Problem(503, "source-unavailable", detail, headers={"Retry-After": "30"})


def _too_many(error: TooManyRequests) -> Problem:
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(429, "too-many-requests", str(error), headers=headers, limit=error.limit)


def _refused(error: RequestValidationError) -> Problem:
    """Pydantic's first complaint, in our words; all of them under `errors`."""
    complaints = [
        {
            "field": _field(one["loc"]),
            "value": None if one["type"] == "missing" else _quote(one.get("input")),
            "expected": _expected(one),
        }
        for one in error.errors()
    ]
    first = complaints[0]
    return _wrong(first["field"], first["value"], first["expected"], errors=complaints)


def _http(error: HTTPException) -> Problem:
    if error.status_code == 400:  # FastAPI's word for a body that is not even text
        return _wrong("body", None, "valid JSON in UTF-8")
    if error.status_code == 404:
        return Problem(404, "no-such-route", "no such route; GET /api/openapi.json lists them all")
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    headers = dict(error.headers) if error.headers else None
    return Problem(error.status_code, kind, str(error.detail), headers=headers)


def _wrong(field: Any, value: object, expected: Any, **members: Any) -> Problem:
    value = _quote(value)
    detail = f"{field} was {value!r}; expected {expected}"
    return Problem(
        422, "invalid-input", detail, field=field, value=value, expected=expected, **members
    )


def _quote(value: object) -> str | None:
    return None if value is None else str(value)[:_LONGEST_QUOTE]


def _field(location: Sequence[str | int]) -> str:
    """`("query", "limit")` is `limit` to the one who sent it; `("body",)` stays `body`."""
    names = location if len(location) == 1 else location[1:]
    # For text that is not JSON, pydantic gives the position of the fault.
    return ".".join(map(str, names)) if isinstance(names[0], str) else "body"


def _expected(complaint: dict[str, Any]) -> str:
    match complaint["type"]:
        case "missing":
            return "a value"
        case "json_invalid":
            return "valid JSON"
        case "extra_forbidden":
            return "no such field"
        case "model_attributes_type":
            return "a JSON object sent as application/json"
        case _:
            message = str(complaint["msg"])
            for opening in ("Input should be ", "Input should "):
                message = message.removeprefix(opening)
            return message
