"""The strategies there are, and following one."""

from typing import Any

from fastapi import APIRouter

from automoney.api.access import Caller
from automoney.api.examples import STRATEGIES as STRATEGIES_EXAMPLE
from automoney.api.following import Following, guards_data, guards_wished
from automoney.api.once import OnceRoute
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.ports import Follower
from automoney.trading.orders import Costs
from automoney.trading.strategies import STRATEGIES, Strategy, strategy_named
from automoney.workflows.pausing import pause_in_force

router = APIRouter(tags=["strategies"], responses=EXAMPLES, route_class=OnceRoute)

_STRATEGY = STRATEGIES_EXAMPLE["strategies"][0]


@router.get("/strategies", summary="All strategies", responses=example(STRATEGIES_EXAMPLE))
async def strategies(services: Here, caller: Caller) -> Reply:
    """Each with its rules, when it runs next, and how you follow it (`null` if you do not).

    What you follow comes first, then what runs unless somebody pauses it.
    """
    follows = {name: services.books.follower(name, caller.user_id) for name in STRATEGIES}
    order = sorted(
        STRATEGIES.values(), key=lambda one: (follows[one.id] is None, not one.enabled, one.id)
    )
    found = [_strategy(strategy, follows[strategy.id], services) for strategy in order]
    here = services.settings
    costs = {"fee": here.fee, "slippage": here.slippage}
    return Reply({"strategies": found, "paperMoney": here.paper_money, "costs": costs})


@router.post(
    "/strategies/{strategyId}/follow",
    summary="Follow a strategy",
    responses=example(_STRATEGY, "The strategy, followed"),
)
async def follow(strategyId: str, wish: Following, services: Here, caller: Caller) -> Reply:
    """Trade it on paper from its next run on.  The first time, your account is opened.

    A guard that you leave out stays as it is, at first as it comes; `null` puts it back to that.
    Your account is traded by one strategy at a time: unfollow the one before you follow another.
    """
    strategy = strategy_named(strategyId)
    before = services.books.follower(strategy.id, caller.user_id)
    usual = Costs(services.settings.fee, services.settings.slippage)
    guards = guards_wished(wish, strategy, before.guards if before else strategy.guards, usual)
    follower = Follower(caller.user_id, strategy.id, guards)
    now = services.market_clock()
    services.books.open_account(caller.user_id, at=now, paper_money=services.settings.paper_money)
    services.books.follow(follower, at=now)
    return Reply(_strategy(strategy, follower, services))


@router.post(
    "/strategies/{strategyId}/unfollow",
    summary="Follow a strategy no longer",
    responses=example({**_STRATEGY, "following": None}, "The strategy, no longer followed"),
)
async def unfollow(strategyId: str, services: Here, caller: Caller) -> Reply:
    """Nothing is traded for you any more, from now on; what you hold you keep.

    The same answer if you did not follow it.
    """
    strategy = strategy_named(strategyId)
    services.books.unfollow(caller.user_id, strategy.id)
    return Reply(_strategy(strategy, None, services))


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
        "timeframes": strategy.timeframes,
        "weights": dict(strategy.weights),
        "degradedWeights": dict(strategy.degraded_weights),
        "buyAbove": strategy.buy_above,
        "sellBelow": strategy.sell_below,
        "fullConviction": strategy.full_conviction,
        "maxPosition": strategy.max_position,
        "maxDailyLoss": strategy.max_daily_loss,
        "rebalanceBand": strategy.rebalance_band,
        "minimumOrder": strategy.minimum_order,
        "cooldownSeconds": int(strategy.cooldown.total_seconds()),
        "paused": pause_in_force(strategy, services.pauses) is not None,
        "following": guards_data(follower.guards) if follower else None,
    }
