"""One provider as it is really asked: left alone if it wants to be, paid for, and recorded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Protocol

from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable
from automoney.llm.budgets import PROBE, Caps, call_id
from automoney.llm.provider import ModelFailed, Provider, Said, Tokens
from automoney.llm.within import within
from automoney.llm.worst import most_tokens
from automoney.model_prices import Price
from automoney.observability import logger
from automoney.ports import (
    Alerts,
    Answer,
    Answers,
    Call,
    Kept,
    Outcome,
    Question,
    Spender,
    Spending,
)

PAGED_AFTER = 5  # failures in a row that somebody has to get up for (description 7.2)
_AGAIN = 50  # and every so many further ones
_OPENED_AFTER = 3  # failures in a row after which a provider is left alone for a while
_ASKED_TO_WAIT = frozenset({429, 503, 529})
_LEAST = 1.0  # seconds without which asking makes no sense
_LARGEST = 2**31 - 1  # tokens that fit where they are kept


class Breaker(Protocol):
    """As transport.Breaker: which providers want to be left alone, beyond this process."""

    def open_until(self, source: str) -> datetime | None: ...
    def trip(self, source: str, until: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Counted:
    """Meets `llm.fallover.Asked`: `provider` within its price, caps, breaker and time.

    A call may take `timeout`.  A provider that asks to be left alone, or that fails three times in
    a row, is left alone, for `pause` where it does not say how long; of the fifth failure in a row
    somebody is paged.  `clock` tells the wall's time.
    """

    provider: Provider
    price: Price
    caps: Caps
    spending: Spending
    answers: Answers
    breaker: Breaker
    alerts: Alerts
    clock: Callable[[], datetime]
    timeout: timedelta
    pause: timedelta

    @property
    def name(self) -> str:
        return self.provider.name

    def ask(self, question: Question, spender: Spender, *, seconds: float) -> Answer:
        """Its answer, the one kept from before if there is one.

        Raises SourceUnavailable if it gives none within `seconds`, BudgetSpent if a cap leaves no
        room for the most that it could cost.
        """
        if question.purpose != PROBE:
            kept = self.answers.find(question.sha256, provider=self.name, model=self.provider.model)
            if kept is not None:
                return kept.answer
        self._refuse_while_open()
        if seconds < _LEAST:
            raise SourceUnavailable(self.name, "no time was left to ask it")
        most = most_tokens(question)
        reserved = self.price.cost(most.input, most.output)
        call = self._call(question, spender)
        if not self.price.free:
            caps = self.caps.of(question, spender)
            self.spending.reserve(call.call_id, reserved, caps, at=spender.at)
        began = monotonic()
        limit = self.timeout.total_seconds()
        try:
            said = self._said(question, min(seconds, limit))
            tokens = self._believable(said.tokens, most)
        except ModelFailed as error:
            hurried = seconds < limit / 2 and error.status is None  # our haste, not its failure
            outcome = Outcome.UNUSABLE if error.alive or hurried else Outcome.FAILED
            ended = replace(call, latency_ms=_since(began), outcome=outcome)
            self._settle_failed(ended, error, most)
            raise
        return self._settle(replace(call, latency_ms=_since(began)), question, said, tokens, most)

    def alive(self, question: Question, *, now: datetime, seconds: float) -> bool:
        """Whether it answers, be the answer usable or not.  Raises as `ask` does."""
        try:
            self.ask(question, Spender(now), seconds=seconds)
        except ModelFailed as error:
            if not error.alive:
                raise
        return True

    def _said(self, question: Question, seconds: float) -> Said:
        try:
            return within(seconds, lambda: self.provider.ask(question, seconds=seconds))
        except TimeoutError as error:
            reason = f"no whole answer within {seconds:.1f} s"
            raise ModelFailed(self.name, reason, billed=True) from error

    def _believable(self, tokens: Tokens | None, most: Tokens) -> Tokens | None:
        """What the provider counted, if it can be; for what is paid by it, it has to be."""
        if tokens is None:
            return None
        free = self.price.free
        highest = Tokens(_LARGEST, _LARGEST) if free else most
        if tokens.input > highest.input or tokens.output > highest.output:
            reason = f"says that it took {tokens.input} and {tokens.output} tokens, which cannot be"
            raise ModelFailed(self.name, reason, alive=True, billed=True)
        return tokens

    def _refuse_while_open(self) -> None:
        until = self.breaker.open_until(self._kept_as)
        now = self.clock()
        if until is not None and until > now:
            wait = (until - now).total_seconds()
            reason = f"left alone until {utc_text(until.replace(microsecond=0))}"
            raise SourceUnavailable(self.name, reason, retry_after=wait)

    @property
    def _kept_as(self) -> str:
        return f"model:{self.name}"

    def _call(self, question: Question, spender: Spender) -> Call:
        model = self.provider.model
        return Call(
            call_id(question, spender, self.name, model, self.price),
            question.sha256,
            self.name,
            model,
            question.purpose,
            spender,
            Outcome.OK,
            error=None,
            input_tokens=0,
            output_tokens=0,
            cost=Decimal(0),
            latency_ms=0,
        )

    def _settle(
        self, call: Call, question: Question, said: Said, tokens: Tokens | None, most: Tokens
    ) -> Answer:
        answered = self._with_tokens(call, tokens, most)
        answer = Answer(
            said.text,
            call.provider,
            call.model,
            call.request,
            answered.input_tokens,
            answered.output_tokens,
            answered.cost,
            answered.latency_ms,
            estimated=answered.estimated,
        )
        kept = self.spending.keep(answered, Kept(question, answer, self.clock()))
        # Asked at the same time by two, both go by the answer that is kept.
        return answer if kept.answer.text == said.text else kept.answer

    def _settle_failed(self, call: Call, error: ModelFailed, most: Tokens) -> None:
        failed = replace(call, error=error.reason)
        if error.billed:
            failed = self._with_tokens(failed, error.tokens, most)
        in_a_row = self.spending.fail(failed)
        asked_to_wait = error.retry_after is not None or error.status in _ASKED_TO_WAIT
        if asked_to_wait or in_a_row >= _OPENED_AFTER:
            wait = self.pause
            if error.retry_after is not None:
                wait = timedelta(seconds=error.retry_after)
            self.breaker.trip(self._kept_as, self.clock() + wait)
        if in_a_row >= PAGED_AFTER and (in_a_row - PAGED_AFTER) % _AGAIN == 0:
            self._page(in_a_row, error)

    def _with_tokens(self, call: Call, tokens: Tokens | None, most: Tokens) -> Call:
        """The call with what it took and cost; by the most it can have been if nobody tells."""
        known = tokens is not None and (
            self.price.free or (tokens.input <= most.input and tokens.output <= most.output)
        )
        counted = tokens if known and tokens is not None else most
        return replace(
            call,
            input_tokens=min(counted.input, _LARGEST),
            output_tokens=min(counted.output, _LARGEST),
            cost=self.price.cost(counted.input, counted.output),
            estimated=not known,
        )

    def _page(self, in_a_row: int, error: ModelFailed) -> None:
        subject = f"{self.name} failed {in_a_row} times in a row"
        detail = f"The last call of {self.provider.model}: {error.reason}"
        try:
            self.alerts.page(subject, detail)
        except SourceUnavailable:
            # The alarm has logged itself, and the next model shall be asked all the same.
            logger.warning("nobody was paged", extra={"subject": subject})


def _since(began: float) -> int:
    return round((monotonic() - began) * 1000)
