"""Pausing and resuming: a strategy as a whole by ops, his own part of it by a follower."""

from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from automoney.api.access import Caller
from automoney.api.examples import PAUSE
from automoney.api.once import OnceRoute
from automoney.api.problems import EXAMPLES, FORBIDDEN
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.errors import InvalidInput
from automoney.identity import OPS, Identity
from automoney.ports import ENGINE, Pause
from automoney.trading.strategies import Strategy, strategy_named
from automoney.workflows.pausing import pause_in_force

router = APIRouter(tags=["strategies"], responses={**EXAMPLES, **FORBIDDEN}, route_class=OnceRoute)

_SHOWN = 20  # entries of a log


class Wish(BaseModel):
    """Why, and of what; both are kept."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=200, examples=["exchange maintenance"], description="In words")
    scope: Literal["strategy", "mine"] | None = Field(
        None,
        description="The whole strategy, which takes the role `ops` and is what ops get if they"
        " leave it out; or the caller's own part of it",
    )


@router.get("/strategies/{strategyId}/pause", summary="Is it paused?", responses=example(PAUSE))
async def shown(strategyId: str, services: Here, caller: Caller) -> Reply:
    """Since when, why and by whom, for all and for you, with what went before, newest first.

    The author is `engine` where no person was: no language model answered, or the strategy ships
    off.  A paused strategy judges nothing; orders of what it had judged before are carried out.
    """
    return _answer(strategy_named(strategyId), services, caller)


@router.post("/strategies/{strategyId}/pause", summary="Pause it", responses=example(PAUSE))
async def pause(strategyId: str, wish: Wish, services: Here, caller: Caller) -> Reply:
    """Nothing changes if it is paused already, but that ops take over what the engine paused."""
    strategy, user_id = strategy_named(strategyId), _whose(wish, caller)
    reason, now = reason_given(wish.reason), services.market_clock()
    if user_id is not None and services.books.follower(strategy.id, user_id) is None:
        raise InvalidInput("strategyId", strategy.id, "a strategy that you follow")
    found = services.pauses.current(strategy.id, user_id)
    if found is not None and found.author == ENGINE:  # or it would go on when a model answers
        services.pauses.resume(strategy.id, user_id, author=caller.user_id, reason=reason, at=now)
    services.pauses.pause(Pause(strategy.id, user_id, now, reason, caller.user_id))
    services.relay()
    return _answer(strategy, services, caller)


@router.post("/strategies/{strategyId}/resume", summary="Resume it", responses=example(PAUSE))
async def resume(strategyId: str, wish: Wish, services: Here, caller: Caller) -> Reply:
    """From its next run on.  Nothing changes if it is not paused."""
    strategy, user_id = strategy_named(strategyId), _whose(wish, caller)
    if _in_force(strategy, user_id, services) is not None:
        services.pauses.resume(
            strategy.id,
            user_id,
            author=caller.user_id,
            reason=reason_given(wish.reason),
            at=services.market_clock(),
        )
        services.relay()
    return _answer(strategy, services, caller)


def _whose(wish: Wish, caller: Identity) -> str | None:
    """The user whose part is meant, None for the whole strategy; 403 if that is not his to say."""
    ops = OPS in caller.roles
    if wish.scope == "strategy" and not ops:
        raise HTTPException(403, "only ops may pause or resume a strategy for everybody")
    return None if ops and wish.scope != "mine" else caller.user_id


def reason_given(text: str) -> str:
    """The text without what a log or a screen would stumble over; InvalidInput if none is left."""
    reason = " ".join(text.split())
    if not reason or not reason.isprintable():
        raise InvalidInput("reason", text, "a few words")
    return reason


def _in_force(strategy: Strategy, user_id: str | None, services: Services) -> Pause | None:
    if user_id is None:
        return pause_in_force(strategy, services.pauses)
    return services.pauses.current(strategy.id, user_id)


def _answer(strategy: Strategy, services: Services, caller: Identity) -> Reply:
    return Reply(
        {
            "strategyId": strategy.id,
            "strategy": _state(strategy, None, services),
            "mine": _state(strategy, caller.user_id, services),
        }
    )


def _state(strategy: Strategy, user_id: str | None, services: Services) -> dict[str, Any]:
    found = _in_force(strategy, user_id, services)
    return {
        "paused": found is not None,
        "since": found.since if found else None,
        "reason": found.reason if found else None,
        "author": found.author if found else None,
        "log": services.pauses.log(strategy.id, user_id, _SHOWN),
    }
