"""What must hold of every state: the account, its ledger and its value, against the shadow."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from automoney.market.candles import Mark
from automoney.trading.account import Account
from automoney.trading.bookkeeping import DEPOSITS, FEES
from automoney.trading.ledger import Entry
from tests.trading.lives.shadow import LOTS, SCALE, Shadow

_USDT, _PAID_IN, _FEES = ("assets:USDT", "USDT"), (DEPOSITS, "USDT"), (FEES, "USDT")
_OWN = {asset: (f"assets:{asset}", asset) for asset in LOTS}


class Ledger:
    """Entries as they were booked, and balances that are nothing but their sums."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.accounts: list[Account] = []  # after each entry
        self.balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def book(self, entry: Entry, account: Account) -> None:
        """Take down an entry, and the account that is said to be after it."""
        left: dict[str, Decimal] = defaultdict(Decimal)
        for posting in entry.postings:
            left[posting.currency] += posting.units
            self.balances[posting.account, posting.currency] += posting.units
        assert not any(left.values()), "an entry does not sum to zero"
        self.entries.append(entry)
        self.accounts.append(account)

    def replay(self) -> None:
        """The account after each entry follows from the entries up to it."""
        account = Account()
        for entry, then in zip(self.entries, self.accounts, strict=True):
            account = account.book(entry)
            assert account == then, "the account then is not the replay up to then"


def check_account(account: Account, shadow: Shadow, ledger: Ledger) -> None:
    """The account, the shadow and the balances say the same."""
    balances = ledger.balances
    assert account.cash == balances[_USDT]
    assert account.cash * SCALE == shadow.cash
    assert account.deposits == -balances[_PAID_IN]
    assert account.deposits * SCALE == shadow.deposits
    assert account.fees == balances[_FEES]
    assert account.fees * SCALE == shadow.fees
    for asset, holding in account.holdings.items():
        assert holding.quantity == balances[_OWN[asset]]
        assert holding.quantity * SCALE == shadow.quantity[asset]
        assert holding.cost * SCALE == shadow.cost[asset]
        assert holding.realised * SCALE == shadow.realised[asset]


def check_value(account: Account, marks: Mapping[str, Mark], shadow: Shadow) -> None:
    """The portfolio at these marks, to the last decimal."""
    portfolio = account.portfolio(marks)
    equity, pnl = shadow.cash, portfolio.realised_pnl
    valued = 0
    for position in portfolio.positions:
        asset = position.asset
        value = shadow.value(asset)
        assert position.quantity * SCALE == shadow.quantity[asset]
        assert position.value * SCALE == value
        assert position.unrealised_pnl * SCALE == value - shadow.cost[asset]
        equity += value
        pnl += position.unrealised_pnl
        valued += 1
    assert valued == sum(map(bool, shadow.quantity.values())), "a position is missing"
    worth = portfolio.equity
    assert worth * SCALE == equity
    assert portfolio.realised_pnl * SCALE == sum(shadow.realised.values())
    assert portfolio.pnl == pnl, "profit is not the sum of its parts"
    assert worth == portfolio.deposits + pnl
