"""Domain values for tests, with everything that a test does not care about filled in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.ports import Follower
from automoney.trading.account import Account
from automoney.trading.filling import fill
from automoney.trading.guards import Guards
from automoney.trading.judgement import Factor, Judgement, Score, Signal, View, execution_id
from automoney.trading.orders import Costs, Decision, Fill, Order, Rule
from automoney.trading.turn import Part

NOON = datetime(2025, 9, 8, 12, tzinfo=UTC)


def mark(asset: str = "BTC", price: str = "50000", at: datetime = NOON) -> Mark:
    return Mark(asset, Decimal(price), at, "binance")


def candle(
    open_time: datetime,
    close: str = "50000",
    *,
    asset: str = "BTC",
    timeframe: Timeframe = Timeframe.D1,
) -> Candle:
    price = Decimal(close)
    return Candle(
        asset, timeframe, open_time, price, price + 10, price - 10, price, Decimal(5), "binance"
    )


def reading(
    series: str,
    period: datetime,
    value: float,
    *,
    asset: str | None = None,
    source: str = "fred",
    vintage: datetime | None = None,
) -> Reading:
    available = period + timedelta(days=1)
    return Reading(series, asset, period, value, available, vintage or available, source)


def score(agent: str, value: float, at: datetime = NOON, *, degraded: bool = False) -> Score:
    factor = Factor("factor", 1.5, value, "because of it", 12.0)
    return Score(agent, value, 0.9, f"{agent} says so", (factor,), ("binance",), at, degraded)


def view(asset: str = "BTC", conviction: str = "40", price: str = "50000") -> View:
    scores = {name: score(name, float(conviction)) for name in ("macro", "onchain", "technical")}
    weights = {"macro": Decimal("0.4"), "onchain": Decimal("0.4"), "technical": Decimal("0.2")}
    at = NOON - timedelta(minutes=1)
    return View(asset, mark(asset, price, at), scores, weights, Decimal(conviction), False)


def judgement(*views: View, strategy: str = "hodl-wave", at: datetime = NOON) -> Judgement:
    chosen = views or (view(),)
    return Judgement(execution_id(strategy, at), strategy, at, {one.asset: one for one in chosen})


def buy(quantity: str = "0.5", price: str = "50000", asset: str = "BTC") -> Fill:
    return fill(Order(asset, Signal.BUY, Decimal(quantity)), mark(asset, price), Costs())


def sell(quantity: str = "0.5", price: str = "50000", asset: str = "BTC") -> Fill:
    return fill(Order(asset, Signal.SELL, Decimal(quantity)), mark(asset, price), Costs())


def follower(
    user_id: str = "ada", *, strategy: str = "hodl-wave", max_position: str = "0.5"
) -> Follower:
    return Follower(user_id, strategy, Guards(Decimal(max_position)))


def decision(asset: str = "BTC", signal: Signal = Signal.BUY, target: str = "0.3") -> Decision:
    rule = {Signal.BUY: Rule.BUY, Signal.SELL: Rule.SELL, Signal.HOLD: Rule.BETWEEN}[signal]
    return Decision(asset, signal, Decimal(40), Decimal(0), Decimal(target), "up", rule)


def part(account: Account, *fills: Fill) -> Part:
    """What came of a decision on BTC that these fills met, whatever it was."""
    marks = {asset: mark(asset) for asset in ("BTC", "ETH")}
    after = account
    for one in fills:
        after = after.apply(one)
    before = account.portfolio(marks)
    return Part(before, [decision()], fills, (), after, after.portfolio(marks))
