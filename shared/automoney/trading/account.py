"""A user's money as the books have it, and as it is after a fill.  Pure and exact."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from automoney.market.candles import Mark
from automoney.trading.bookkeeping import Holding, portfolio_of
from automoney.trading.judgement import Signal
from automoney.trading.orders import Fill
from automoney.trading.portfolio import Portfolio


@dataclass(frozen=True, slots=True)
class Account:
    """Cash, what was paid in and paid in fees (quote currency), and holdings by asset."""

    cash: Decimal
    deposits: Decimal
    fees: Decimal
    holdings: Mapping[str, Holding]

    def apply(self, fill: Fill) -> "Account":
        """The account after `fill`; Unbalanced if it sells more than is held."""
        holding = self.holdings.get(fill.asset, Holding(fill.asset)).apply(fill)
        paid = fill.notional if fill.side is Signal.BUY else -fill.notional
        return replace(
            self,
            cash=self.cash - paid - fill.fee,
            fees=self.fees + fill.fee,
            holdings={**self.holdings, fill.asset: holding},
        )

    def portfolio(self, marks: Mapping[str, Mark]) -> Portfolio:
        """Valued at `marks`; DataMissing if something held has none."""
        return portfolio_of(self.cash, self.deposits, self.fees, self.holdings.values(), marks)
