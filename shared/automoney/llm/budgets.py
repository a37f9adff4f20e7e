"""Whose money a call takes.  Pure."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from automoney.encoding import canonical
from automoney.model_prices import Price
from automoney.ports import Cap, Question, Spender

PROBE = "probe"  # the purpose of a question that only asks whether a model answers
_PROBE_CAP = Decimal("0.05")  # a day; some hundred probes of a dear model


@dataclass(frozen=True, slots=True)
class Caps:
    """US dollars that one run, all of a UTC day, and one user's questions of a day may cost."""

    run: Decimal
    day: Decimal
    user: Decimal

    def of(self, question: Question, spender: Spender) -> list[Cap]:
        """The budgets that a call counts in; a probe has its own, for it ends a pause."""
        day = f"{spender.at:%Y-%m-%d}"
        if question.purpose == PROBE:
            return [Cap(f"probe {day}", _PROBE_CAP)]
        caps = [Cap(f"day {day}", self.day)]
        if spender.execution_id is not None:
            caps.append(Cap(f"run {spender.execution_id}", self.run))
        if spender.user_id is not None:
            caps.append(Cap(f"user {spender.user_id} {day}", self.user))
        return caps


def call_id(question: Question, spender: Spender, provider: str, model: str, price: Price) -> str:
    """The same for a retry of the same run; a user's question is another each time he asks."""
    whose: tuple[object, ...] = (spender.execution_id,)
    if spender.execution_id is None:
        whose = (spender.user_id, spender.at)
    # What a retry takes over was put aside at the price of then, so the price belongs to the name.
    asked = [question.sha256, provider, model, price.input, price.output]
    return sha256(canonical([*asked, *whose])).hexdigest()
