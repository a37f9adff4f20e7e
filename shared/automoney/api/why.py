"""Why did it not trade?"""

from typing import Annotated

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples_why import WHY
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here
from automoney.errors import Unknown
from automoney.trading.strategies import strategy_named
from automoney.workflows.why_not import WhyNot

router = APIRouter(tags=["strategies"], responses=EXAMPLES)


@router.get("/strategies/{strategyId}/why", summary="Why did it not trade?", responses=example(WHY))
async def why(
    strategyId: str,
    services: Here,
    caller: Caller,
    asset: Annotated[str, Query(max_length=20, description="Such as BTC")],
) -> Reply:
    """The last decision about an asset for you, in words, and what holds a trade back now.

    `holds` has a `code` for programs: not_following, paused, kill_switch, aborted, skipped,
    running, never_ran, no_decision, under_way, the rule of the last decision (between, full,
    light, out, band, cooldown, daily_loss, not_allowed), minimum_order, funds, lot, no_price,
    stale_data, and at the end always next_run.
    """
    strategy = strategy_named(strategyId)
    if asset not in strategy.assets:
        raise Unknown("asset", asset, strategy.assets)
    teller = WhyNot(
        services.executions, services.books, services.history, services.pauses, services.view
    )
    told = teller.answer(strategy, asset, caller.user_id, now=services.market_clock())
    return Reply(told)
