"""What a strategy is: assets, times, whose opinion counts how much, how boldly, how guarded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from automoney.market.candles import Timeframe
from automoney.schedule import Schedule
from automoney.trading.guards import Guards

AGENTS = ("macro", "onchain", "technical")


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to trade.

    `timeframes` are the bars its technical view is made from, the leading one first.  `weights`
    (agent -> share, summing to 1) hold while the on-chain view is whole; `degraded_weights` take
    over when it is degraded or stale (description 9.1).

    `buy_above` and `sell_below` are convictions in -100..100 from which something is done, and at
    `full_conviction` the position is as large as allowed (at its negative nothing is held).
    `max_position` is the largest share of equity in one asset, `rebalance_band` the smallest change
    of that share worth an order, `minimum_order` the smallest order (quote currency).  For
    `cooldown` after a trade the asset is left alone.  `max_daily_loss` is the share of the equity
    at the start of a UTC day after whose loss nothing more is bought on that day; None is no limit.

    A strategy that is not `enabled` ships paused: it runs once somebody resumes it.
    """

    id: str
    name: str
    assets: tuple[str, ...]
    schedule: Schedule
    timeframes: tuple[Timeframe, ...]
    weights: Mapping[str, Decimal]
    degraded_weights: Mapping[str, Decimal]
    buy_above: Decimal = Decimal(20)
    sell_below: Decimal = Decimal(-20)
    full_conviction: Decimal = Decimal(60)
    max_position: Decimal = Decimal("0.5")
    rebalance_band: Decimal = Decimal("0.05")
    minimum_order: Decimal = Decimal(10)
    cooldown: timedelta = timedelta(0)
    max_daily_loss: Decimal | None = None
    enabled: bool = True

    @property
    def timeframe(self) -> Timeframe:
        """The leading one."""
        return self.timeframes[0]

    @property
    def guards(self) -> Guards:
        """Those of a follower who has set none of his own."""
        return Guards(self.max_position, self.max_daily_loss)


def shares(macro: str, onchain: str, technical: str) -> dict[str, Decimal]:
    """Weights as a mapping, exact."""
    return {"macro": Decimal(macro), "onchain": Decimal(onchain), "technical": Decimal(technical)}
