"""Strategies are data: which assets, when, whose opinion counts how much, and how boldly."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from automoney.errors import Unknown
from automoney.market.candles import Timeframe
from automoney.schedule import Schedule

AGENTS = ("macro", "onchain", "technical")


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to trade.

    `weights` (agent -> share, summing to 1) hold while the on-chain view is whole;
    `degraded_weights` take over when it is degraded or stale (description 9.1).
    `buy_above` and `sell_below` are convictions in -100..100.  `max_position` is the largest share
    of equity in one asset; `rebalance_band` the smallest change of that share worth an order.
    """

    id: str
    name: str
    assets: tuple[str, ...]
    schedule: Schedule
    timeframe: Timeframe
    weights: Mapping[str, Decimal]
    degraded_weights: Mapping[str, Decimal]
    buy_above: Decimal = Decimal(20)
    sell_below: Decimal = Decimal(-20)
    max_position: Decimal = Decimal("0.5")
    rebalance_band: Decimal = Decimal("0.05")
    minimum_order: Decimal = Decimal(10)


def _shares(macro: str, onchain: str, technical: str) -> dict[str, Decimal]:
    return {"macro": Decimal(macro), "onchain": Decimal(onchain), "technical": Decimal(technical)}


HODL_WAVE = Strategy(
    id="hodl-wave",
    name="HODL-Wave",
    assets=("BTC", "ETH"),
    schedule=Schedule("0 */4 * * *"),
    timeframe=Timeframe.W1,
    weights=_shares("0.4", "0.4", "0.2"),
    degraded_weights=_shares("0.5", "0.2", "0.3"),
)

STRATEGIES = {strategy.id: strategy for strategy in (HODL_WAVE,)}


def strategy_named(name: str) -> Strategy:
    """The strategy with this id; Unknown lists the known ones otherwise."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise Unknown("strategy", name, STRATEGIES) from None
