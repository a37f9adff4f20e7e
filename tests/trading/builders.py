"""Short ways to write the values that trading tests are about."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from automoney.market.candles import Mark
from automoney.trading.account import Account
from automoney.trading.bookkeeping import Holding, portfolio_of
from automoney.trading.guards import Guards
from automoney.trading.judgement import Score, Signal, View
from automoney.trading.orders import Fill
from automoney.trading.portfolio import Portfolio
from automoney.trading.standing import Standing

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)


def mark(asset: str = "BTC", price: str | Decimal = "45000") -> Mark:
    return Mark(asset, Decimal(price), NOON + timedelta(minutes=1), "binance")


def score(agent: str, value: float, *, degraded: bool = False) -> Score:
    return Score(
        agent=agent,
        value=value,
        confidence=1.0,
        reasoning="as the test says",
        factors=(),
        sources=("test",),
        judged_at=NOON,
        degraded=degraded,
    )


def view(conviction: str | Decimal, asset: str = "BTC", *, degraded: bool = False) -> View:
    return View(
        asset=asset,
        mark=mark(asset),
        scores={},
        weights={},
        conviction=Decimal(conviction),
        degraded=degraded,
    )


def portfolio(
    cash: str | Decimal = "100000",
    held: dict[str, str] | None = None,
    prices: dict[str, str] | None = None,
) -> Portfolio:
    """`held` and `prices` by asset; what is held was got for nothing, so cost is 0."""
    marks = {asset: mark(asset, price) for asset, price in (prices or {"BTC": "45000"}).items()}
    holdings = [Holding(asset, Decimal(units)) for asset, units in (held or {}).items()]
    return portfolio_of(Decimal(cash), Decimal(cash), Decimal(0), holdings, marks)


def standing(
    most: Decimal = Decimal("0.5"),
    *,
    account: Account | None = None,
    paused: str | None = None,
    allowed: Iterable[str] | None = None,
    loss: Decimal | None = None,
    opened: str | None = None,
    lowest: str | None = None,
    last_traded: Mapping[str, datetime] | None = None,
) -> Standing:
    """A follower; `opened` and `lowest` are equities of his day."""
    return Standing(
        account or Account(),
        Guards(most, loss, None if allowed is None else frozenset(allowed)),
        paused,
        None if opened is None else Decimal(opened),
        None if lowest is None else Decimal(lowest),
        last_traded,
    )


def fill_of(side: Signal, quantity: str, price: str, fee: str = "0", asset: str = "BTC") -> Fill:
    return Fill(
        asset=asset,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        mark_price=Decimal(price),
        notional=Decimal(quantity) * Decimal(price),
        fee=Decimal(fee),
        at=NOON,
    )
