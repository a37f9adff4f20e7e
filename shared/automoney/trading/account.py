"""A user's money as the books have it, and as it is after a fill.  Pure and exact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from automoney.market.candles import Mark
from automoney.trading.bookkeeping import (
    ASSETS,
    DEPOSITS,
    FEES,
    Holding,
    assets_account,
    portfolio_of,
)
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry
from automoney.trading.orders import Fill
from automoney.trading.portfolio import QUOTE, Portfolio

_ZERO = Decimal(0)
_CASH = assets_account(QUOTE)


@dataclass(frozen=True, slots=True)
class Account:
    """Cash, what was paid in and paid in fees (quote currency), and holdings by asset."""

    cash: Decimal = _ZERO
    deposits: Decimal = _ZERO
    fees: Decimal = _ZERO
    holdings: Mapping[str, Holding] = field(default_factory=dict)

    @property
    def held(self) -> frozenset[str]:
        """The assets of which there are units."""
        return frozenset(asset for asset, one in self.holdings.items() if one.quantity)

    def apply(self, fill: Fill) -> "Account":
        """The account after `fill`; Unbalanced if it sells more than is held."""
        holding = self.holdings.get(fill.asset, Holding(fill.asset)).apply(fill)
        paid = fill.notional if fill.side is Signal.BUY else -fill.notional
        return Account(
            self.cash - paid - fill.fee,
            self.deposits,
            self.fees + fill.fee,
            {**self.holdings, fill.asset: holding},
        )

    def book(self, entry: Entry) -> "Account":
        """The account after an entry of its ledger; Unbalanced if it sells more than is held.

        In an entry at most one currency beside the quote moves into or out of the user's assets.
        """
        cash, deposits, fees = self.cash, self.deposits, self.fees
        moved: dict[str, Decimal] = {}
        for posting in entry.postings:
            if posting.account == _CASH:
                cash += posting.units
            elif posting.account == DEPOSITS:
                deposits -= posting.units
            elif posting.account == FEES:
                fees += posting.units
            elif posting.account.startswith(ASSETS):
                moved[posting.currency] = moved.get(posting.currency, _ZERO) + posting.units
        holdings = dict(self.holdings)
        for asset, units in moved.items():
            holdings[asset] = holdings.get(asset, Holding(asset)).trade(units, cash - self.cash)
        return Account(cash, deposits, fees, holdings)

    def portfolio(self, marks: Mapping[str, Mark]) -> Portfolio:
        """Valued at `marks`; DataMissing if something held has none."""
        return portfolio_of(self.cash, self.deposits, self.fees, self.holdings.values(), marks)


def account_from(entries: Iterable[Entry]) -> Account:
    """Replay a ledger from its first entry on; Unbalanced if it sells more than was held."""
    account = Account()
    for entry in entries:
        account = account.book(entry)
    return account
