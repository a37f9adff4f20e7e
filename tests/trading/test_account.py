from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import Unbalanced
from automoney.trading.account import Account, account_from
from automoney.trading.bookkeeping import Holding, deposit_entry, fill_entry
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry
from tests.trading.builders import NOON, fill_of

BUY, SELL = Signal.BUY, Signal.SELL
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


# Bought (False) or sold if held (True): quantity and price; None is starting over.
STEPS = st.lists(
    st.none()
    | st.tuples(
        st.booleans(), st.decimals("0.001", "2", places=3), st.decimals("1", "90000", places=2)
    ),
    max_size=15,
)


@given(STEPS)
def test_whoever_starts_over_begins_at_nothing_and_the_books_still_sum_to_zero(
    steps: list[tuple[bool, Decimal, Decimal] | None],
) -> None:
    entries, account = [deposit_entry(MONEY, NOON)], Account(MONEY, MONEY)
    fresh: list[Entry] = list(entries)  # of the newest account alone
    for step in steps:
        if step is None:
            closed = account.start_over(MONEY, NOON)
            fresh, account = [closed[1]], Account(MONEY, MONEY)
            entries += closed
            continue
        sells, quantity, price = step
        held = account.holdings.get("BTC", Holding("BTC")).quantity
        side, units = (SELL, min(held, quantity)) if sells else (BUY, quantity)
        if units:
            fill = fill_of(side, str(units), str(price), "0.5")
            account = account.apply(fill)
            entries.append(fill_entry(fill, "run"))
            fresh.append(entries[-1])

    assert account_from(entries) == account_from(fresh) == account
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings:
            sums[posting.currency] += posting.units
    assert not any(sums.values())


def test_an_entry_that_leaves_something_in_a_closed_account_is_refused() -> None:
    money, _ = Account(MONEY, MONEY).start_over(MONEY, NOON)
    with pytest.raises(Unbalanced, match="not closed"):
        account_from([deposit_entry(MONEY + 1, NOON), money])
