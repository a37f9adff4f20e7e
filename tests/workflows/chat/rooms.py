"""A market, a run and a user with books, for questions about them."""

from datetime import timedelta
from decimal import Decimal

from automoney.market.candles import Mark
from automoney.market.readings import Reading
from automoney.ports import Follower
from automoney.trading.guards import Guards
from automoney.workflows.chat.conversation import Reply, Wish
from tests.api.fakes_api import NOON, WALL, World
from tests.fakes_models import FakeModels, Saying

RUN = "hodl-wave:2025-11-05T12:00Z"
DAY = timedelta(days=1)


def a_world(*sayings: Saying) -> World:
    """Ada follows HODL-Wave, holds half a bitcoin and was held at noon; bob has nothing."""
    world = World()
    world.judge()
    world.books.accounts["ada"] = Decimal(100_000)
    world.books.held["ada"] = {"BTC": Decimal("0.5")}
    world.books.followed["hodl-wave", "ada"] = Follower("ada", "hodl-wave", Guards(Decimal("0.5")))
    world.marks.kept = [
        Mark("BTC", Decimal("45012.37"), NOON, "binance"),
        Mark("ETH", Decimal("3200.5"), NOON, "binance"),
    ]
    world.readings.kept = [
        reading("mvrv", "BTC", 1.8, source="coinmetrics"),
        reading("mvrv", "ETH", 1.31, source="coinmetrics", days=9),
        reading("fed_funds", None, 4.33, source="fred", days=20),
    ]
    world.history.rows["decisions", "ada"] = [decision("BTC"), decision("ETH")]
    world.history.rows["trades", "ada"] = [
        {
            "executionId": "hodl-wave:2025-11-05T08:00Z",
            "slot": "2025-11-05T08:00:00Z",
            "strategyId": "hodl-wave",
            "asset": "BTC",
            "action": "BUY",
            "price": "45022.5",
            "markPrice": "45000",
            "quantity": "0.01",
            "notional": "450.225",
            "fee": "0.450225",
            "at": "2025-11-05T08:00:03Z",
        }
    ]
    if sayings:
        world.models = FakeModels(sayings)
    return world


def model_of(world: World) -> FakeModels:
    """The model that `a_world` was given sayings for."""
    assert isinstance(world.models, FakeModels)
    return world.models


def reading(
    series: str, asset: str | None, value: float, *, source: str, days: float = 1
) -> Reading:
    known = NOON - days * DAY
    return Reading(series, asset, known - DAY, value, known, known, source)


def decision(
    asset: str, rule: str | None = "between", signal: str = "HOLD", refused: str | None = None
) -> dict[str, object]:
    order = {"status": "refused" if refused else "none", "reason": refused, "detail": "no money"}
    return {
        "executionId": RUN,
        "slot": "2025-11-05T12:00:00Z",
        "strategyId": "hodl-wave",
        "asset": asset,
        "signal": signal,
        "rule": rule,
        "conviction": "14.4",
        "weight": "0.2197",
        "targetWeight": "0.2603",
        "reasoning": "Conviction +14.4 is between -20 and +20: hold (now 22.0 %).",
        "order": order,
    }


def ask(
    world: World,
    question: str,
    *,
    user: str = "ada",
    fresh: bool = False,
    rules_only: bool = False,
    later: timedelta = timedelta(0),
) -> Reply:
    """Ask as the API does; `later` moves the wall on."""
    wish = Wish(user, question, fresh, rules_only)
    return world.conversation().answer(wish, now=world.now, wall=WALL + later)
