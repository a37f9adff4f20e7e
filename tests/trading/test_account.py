from decimal import Decimal

import pytest

from automoney.errors import Unbalanced
from automoney.trading.account import Account, account_from
from automoney.trading.bookkeeping import Holding, deposit_entry, fill_entry
from automoney.trading.judgement import Signal
from tests.trading.builders import NOON, fill_of

MONEY = Decimal(1000)
FILLS = (
    fill_of(Signal.BUY, "2", "100", "1"),
    fill_of(Signal.BUY, "3", "10", "0.5", asset="ETH"),
    fill_of(Signal.SELL, "2", "120", "1"),
    fill_of(Signal.SELL, "1", "11", "0.1", asset="ETH"),
)


def test_an_account_is_the_replay_of_its_ledger() -> None:
    applied = Account(MONEY, MONEY)
    for fill in FILLS:
        applied = applied.apply(fill)
    replayed = account_from([deposit_entry(MONEY, NOON), *(fill_entry(f, "run") for f in FILLS)])

    assert replayed == applied
    # 1000 - 201 - 30.5 + 239 + 10.9
    assert replayed.cash == Decimal("1018.4")
    assert (replayed.deposits, replayed.fees) == (MONEY, Decimal("2.6"))
    # of 30.5 a third, rounded, went with the one sold
    assert replayed.holdings == {
        "BTC": Holding("BTC", Decimal(0), Decimal(0), Decimal(38)),
        "ETH": Holding("ETH", Decimal(2), Decimal("20.33333333"), Decimal("0.73333333")),
    }
    assert replayed.held == {"ETH"}


def test_a_second_deposit_adds_up() -> None:
    twice = account_from([deposit_entry(MONEY, NOON), deposit_entry(Decimal(5), NOON)])

    assert twice == Account(Decimal(1005), Decimal(1005))


def test_a_ledger_that_sells_what_was_not_there_is_refused() -> None:
    with pytest.raises(Unbalanced, match="2 BTC sold, but 0 held"):
        account_from([deposit_entry(MONEY, NOON), fill_entry(FILLS[2], "run")])
