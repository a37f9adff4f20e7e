"""Run many schedules, on several processes; say which one failed, why, and how to see it again."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from time import process_time

from tests.simulation.mutants import MUTANTS
from tests.simulation.preparing import prepared
from tests.simulation.scenario import REAL, Parts, Scenario
from tests.simulation.world import Violation

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """Schedules that were run, the steps in them, processor seconds, and the first failure."""

    schedules: int
    steps: int
    seconds: float
    seed: int | None = None
    reason: str = ""

    def __add__(self, other: "Outcome") -> "Outcome":
        failed = self if self.seed is not None else other
        return Outcome(
            self.schedules + other.schedules,
            self.steps + other.steps,
            self.seconds + other.seconds,
            failed.seed,
            failed.reason,
        )


def parts_of(mutant: str | None) -> Parts:
    return REAL if mutant is None else MUTANTS[mutant].parts


def simulate(seeds: range, mutant: str | None = None, *, undisturbed: bool = False) -> Outcome:
    """Run the schedules of these seeds in this process, up to the first that fails."""
    parts, began, steps = parts_of(mutant), process_time(), 0
    with prepared():
        for count, seed in enumerate(seeds, 1):
            scenario = Scenario(seed, parts, undisturbed=undisturbed)
            try:
                scenario.run()
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                return Outcome(count, steps, process_time() - began, seed, reason)
            steps += scenario.world.steps
    return Outcome(len(seeds), steps, process_time() - began)


def traced(seed: int, mutant: str | None = None) -> tuple[list[str], str | None]:
    """What happened in the schedule of that seed, step by step, and what was wrong with it."""
    lines: list[str] = []
    try:
        with prepared():
            Scenario(seed, parts_of(mutant), lines).run()
    except Violation as error:
        return lines, str(error)
    return lines, None


def simulate_all(
    count: int, mutant: str | None = None, *, first: int = 0, processes: int = 2
) -> Iterator[Outcome]:
    """The sums so far, as chunks of schedules come in; ends with the first failure."""
    chunks = [
        range(start, min(start + _CHUNK, first + count))
        for start in range(first, first + count, _CHUNK)
    ]
    total = Outcome(0, 0, 0.0)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(partial(simulate, mutant=mutant), chunks):
            total += outcome
            yield total
            if total.seed is not None:
                pool.shutdown(cancel_futures=True)
                return
