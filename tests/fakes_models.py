"""A language model that says what a test tells it to, and remembers what it was asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from automoney.ports import Answer, Question, Spender

Saying = str | Exception | Callable[[Question], str]


@dataclass
class FakeModels:
    """Meets `ports.Models`.

    Each question gets the next of `sayings`, the last one for ever: a text, what a function makes
    of the question, or an error that is raised.  An answer costs `cost` dollars.
    """

    sayings: Sequence[Saying]
    cost: Decimal = Decimal("0.002")
    stored: bool = False
    asked: list[tuple[Question, Spender]] = field(default_factory=list)

    def ask(self, question: Question, spender: Spender) -> Answer:
        saying = self.sayings[min(len(self.asked), len(self.sayings) - 1)]
        self.asked.append((question, spender))
        if isinstance(saying, Exception):
            raise saying
        return Answer(
            text=saying if isinstance(saying, str) else saying(question),
            provider="fake",
            model="parrot",
            request=question.sha256,
            input_tokens=900,
            output_tokens=120,
            cost=self.cost,
            latency_ms=40,
            stored=self.stored,
        )

    def probe(self, *, now: datetime) -> bool:
        return not isinstance(self.sayings[-1], Exception)

    @property
    def questions(self) -> list[Question]:
        return [question for question, _ in self.asked]
