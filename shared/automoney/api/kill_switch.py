"""The kill switch: everything that one follows, or for ops everything there is, at once."""

from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from automoney.api.access import Caller
from automoney.api.once import OnceRoute
from automoney.api.pauses import reason_given
from automoney.api.problems import EXAMPLES, FORBIDDEN
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.errors import InvalidInput
from automoney.identity import OPS, Identity
from automoney.trading.strategies import STRATEGIES, Strategy
from automoney.workflows.kill_switch import KillSwitch

router = APIRouter(tags=["strategies"], responses={**EXAMPLES, **FORBIDDEN}, route_class=OnceRoute)

_OFF: dict[str, Any] = {
    "on": False,
    "since": None,
    "reason": None,
    "author": None,
    "strategies": [],
}
STATE: dict[str, Any] = {
    "everything": _OFF,
    "mine": {
        "on": True,
        "since": "2025-11-05T12:00:00Z",
        "reason": "on a journey",
        "author": "ada",
        "strategies": ["hodl-wave"],
    },
}


class Throw(BaseModel):
    """Which way, and why; both are kept."""

    model_config = ConfigDict(extra="forbid", strict=True)

    on: bool = Field(description="true stops, false lets go on", examples=[True])
    reason: str = Field(max_length=180, examples=["on a journey"], description="In words")
    scope: Literal["mine", "everything"] = Field(
        "mine",
        description="What you follow, for you alone; or every strategy for everybody, which takes"
        " the role `ops`",
    )


@router.get("/kill-switch", summary="Is everything stopped?", responses=example(STATE))
async def shown(services: Here, caller: Caller) -> Reply:
    """What the switch holds, for all and for you; what was paused one by one is not in here."""
    return _answer(services, caller)


@router.post("/kill-switch", summary="Stop everything", responses=example(STATE))
async def throw(wish: Throw, services: Here, caller: Caller) -> Reply:
    """Pause all that you follow, or let go on what this switch has paused, from its next run on.

    A strategy that was paused by hand before stays so when the switch is turned off.  Orders of
    what had been judged before are not carried out while your own switch is on.
    """
    if wish.scope == "everything" and OPS not in caller.roles:
        raise HTTPException(403, "only ops may stop everything for everybody")
    reason, now = reason_given(wish.reason), services.market_clock()
    switch = _switch(wish.scope, services, caller)
    if wish.on:
        stopped = _stopped(wish.scope, services, caller)
        switch.turn_on(stopped, author=caller.user_id, reason=reason, at=now)
    else:
        switch.turn_off(author=caller.user_id, reason=reason, at=now)
    return _answer(services, caller)


def _switch(scope: str, services: Services, caller: Identity) -> KillSwitch:
    return KillSwitch(services.pauses, caller.user_id if scope == "mine" else None)


def _stopped(scope: str, services: Services, caller: Identity) -> list[Strategy]:
    strategies = list(STRATEGIES.values())
    if scope == "everything":
        return strategies
    user = caller.user_id
    followed = [one for one in strategies if services.books.follower(one.id, user) is not None]
    if not followed:
        raise InvalidInput("on", "true", "false while you follow no strategy: nothing trades")
    return followed


def _answer(services: Services, caller: Identity) -> Reply:
    return Reply(
        {scope: _state(_switch(scope, services, caller)) for scope in ("everything", "mine")}
    )


def _state(switch: KillSwitch) -> dict[str, Any]:
    thrown = switch.thrown()
    if not thrown:
        return _OFF
    first = min(thrown, key=lambda one: (str(one.since), one.strategy_id))
    return {
        "on": True,
        "since": first.since,
        "reason": first.reason,
        "author": first.author,
        "strategies": [one.strategy_id for one in thrown],
    }
