"""What a client missed while it was away, and tickets to open a socket with."""

from typing import Annotated

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples import EVENTS
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here

router = APIRouter(tags=["events"], responses=EXAMPLES)

_TICKET_LIFE = 30  # seconds; see ports.Tickets
_LARGEST_SEQ = 2**63 - 1


@router.get("/events", summary="Your events since a number", responses=example(EVENTS))
async def events(
    services: Here,
    caller: Caller,
    since: Annotated[
        int, Query(ge=0, le=_LARGEST_SEQ, description="The `seq` of the last event you have")
    ] = 0,
    limit: Annotated[int, Query(ge=0, le=500, description="0 asks for `lastSeq` alone")] = 100,
) -> Reply:
    """Envelopes as the socket sends them, in order; there are more while below `lastSeq`."""
    last = services.outbox.last_seq(caller.user_id)
    found = services.outbox.since(caller.user_id, since, limit) if limit else []
    # Events may be committed between the two questions.
    last = max([last, *(one.seq for one in found)])
    return Reply({"events": [one.envelope() for one in found], "lastSeq": last})


@router.post(
    "/ws-tickets",
    summary="A ticket to open a WebSocket with",
    responses=example(
        {"ticket": "q83v…", "expiresIn": _TICKET_LIFE, "url": "wss://ws.example.com"}
    ),
)
async def ws_ticket(services: Here, caller: Caller) -> Reply:
    """Good once, for 30 seconds: a browser, which can set no header, opens `url?ticket=TICKET`."""
    ticket = services.tickets.issue(caller.user_id, now=services.clock())
    return Reply({"ticket": ticket, "expiresIn": _TICKET_LIFE, "url": services.settings.ws_url})
