"""A user's money as the books have it, and as it is after a fill.  Pure and exact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from automoney.errors import Unbalanced
from automoney.market.candles import Mark
from automoney.trading.bookkeeping import (
    ASSETS,
    CLOSED,
    DEPOSITS,
    FEES,
    Holding,
    assets_account,
    deposit_entry,
    portfolio_of,
)
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry, Posting
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

        In an entry at most one currency beside the quote moves into or out of the user's assets,
        but for the one that closes the account: after that there is nothing left of it.
        """
        if any(posting.account == CLOSED for posting in entry.postings):
            return self._closed_by(entry)
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

    def start_over(self, amount: Decimal, at: datetime) -> tuple[Entry, Entry]:
        """The entries that empty the account and put `amount` into it, as if it were a new one.

        What there was goes to `equity:closed`, so that the ledger keeps its past and still sums to
        zero; what it was deposited with and paid in fees goes with it.
        """
        out = [
            Posting(assets_account(QUOTE), -self.cash, QUOTE),
            Posting(DEPOSITS, self.deposits, QUOTE),
            Posting(FEES, -self.fees, QUOTE),
            # Also when it is zero: the account by which the entry is known.
            Posting(CLOSED, self.cash - self.deposits + self.fees, QUOTE),
        ]
        for asset in sorted(self.held):
            units = self.holdings[asset].quantity
            out.append(Posting(assets_account(asset), -units, asset))
            out.append(Posting(CLOSED, units, asset))
        return Entry(at, "start over", tuple(out)), deposit_entry(amount, at)

    def _closed_by(self, entry: Entry) -> "Account":
        left = {
            (assets_account(QUOTE), QUOTE): self.cash,
            (DEPOSITS, QUOTE): -self.deposits,
            (FEES, QUOTE): self.fees,
            **{
                (assets_account(one.asset), one.asset): one.quantity
                for one in self.holdings.values()
            },
        }
        for posting in entry.postings:
            if posting.account != CLOSED:
                key = posting.account, posting.currency
                left[key] = left.get(key, _ZERO) + posting.units
        if any(left.values()):
            raise Unbalanced(f"{entry.memo}: not closed, {left} is left")
        return Account()

    def portfolio(self, marks: Mapping[str, Mark]) -> Portfolio:
        """Valued at `marks`; DataMissing if something held has none."""
        return portfolio_of(self.cash, self.deposits, self.fees, self.holdings.values(), marks)


def account_from(entries: Iterable[Entry]) -> Account:
    """Replay a ledger from its first entry on; Unbalanced if it sells more than was held."""
    account = Account()
    for entry in entries:
        account = account.book(entry)
    return account
