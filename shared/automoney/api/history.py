"""What was decided, traded and run, newest first."""

import re
from typing import Annotated

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples import DECISIONS, EXECUTION, TRADES
from automoney.api.problems import EXAMPLES, Absent
from automoney.api.replies import Reply, example
from automoney.api.services import Here
from automoney.messages import scores_data

router = APIRouter(tags=["history"], responses=EXAMPLES)

Limit = Annotated[int, Query(ge=1, le=200, description="How many, newest first")]
Before = Annotated[
    str | None,
    Query(max_length=300, pattern=r"^[\x20-\x7e]+$", description="The `next` of the last page"),
]
_EXECUTION_ID = re.compile(r"[a-z0-9-]{1,64}:\d{4}-\d\d-\d\dT\d\d:\d\dZ")


@router.get("/decisions", summary="Your decisions", responses=example(DECISIONS))
async def decisions(
    services: Here, caller: Caller, limit: Limit = 50, before: Before = None
) -> Reply:
    """What your portfolio did about each judgement, also where that was to hold."""
    rows, cursor = services.history.decisions(caller.user_id, limit=limit, before=before)
    return Reply({"decisions": rows, "next": cursor})


@router.get("/trades", summary="Your trades", responses=example(TRADES))
async def trades(services: Here, caller: Caller, limit: Limit = 50, before: Before = None) -> Reply:
    """Fills on paper: the first price after the slot, with slippage and a fee."""
    rows, cursor = services.history.trades(caller.user_id, limit=limit, before=before)
    return Reply({"trades": rows, "next": cursor})


@router.get(
    "/executions/{executionId}", summary="One run of a strategy", responses=example(EXECUTION)
)
async def execution(executionId: str, services: Here, _: Caller) -> Reply:
    """Its status and inputs, and the scores per asset if it came to a judgement.

    A run is the same for every follower: it holds nothing of any user.
    """
    found = None
    if _EXECUTION_ID.fullmatch(executionId):
        found = services.history.execution(executionId)
    if found is None:
        wanted = ascii(executionId[:100])
        raise Absent(f"there was no run {wanted}; ids are like hodl-wave:2025-11-05T12:00Z")
    judgement = services.executions.find(executionId)
    return Reply({**found, "assets": scores_data(judgement)["assets"] if judgement else None})
