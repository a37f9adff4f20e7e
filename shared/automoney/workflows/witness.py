"""A witness to what models are asked in a run, and the same exchanges told once more."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from automoney.encoding import canonical
from automoney.errors import BudgetSpent, ModelsUnavailable
from automoney.ports.models import Answer, Models, Question, Spender
from automoney.trading.receipts.bodies import Exchange
from automoney.trading.receipts.snapshots import Blobs, name_of

_RUNS = 16  # that may be under way or given up at once in one process


@dataclass(frozen=True, slots=True)
class Asked:
    """The exchanges of one run by the hash of the question, and the texts they name."""

    exchanges: tuple[Exchange, ...] = ()
    blobs: Blobs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Witness:
    """Meets `Models`: passes every question on, and remembers for runs what came of it.

    A run that is given up leaves its exchanges behind; only those of the newest runs are kept.
    """

    models: Models
    _runs: OrderedDict[str, dict[str, tuple[Exchange, Blobs]]] = field(
        default_factory=OrderedDict, repr=False
    )

    def ask(self, question: Question, spender: Spender) -> Answer:
        try:
            answer = self.models.ask(question, spender)
        except (ModelsUnavailable, BudgetSpent) as error:
            self._note(question, spender, _failed(question, error), {})
            raise
        text = answer.text.encode()
        told = Exchange(question.sha256, answer.provider, answer.model, name_of(text))
        self._note(question, spender, told, {name_of(text): text})
        return answer

    def probe(self, *, now: datetime) -> bool:
        return self.models.probe(now=now)

    def taken(self, execution_id: str) -> Asked:
        """What was asked in that run, which is then forgotten."""
        found = self._runs.pop(execution_id, {})
        blobs = {name: body for _, texts in found.values() for name, body in texts.items()}
        return Asked(tuple(found[request][0] for request in sorted(found)), blobs)

    def _note(self, question: Question, spender: Spender, told: Exchange, texts: Blobs) -> None:
        if spender.execution_id is None:
            return
        run = self._runs.setdefault(spender.execution_id, {})
        run[told.request] = (told, {**texts, told.request: canonical(question)})
        while len(self._runs) > _RUNS:
            self._runs.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Retold:
    """Meets `Models`: answers what was asked before, and fails as it failed before.

    `text` gives an answer's text by its hash.  What never was asked is ModelsUnavailable.
    """

    exchanges: Mapping[str, Exchange]
    text: Callable[[str], bytes]

    def ask(self, question: Question, spender: Spender) -> Answer:
        told = self.exchanges.get(question.sha256)
        if told is None:
            raise ModelsUnavailable(f"{question.purpose} {question.sha256[:16]} was never asked")
        if told.answer is None:
            raise _failure(told)
        return Answer(
            text=self.text(told.answer).decode(),
            provider=told.provider or "",
            model=told.model or "",
            request=told.request,
            input_tokens=0,
            output_tokens=0,
            cost=Decimal(0),
            latency_ms=0,
            stored=True,
        )

    def probe(self, *, now: datetime) -> bool:
        return bool(self.exchanges)


def retold(exchanges: Sequence[Exchange], text: Callable[[str], bytes]) -> Retold:
    """The models of a run, as its receipt has them."""
    return Retold({one.request: one for one in exchanges}, text)


def _failed(question: Question, error: ModelsUnavailable | BudgetSpent) -> Exchange:
    made_from: tuple[str, ...] = (str(error),)
    if isinstance(error, BudgetSpent):
        made_from = (error.budget, str(error.cap), str(error.spent))
    return Exchange(question.sha256, error=type(error).__name__, detail=made_from)


def _failure(told: Exchange) -> ModelsUnavailable | BudgetSpent:
    if told.error == BudgetSpent.__name__:
        return BudgetSpent(*told.detail)
    return ModelsUnavailable(*told.detail)
