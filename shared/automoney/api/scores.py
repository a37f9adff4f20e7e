"""What the agents think: the newest judgement of a strategy."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from automoney.api.access import Caller
from automoney.api.examples import SCORES
from automoney.api.problems import EXAMPLES, Absent
from automoney.api.replies import example, unless_known
from automoney.api.services import Here
from automoney.encoding import utc_text
from automoney.messages import scores_data
from automoney.trading.strategies import strategy_named
from automoney.workflows.pausing import pause_in_force, stopped_by_failure

router = APIRouter(tags=["agents"], responses=EXAMPLES)


@router.get("/agents/scores", summary="The newest scores of a strategy", responses=example(SCORES))
async def scores(
    request: Request,
    services: Here,
    _: Caller,
    strategy_id: Annotated[str, Query(alias="strategyId")] = "hodl-wave",
) -> Response:
    """The same data as the event `agent:scores`; with `If-None-Match`, 304 until it changes.

    They are `stale` while the engine has paused the strategy: no newer ones could be made.
    """
    strategy = strategy_named(strategy_id)
    judgement = services.executions.latest(strategy.id)
    pause = pause_in_force(strategy, services.pauses)
    if judgement is None:
        if pause is not None:
            raise Absent(f"{strategy.name} has not run yet and is paused: {pause.reason}")
        due = utc_text(strategy.schedule.next_after(services.market_clock()))
        raise Absent(f"{strategy.name} has not run yet; its first run is due at {due}", due=due)
    stale = stopped_by_failure(pause)
    return unless_known(request, {**scores_data(judgement), "stale": stale})
