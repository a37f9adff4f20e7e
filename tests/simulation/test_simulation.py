"""100,000 schedules of the real workflows with no double trade, no lost one, no stuck strategy.

`AUTOMONEY_SCHEDULES` asks for another number of them.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.simulation.mutants import BLATANT, MUTANTS
from tests.simulation.running import Outcome, simulate, simulate_all, traced

SCHEDULES = int(os.environ.get("AUTOMONEY_SCHEDULES", "100000"))
ENOUGH = 6_000
"""Schedules within which each planted bug has to show."""


def test_no_schedule_trades_twice_or_loses_a_trade_or_gets_stuck(
    capsys: pytest.CaptureFixture[str],
) -> None:
    total = Outcome(0, 0, 0.0)
    for so_far in simulate_all(SCHEDULES):
        total = so_far
    with capsys.disabled():
        sys.stdout.write(
            f"\n{total.schedules:,} schedules, {total.steps:,} steps, "
            f"{total.schedules / total.seconds:,.0f} schedules a CPU second"
        )
    if total.seed is not None:
        pytest.fail(
            f"seed {total.seed}: {total.reason}; see it step by step with\n"
            f"PYTHONPATH=.:shared python -m tests.simulation --seed {total.seed}\n"
            + "\n".join(traced(total.seed)[0][-80:]),
            pytrace=False,
        )
    assert total.schedules == SCHEDULES


def test_each_planted_bug_shows_but_not_without_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(MUTANTS) >= 20
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        calm = pool.map(_undisturbed, MUTANTS)
        found = pool.map(_caught, MUTANTS)
        results = list(zip(MUTANTS.items(), calm, found, strict=True))
    with capsys.disabled():
        for (name, mutant), _, outcome in results:
            sys.stdout.write(f"\n{name:<18} {outcome.schedules:>6}  {mutant.bug}: {outcome.reason}")
        sys.stdout.write("\n")
    missed = [name for (name, _), _, outcome in results if outcome.seed is None]
    assert not missed, f"not caught within {ENOUGH} schedules"
    blatant = {name for (name, _), outcome, _ in results if outcome.seed is not None}
    assert blatant <= BLATANT, "a planted bug that breaks every run says nothing about faults"


def test_the_same_seed_is_the_same_schedule_to_the_step() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        first, second = pool.map(traced, [17, 17])
    assert first == second
    assert len(first[0]) > 20
    assert first[1] is None


def _undisturbed(mutant: str) -> Outcome:
    return simulate(range(30), mutant, undisturbed=True)


def _caught(mutant: str) -> Outcome:
    return simulate(range(ENOUGH), mutant)
