"""Run now: a fresh look of the agents, which never trades."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from fastapi import APIRouter, Response

from automoney.api.access import Caller
from automoney.api.once import OnceRoute
from automoney.api.problems import EXAMPLES, PROBLEM_JSON, Problem
from automoney.api.replies import Reply
from automoney.api.services import Here
from automoney.errors import BudgetSpent
from automoney.trading.strategies import strategy_named

router = APIRouter(tags=["strategies"], responses=EXAMPLES, route_class=OnceRoute)

_LOOK = "hodl-wave:2025-11-05T12:01:30Z:look"
LOOKED: dict[str, Any] = {
    "lookId": _LOOK,
    "strategyId": "hodl-wave",
    "status": "asked",
    "at": "2025-11-05T12:01:30Z",
    "nextAt": "2025-11-05T12:11:30Z",
}
_NOT_YET: dict[str, Any] = {
    "type": "urn:automoney:look-taken",
    "title": "Too Many Requests",
    "status": 429,
    "detail": "you may have one look in 10 min; the next in 600 s",
    "nextAt": "2025-11-05T12:11:30Z",
}


@router.post(
    "/strategies/{strategyId}/run",
    summary="Look now",
    status_code=202,
    response_class=Reply,
    responses={
        202: {
            "description": "A look was asked for; `Location` is where it will be found",
            "content": {"application/json": {"example": LOOKED}},
        },
        429: {
            "description": "It is not your turn, the day's budget for language models is spent, or"
            " too many requests; `Retry-After` says when to try again",
            "content": {PROBLEM_JSON: {"example": _NOT_YET}},
        },
    },
)
async def run_now(strategyId: str, services: Here, caller: Caller) -> Response:
    """Have the agents judge the market as it is now, for you alone: nobody trades on it.

    The scores come as the event `agent:scores` with this `lookId` as its `executionId`, and under
    `GET /api/executions/{lookId}`, which answers 404 until the look has begun.
    """
    strategy, wall = strategy_named(strategyId), services.clock()
    try:
        services.looking.check_budget(wall)
    except BudgetSpent as error:
        return _budget_spent(error, wall)
    now = services.market_clock().replace(microsecond=0)
    asked = services.looking.ask(strategy.id, caller.user_id, now=now, wall=wall)
    if asked.look is None:
        return _not_yet(asked.next_at, wall, services.looking.every)
    told = {
        "lookId": asked.look,
        "strategyId": strategy.id,
        "status": "asked",
        "at": now,
        "nextAt": asked.next_at,
    }
    headers = {"Location": f"/api/executions/{asked.look}"}
    return Reply(told, status_code=202, headers=headers)


def _not_yet(next_at: datetime, wall: datetime, every: timedelta) -> Problem:
    wait = max(1, ceil((next_at - wall).total_seconds()))
    minutes = f"{every.total_seconds() / 60:g} min"
    detail = f"you may have one look in {minutes}; the next in {wait} s"
    headers = {"Retry-After": str(wait)}
    return Problem(429, "look-taken", detail, headers=headers, nextAt=next_at)


def _budget_spent(error: BudgetSpent, wall: datetime) -> Problem:
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    wait = ceil((midnight - wall).total_seconds())
    return Problem(
        429,
        "budget-spent",
        f"{error}; there is a new one at midnight UTC",
        headers={"Retry-After": str(wait)},
        budget=error.budget,
        cap=error.cap,
        spent=error.spent,
    )
