"""What was decided, traded and run, newest first."""

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from automoney.api.access import Caller
from automoney.api.examples import DECISIONS, TRADES
from automoney.api.examples_execution import EXECUTION
from automoney.api.problems import EXAMPLES, FORBIDDEN, Absent
from automoney.api.replies import Reply, example
from automoney.api.services import Here

router = APIRouter(tags=["history"], responses=EXAMPLES)

Limit = Annotated[int, Query(ge=1, le=200, description="How many, newest first")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=300, pattern=r"^[\x20-\x7e]+$", description="The `nextCursor` of the last page"
    ),
]
User = Annotated[
    str | None,
    Query(max_length=128, pattern=r"^[A-Za-z0-9_.@-]+$", description="Whose part; for ops"),
]
_EXECUTION_ID = re.compile(r"[a-z0-9-]{1,64}:\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z(:look)?")


@router.get("/decisions", summary="Your decisions", responses=example(DECISIONS))
async def decisions(
    services: Here, caller: Caller, limit: Limit = 50, cursor: Cursor = None
) -> Reply:
    """What your portfolio did about each judgement, also where that was to hold."""
    rows, further = services.history.decisions(caller.user_id, limit=limit, cursor=cursor)
    return Reply({"decisions": rows, "nextCursor": further})


@router.get("/trades", summary="Your trades", responses=example(TRADES))
async def trades(services: Here, caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Reply:
    """Fills on paper: the first price after the slot, with slippage and a fee."""
    rows, further = services.history.trades(caller.user_id, limit=limit, cursor=cursor)
    return Reply({"trades": rows, "nextCursor": further})


@router.get(
    "/executions/{executionId}",
    summary="One run of a strategy, and why it came out so",
    responses={**example(EXECUTION), **FORBIDDEN},
)
async def execution(executionId: str, services: Here, caller: Caller, user: User = None) -> Reply:
    """What was decided and why: data with their ages, scores, weights, your own part and receipts.

    The run is the same for every follower; of the parts it shows the caller's own.  A run that did
    not come to a judgement says why.
    """
    ops = "ops" in caller.roles
    if user not in (None, caller.user_id) and not ops:
        raise HTTPException(403, "only ops may ask for another user's part")
    found = None
    if _EXECUTION_ID.fullmatch(executionId):
        found = services.explainer.explain(executionId, user or caller.user_id)
    if found is None:
        wanted = ascii(executionId[:100])
        raise Absent(f"there was no run {wanted}; ids are like hodl-wave:2025-11-05T12:00Z")
    if not ops and found["askedBy"] != caller.user_id:
        found["askedBy"] = None  # who else is curious is nobody's business
    return Reply(found)
