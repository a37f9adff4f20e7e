"""The strategies there are, and following one."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from automoney.api.access import Caller
from automoney.api.examples import STRATEGIES as STRATEGIES_EXAMPLE
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput
from automoney.ports import Follower
from automoney.trading.strategies import STRATEGIES, Strategy, strategy_named

router = APIRouter(tags=["strategies"], responses=EXAMPLES)


class Following(BaseModel):
    """How the caller wants to follow."""

    model_config = ConfigDict(extra="forbid", strict=True)

    max_position: str | None = Field(
        None,
        alias="maxPosition",
        max_length=12,
        examples=["0.5"],
        description="Largest share of equity in one asset, 0 to 1; the strategy's own if left out",
    )


@router.get("/strategies", summary="All strategies", responses=example(STRATEGIES_EXAMPLE))
async def strategies(services: Here, caller: Caller) -> Reply:
    """Each with its rules, when it runs next, and how you follow it (`null` if you do not)."""
    found = [
        _strategy(strategy, services.books.follower(strategy.id, caller.user_id), services)
        for strategy in STRATEGIES.values()
    ]
    return Reply({"strategies": found, "paperMoney": services.settings.paper_money})


@router.post(
    "/strategies/{strategyId}/follow",
    summary="Follow a strategy",
    responses=example(STRATEGIES_EXAMPLE["strategies"][0], "The strategy, followed"),
)
async def follow(strategyId: str, wish: Following, services: Here, caller: Caller) -> Reply:
    """Trade it on paper from its next run on.  The first time, your account is opened.

    Following again changes the largest position and nothing else.
    """
    strategy = strategy_named(strategyId)
    follower = Follower(caller.user_id, strategy.id, _share(wish.max_position, strategy))
    now = services.market_clock()
    services.books.open_account(caller.user_id, at=now, paper_money=services.settings.paper_money)
    services.books.follow(follower, at=now)
    return Reply(_strategy(strategy, follower, services))


def _share(text: str | None, strategy: Strategy) -> Decimal:
    if text is None:
        return strategy.max_position
    share = parse_decimal(text, "maxPosition")
    if not (0 < share <= 1 and share == round(share, 8)):
        expected = "a share above 0 and at most 1 with up to 8 decimals, such as 0.5"
        raise InvalidInput("maxPosition", text, expected)
    return share


def _strategy(strategy: Strategy, follower: Follower | None, services: Services) -> dict[str, Any]:
    last = services.executions.latest(strategy.id)
    return {
        "id": strategy.id,
        "name": strategy.name,
        "assets": strategy.assets,
        "cron": strategy.schedule.cron,
        "lastRun": last.slot_at if last else None,
        "nextRun": strategy.schedule.next_after(services.market_clock()),
        "timeframe": strategy.timeframe,
        "weights": dict(strategy.weights),
        "degradedWeights": dict(strategy.degraded_weights),
        "buyAbove": strategy.buy_above,
        "sellBelow": strategy.sell_below,
        "maxPosition": strategy.max_position,
        "rebalanceBand": strategy.rebalance_band,
        "following": {"maxPosition": follower.max_position} if follower else None,
    }
