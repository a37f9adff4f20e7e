"""Language models: what is asked, what comes back, who pays, and what is kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

from automoney.encoding import canonical


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a model, whichever answers: its hash names the stored answer.

    `purpose` is `judge` or `chat`, `prompt` the version of the template it was made from
    (`macro-1`).  With a `schema` (JSON Schema) the answer has to be a JSON object that meets it:
    models are told so and, where they can be, held to it, but who asks has to check it.
    Nothing that differs between two tellings of the same facts may be in here: no ids, no clock.
    """

    purpose: str
    prompt: str
    system: str
    text: str
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 1_000

    @property
    def sha256(self) -> str:
        """Of all of it, in the canonical form, as lower-case hex."""
        return sha256(canonical(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Spender:
    """On whose account a call goes: a run, a user's chat, or both (a look that he asked for).

    `at` is the wall's time when the work that asks began, such as one judge of a run: the time for
    its question, for the models that stand in and for a repair counts from there, all together.
    """

    at: datetime
    execution_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said.  `cost` in US dollars by the price table; tokens as the provider counts.

    `stored` says that it was replayed from the record and cost nothing this time; `provider` and
    `model` are then those that gave it.  `estimated` says that the provider did not tell how many
    tokens it took, and that they are the most it can have been.
    """

    text: str
    provider: str
    model: str
    request: str
    input_tokens: int
    output_tokens: int
    cost: Decimal
    latency_ms: int
    stored: bool = False
    estimated: bool = False


class Models(Protocol):
    """The models in their order of fallback.  Threads may ask at the same time."""

    def ask(self, question: Question, spender: Spender) -> Answer:
        """The first answer that any gives.

        A question that was answered before by the model whose turn it is, is not asked again: its
        first answer is given for nothing.  Raises ModelsUnavailable if none answers, BudgetSpent if
        a cap in money left no room for one that might have.
        """

    def probe(self, *, now: datetime) -> bool:
        """Whether any model answers a question of a few tokens; `now` is the wall's time."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A question and its answer, for ever; the answer is `stored`."""

    question: Question
    answer: Answer
    asked_at: datetime


class Answers(Protocol):
    """What models have answered, by the hash of the question."""

    def find(
        self, request: str, *, provider: str | None = None, model: str | None = None
    ) -> Kept | None:
        """The first answer to it that was kept: of that provider and model, or of any."""


class Outcome(StrEnum):
    OK = "ok"
    UNUSABLE = "unusable"  # the model works, but this answer is none: cut off, refused, absurd
    FAILED = "failed"  # the model does not work: no answer, an error, not what it should speak


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model, as it went.

    `call_id` names who asked what of which model: a run that is retried asks by the same id.
    `cost` in US dollars; `estimated` as in Answer.
    """

    call_id: str
    request: str
    provider: str
    model: str
    purpose: str
    spender: Spender
    outcome: Outcome
    error: str | None
    input_tokens: int
    output_tokens: int
    cost: Decimal
    latency_ms: int
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many US dollars may ever be spent from `budget`, such as `day 2025-09-21`."""

    budget: str
    dollars: Decimal


class Spending(Protocol):
    """What calls cost, reserved before and settled after, and never above a cap."""

    def reserve(self, call_id: str, dollars: Decimal, caps: Sequence[Cap], *, at: datetime) -> None:
        """Put the most the call can cost aside in every budget, or in none.

        What is put aside for that id already stays as it is: a retry is not counted twice.  Raises
        BudgetSpent, naming the budget, if one has no room.
        """

    def keep(self, call: Call, kept: Kept) -> Kept:
        """Settle a call that was answered: count what it cost, record it, keep the answer.

        Returns what is kept to the question: an earlier answer of the same model stays.
        """

    def fail(self, call: Call) -> int:
        """Settle a call that was not answered; say how many have failed in a row, this included.

        Of the provider's newest calls, those since one came back.  0 if this one was `unusable`.
        """


class Grouping(StrEnum):
    """What use is added up by."""

    DAY = "day"  # UTC, as 2025-09-21
    PROVIDER = "provider"  # provider/model
    DAY_MODEL = "day-model"  # 2025-09-21 provider/model
    USER = "user"
    RUN = "run"  # execution id


@dataclass(frozen=True, slots=True)
class Used:
    """What calls of one `key` came to; `cost` in US dollars."""

    key: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Purse:
    """How a budget stands, in US dollars; `reserved` is for calls under way, or that died so."""

    budget: str
    cap: Decimal
    spent: Decimal
    reserved: Decimal


class Usage(Protocol):
    """What models were used for, and what that cost."""

    def totals(
        self,
        by: Grouping,
        *,
        since: datetime,
        until: datetime,
        user_id: str | None = None,
        limit: int = 100,
    ) -> list[Used]:
        """Calls with `since <= at < until`, of one user or of all, the costliest `limit` keys.

        Days come newest first, also with their models.  Calls of no user or run are left out of a
        grouping by these.
        """

    def of_execution(self, execution_id: str) -> list[Call]:
        """The calls of a run, in the order they ended."""

    def purses(self, budgets: Sequence[str]) -> list[Purse]:
        """Those of them from which anything was ever reserved, by name."""
