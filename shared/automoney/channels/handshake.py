"""The opening of a WebSocket in API Gateway's words: what was sent, and what it wants back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypedDict

from automoney.errors import Unauthorized
from automoney.observability import logger

if TYPE_CHECKING:
    from automoney.identity import Identity  # at run time it would bring cryptography along


class Credentials(TypedDict):
    """What the other end brought; None where it did not."""

    authorization: str | None
    ticket: str | None
    origin: str | None


def credentials(event: Mapping[str, Any]) -> Credentials:
    """Read an authorizer's event: two headers, and `?ticket=`."""
    headers = _headers(event)
    query = event.get("queryStringParameters") or {}
    return Credentials(
        authorization=headers.get("authorization"),
        ticket=query.get("ticket"),
        origin=headers.get("origin"),
    )


def policy(identity: "Identity", method_arn: str) -> dict[str, Any]:
    """Let `identity` in; its context comes back in the events of all later routes."""
    allow = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}
    return {
        "principalId": identity.user_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [allow]},
        "context": {"userId": identity.user_id, "roles": ",".join(sorted(identity.roles))},
    }


@contextmanager
def answering_401() -> Iterator[None]:
    """Turn Unauthorized into the one word that makes API Gateway answer 401, not 500."""
    try:
        yield
    except Unauthorized as error:
        logger.info("socket refused", extra={"reason": str(error)})
        raise Exception("Unauthorized") from None


def accepted(event: Mapping[str, Any]) -> dict[str, Any]:
    """`$connect`'s answer.  A browser that offered sub-protocols hangs up unless one comes back."""
    offered = _headers(event).get("sec-websocket-protocol", "").split(",")[0].strip()
    if not offered:
        return {"statusCode": 200}
    return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": offered}}


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}
