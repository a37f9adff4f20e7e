"""A user's cash and positions together, valued at marks.  Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automoney.quickly import quickly_made

QUOTE = "USDT"
_NOTHING = Decimal(0)


@quickly_made
@dataclass(frozen=True, slots=True)
class Position:
    """Exposure to one asset with its cost basis, valued at `price` (quote per base).

    `priced_at` is when the asset traded at that price: what is no longer watched has an old one.
    """

    asset: str
    quantity: Decimal
    average_cost: Decimal
    price: Decimal
    value: Decimal
    unrealised_pnl: Decimal
    priced_at: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class Portfolio:
    """All in quote currency.  `equity = cash + sum of position values`; `pnl = equity - deposits`.

    Fees are part of the cost basis of what was bought and lessen what was got for what was sold,
    so `pnl = realised_pnl + unrealised_pnl` exactly.
    """

    cash: Decimal
    deposits: Decimal
    fees: Decimal
    realised_pnl: Decimal
    positions: tuple[Position, ...]

    @property
    def equity(self) -> Decimal:
        equity = self.cash
        for position in self.positions:
            equity += position.value
        return equity

    @property
    def unrealised_pnl(self) -> Decimal:
        return self.pnl - self.realised_pnl

    @property
    def pnl(self) -> Decimal:
        return self.equity - self.deposits

    def weight(self, asset: str) -> Decimal:
        """The share of equity held in `asset`, 0 when there is no equity."""
        for position in self.positions:
            if position.asset == asset:
                equity = self.equity
                return position.value / equity if equity else _NOTHING
        return _NOTHING
