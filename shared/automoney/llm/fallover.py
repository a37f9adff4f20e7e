"""The order of fallback: the first model that answers in time and within its budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from automoney.errors import BudgetSpent, ModelsUnavailable, SourceUnavailable
from automoney.llm.budgets import PROBE
from automoney.observability import logger
from automoney.ports import Answer, Question, Spender

# The smallest question there is.  Its words do not matter: what counts is that words come back.
_PROBE = Question(PROBE, "probe-1", "You answer with one word.", "Say: ok", max_tokens=16)


class Asked(Protocol):
    """One place in the order: a provider that is counted, or what is recorded."""

    @property
    def name(self) -> str: ...

    def ask(self, question: Question, spender: Spender, *, seconds: float) -> Answer:
        """Raises SourceUnavailable or BudgetSpent."""

    def alive(self, question: Question, *, now: datetime, seconds: float) -> bool:
        """Whether it answers anything new.  Raises as `ask` does."""


@dataclass(frozen=True, slots=True)
class Fallover:
    """Meets `ports.Models`.  All tries for one spender share `patience`, from his `at` on."""

    order: Sequence[Asked]
    clock: Callable[[], datetime]  # the wall's
    patience: timedelta

    def ask(self, question: Question, spender: Spender) -> Answer:
        reasons: list[str] = []
        refused: BudgetSpent | None = None
        for model in self.order:
            try:
                return model.ask(question, spender, seconds=self._left(spender.at))
            except BudgetSpent as error:
                refused = refused or error
                reasons.append(f"{model.name}: {error}")
            except SourceUnavailable as error:
                reasons.append(str(error))
            logger.warning("no answer from a model", extra={"model": model.name, **_why(reasons)})
        if refused is not None:
            raise refused
        raise ModelsUnavailable("; ".join(reasons))

    def probe(self, *, now: datetime) -> bool:
        began = self.clock()
        for model in self.order:
            try:
                if model.alive(_PROBE, now=now, seconds=self._left(began)):
                    return True
            except (BudgetSpent, SourceUnavailable) as error:
                logger.info("probed in vain", extra={"model": model.name, "error": str(error)})
        return False

    def _left(self, began: datetime) -> float:
        return (began + self.patience - self.clock()).total_seconds()


def _why(reasons: Sequence[str]) -> dict[str, str]:
    return {"error": reasons[-1]}
