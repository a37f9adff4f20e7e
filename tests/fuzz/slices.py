"""A run of payloads through one source, in a process of its own, and what came of it."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.cases import Mutant
from tests.fuzz.outcomes import Outcome, Verdict
from tests.fuzz.rooms import Fuzz, Fuzzed

_KEPT = 100  # of so many accepted payloads one goes into a real database
_TOLD = 5  # of what is wrong so much is shown


@dataclass
class Tally:
    """Payloads by verdict, kind and verdict, and mutation; what is wrong, and some accepted ones.

    `wrong` holds the payload with what is wrong with its outcome, `refused` those that nothing had
    been done to and that were rejected all the same.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    kinds: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    mutations: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kept: list[Outcome] = field(default_factory=list)

    def add(self, mutant: Mutant, outcome: Outcome, wrong: list[str]) -> None:
        self.verdicts[outcome.verdict] += 1
        self.kinds[mutant.body.kind, outcome.verdict] += 1
        self.mutations.update(mutant.mutations)
        if wrong and len(self.wrong) < _TOLD:
            self.wrong.append("\n  ".join([str(mutant), *wrong]))
        if outcome.verdict is Verdict.REJECTED:
            if not mutant.mutations and len(self.refused) < _TOLD:
                self.refused.append(f"{mutant}\n  {outcome.error}")
        elif (self.verdicts.total() - self.verdicts[Verdict.REJECTED]) % _KEPT == 1:
            self.kept.append(outcome)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.verdicts += other.verdicts
        self.kinds += other.kinds
        self.mutations += other.mutations
        self.wrong += other.wrong
        self.refused += other.refused
        self.kept += other.kept
        return self


def tally(fuzzed: Fuzzed, indices: range) -> Tally:
    """Take these payloads of a source through all of it, one after another."""
    found = Tally()

    async def run() -> None:
        for index in indices:
            mutant = fuzzed.mutant(index)
            outcome = await fuzzed.room.outcome(mutant)
            found.add(mutant, outcome, fuzzed.check(mutant, outcome))

    asyncio.run(run())
    return found


def in_a_process(market_data: Path, source: str, indices: range) -> Tally:
    """`tally`, for a process that does nothing else, so that nothing needs to be put back."""
    logging.disable(logging.CRITICAL)
    return tally(Fuzz.on(market_data, setattr).of(source), indices)
