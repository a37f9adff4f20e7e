"""A million states of random accounts, and the bugs that such a walk must find."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from automoney.errors import Unbalanced
from tests.trading.lives.life import STATES, Life, lives
from tests.trading.lives.mutants import MUTANTS

MILLION = 1_000_000
_TASKS = 20
_FOR_A_BUG = 20_000  # states within which every planted bug is found


def test_a_million_states_hold_what_books_and_guards_promise() -> None:
    share = MILLION // _TASKS
    seeds = [task * share for task in range(_TASKS)]  # far apart: a task lives fewer lives

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        checked = list(workers.map(lives, seeds, [share] * _TASKS))

    assert min(checked) >= share
    assert sum(checked) >= MILLION


def test_random_lives_do_live() -> None:
    """What holds of every state would hold of an empty book, too."""
    seen = [Life(seed) for seed in range(40)]
    assert all(life.live() >= STATES for life in seen)

    assert sum(len(life.fills) for life in seen) > 40 * STATES / 4
    assert sum(len(life.deposits) for life in seen) > 80
    sold_out = sum(
        1
        for life in seen
        for account in life.ledger.accounts
        for holding in account.holdings.values()
        if not holding.quantity
    )
    assert sold_out > 100
    largest = max(account.cash for life in seen for account in life.ledger.accounts)
    assert largest > 10**12


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_found(name: str) -> None:
    with MUTANTS[name](), pytest.raises((AssertionError, Unbalanced)):
        lives(0, _FOR_A_BUG)
