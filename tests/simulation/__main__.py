"""Run schedules: `python -m tests.simulation --schedules 1000000`, or look at one: `--seed 17`."""

import sys
from argparse import ArgumentParser

from tests.simulation.mutants import MUTANTS
from tests.simulation.running import simulate, simulate_all, traced


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, help="show the schedule of this seed, step by step")
    parser.add_argument("--mutant", choices=MUTANTS, help="with this planted bug")
    parser.add_argument("--mutants", action="store_true", help="how soon each planted bug shows")
    words = parser.parse_args()
    if words.seed is not None:
        lines, reason = traced(words.seed, words.mutant)
        say("\n".join([*lines, f"VIOLATION: {reason}" if reason else "all is as it should be"]))
        return 1 if reason else 0
    if words.mutants:
        missed = 0
        for name, mutant in MUTANTS.items():
            found = simulate(range(words.first, words.first + words.schedules), name)
            missed += found.seed is None
            after = "MISSED" if found.seed is None else f"{found.schedules}"
            say(f"{name:<18} {mutant.bug:<58} {after:>6}  {found.reason}")
        return 1 if missed else 0
    total = None
    for total in simulate_all(
        words.schedules, words.mutant, first=words.first, processes=words.processes
    ):
        sys.stderr.write(f"\r{total.schedules:,} schedules, {total.steps:,} steps")
    sys.stderr.write("\n")
    assert total is not None, "at least one chunk was asked for"
    rate = total.schedules / total.seconds
    say(f"{total.schedules:,} schedules, {total.steps:,} steps, {rate:,.0f} schedules a CPU second")
    if total.seed is None:
        return 0
    planted = f" --mutant {words.mutant}" if words.mutant else ""
    say(f"seed {total.seed}: {total.reason}")
    say(f"see it: python -m tests.simulation --seed {total.seed}{planted}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
