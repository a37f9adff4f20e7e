"""Who may open a socket: a program with a token, or a browser with a one-time ticket."""

from collections.abc import Collection
from datetime import datetime

from automoney.errors import Unauthorized
from automoney.identity import USER, Identity, Verifier
from automoney.ports import Tickets


def admit(
    verifier: Verifier,
    tickets: Tickets,
    *,
    authorization: str | None,
    ticket: str | None,
    origin: str | None,
    allowed_origins: Collection[str],
    now: datetime,
) -> Identity:
    """Whose socket it will be.

    A program sends `Authorization: Bearer TOKEN` and needs no Origin.  A browser can't set that
    header on a WebSocket but always sends its Origin; it brings a ticket, which makes its holder
    a plain user whatever his token granted.  An Origin that is not in the list is refused in
    either case, or a foreign page could use what the browser holds.

    Raises Unauthorized.
    """
    if origin is not None and origin not in allowed_origins:
        raise Unauthorized("the page's origin is not allowed")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("the Authorization header holds no bearer token")
        return verifier.verify(token.strip(), now=now)
    if ticket is None:
        raise Unauthorized("neither a bearer token nor a ticket was sent")
    if origin is None:
        raise Unauthorized("a ticket is good only with an Origin")
    return Identity(tickets.redeem(ticket, now=now), frozenset({USER}))
