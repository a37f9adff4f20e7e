"""Idempotency-Key: a POST that is sent twice has its effect once, and the same answer twice."""

from collections.abc import Callable, Coroutine
from hashlib import sha256
from re import compile as pattern
from secrets import token_hex
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute

from automoney.api.problems import PROBLEM_JSON, Problem
from automoney.api.services import Services
from automoney.encoding import canonical
from automoney.errors import InvalidInput, SourceUnavailable, Unauthorized
from automoney.observability import logger
from automoney.ports.replies import Kept, Refusal

type Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_KEY = pattern(r"[\x21-\x7e]{1,200}")
_OWN_HEADERS = ("Location",)
_LARGEST = 300_000  # bytes of an answer; a row of DynamoDB may have 400 kB
_UNDER_WAY: dict[str, Any] = {
    "type": "urn:automoney:under-way",
    "title": "Conflict",
    "status": 409,
    "detail": "the same request is being carried out; ask again in a second",
}


async def _key_of(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=f"^{_KEY.pattern}$",
            description="A name of yours for this request, such as a UUID: sent again within 24 h"
            " it has no second effect and gets the first answer, with `Idempotent-Replayed: true`",
        ),
    ] = None,
) -> None:
    """For the description, and to refuse a bad key by name."""


class OnceRoute(APIRoute):
    """A route whose POST heeds the header.

    What is refused, or fails, uses up no key.  A request that was cut off between its effect and
    the keeping of its answer is carried out again by who sends it after a minute.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        if "POST" in (more.get("methods") or ()):
            more["dependencies"] = [Depends(_key_of), *(more.get("dependencies") or [])]
            conflict = {"description": "The same request is under way"}
            content = {PROBLEM_JSON: {"example": _UNDER_WAY}}
            more["responses"] = {
                **(more.get("responses") or {}),
                409: {**conflict, "content": content},
            }
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Handler:
        carry_out = super().get_route_handler()

        async def handle(request: Request) -> Response:
            key = request.headers.get("Idempotency-Key")
            if request.method != "POST" or key is None or not _KEY.fullmatch(key):
                return await carry_out(request)
            services: Services = request.app.state.services
            user_id = _caller(request, services)
            if user_id is None:
                return await carry_out(request)
            name = sha256(canonical([user_id, key])).hexdigest()
            return await _once(request, services, user_id, name, carry_out)

        return handle


async def _once(
    request: Request,
    services: Services,
    user_id: str,
    name: str,
    carry_out: Handler,
) -> Response:
    body = await request.body()
    asked = [request.method, request.url.path, request.url.query, sha256(body).hexdigest()]
    owner, now = token_hex(16), services.clock()
    found = services.replies.begin(name, sha256(canonical(asked)).hexdigest(), owner=owner, now=now)
    if found is not None:
        services.limiter.admit(f"user:{user_id}", now=now)  # who is carried out is counted there
        return _known(request, found)
    try:
        response = await carry_out(request)
    except BaseException:
        _give_up(services, name, owner)
        raise
    if response.status_code >= 400 or len(response.body) > _LARGEST:
        _give_up(services, name, owner)
    else:
        _keep(services, name, response, owner)
    return response


def _known(request: Request, found: Kept | Refusal) -> Response:
    if found is Refusal.ANOTHER:
        expected = "a key that was sent with no other request in the last 24 h"
        raise InvalidInput("Idempotency-Key", request.headers["Idempotency-Key"], expected)
    if isinstance(found, Refusal):
        return Problem(409, "under-way", _UNDER_WAY["detail"], headers={"Retry-After": "1"})
    headers = {**found.headers, "Idempotent-Replayed": "true"}
    return Response(found.body, found.status, headers, found.media_type)


def _keep(services: Services, name: str, response: Response, owner: str) -> None:
    own = {one: response.headers[one] for one in _OWN_HEADERS if one in response.headers}
    text = bytes(response.body).decode()
    kept = Kept(response.status_code, text, response.headers["Content-Type"], own)
    try:
        services.replies.finish(name, kept, owner=owner, now=services.clock())
    except SourceUnavailable as error:  # it has been carried out: to say it failed would be false
        logger.error("an answer was not kept", extra={"reason": str(error)})


def _give_up(services: Services, name: str, owner: str) -> None:
    try:
        services.replies.give_up(name, owner=owner)
    except SourceUnavailable as error:  # it frees itself in a minute
        logger.warning("a key was not given up", extra={"reason": str(error)})


def _caller(request: Request, services: Services) -> str | None:
    """Whose key it is; None without a good token, which the route itself refuses and counts."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    try:
        return services.verifier.verify(token.strip(), now=services.clock()).user_id
    except Unauthorized:
        return None
