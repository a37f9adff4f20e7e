"""The order of fallback: who is asked, in what time, and what is said when nobody answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from automoney.errors import BudgetSpent, ModelsUnavailable, SourceUnavailable
from automoney.llm.budgets import Caps
from automoney.llm.counted import Counted
from automoney.llm.fallover import Fallover
from automoney.llm.provider import Provider
from automoney.llm.recorded import AnswersFolder, Recorded
from automoney.model_prices import PRICES
from automoney.ports import Answer, Outcome, Question, Spender
from tests.builders import NOON
from tests.fakes import FakeAlerts
from tests.llm.builders import RUN, SPENDER, answer, kept_answer, question
from tests.llm.fakes import MemorySpending
from tests.llm.wire import (
    CHAT,
    CONVERSE,
    SAID,
    aws_error,
    bedrock,
    completion,
    converse,
    openai,
    refusal,
)
from tests.sources.served import Answer as Served_
from tests.sources.served import Served, StoredBreaker

SECOND = timedelta(seconds=1)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Asked:
    """A place in the order that takes a while, then answers or fails."""

    name: str
    clock: Clock
    gives: Answer | Exception
    takes: timedelta = timedelta(0)
    seconds: list[float] = field(default_factory=list)

    def ask(self, question: Question, spender: Spender, *, seconds: float) -> Answer:
        self.seconds.append(seconds)
        self.clock.now += self.takes
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives

    def alive(self, question: Question, *, now: datetime, seconds: float) -> bool:
        return bool(self.ask(question, Spender(now), seconds=seconds))


DOWN = SourceUnavailable("bedrock", "answered 500")
SPENT = BudgetSpent("day 2025-09-08", Decimal(3), Decimal("2.99"))


def fallover(clock: Clock, *order: Asked) -> Fallover:
    return Fallover(order, clock, timedelta(seconds=9))


def test_the_first_that_answers_is_taken() -> None:
    clock = Clock()
    first, second = Asked("bedrock", clock, DOWN), Asked("openai", clock, answer())
    third = Asked("recorded", clock, answer())
    assert fallover(clock, first, second, third).ask(question(), SPENDER) == answer()
    assert third.seconds == []


def test_nobody_answers_and_each_says_why() -> None:
    clock = Clock()
    other = SourceUnavailable("openai", "cannot be reached")
    models = fallover(clock, Asked("bedrock", clock, DOWN), Asked("openai", clock, other))
    with pytest.raises(ModelsUnavailable) as caught:
        models.ask(question(), SPENDER)
    assert str(caught.value) == "bedrock: answered 500; openai: cannot be reached"


@pytest.mark.parametrize("order", [(SPENT, DOWN), (DOWN, SPENT), (SPENT, SPENT)])
def test_where_money_was_missing_that_is_what_is_said(order: tuple[Exception, Exception]) -> None:
    clock = Clock()
    models = fallover(clock, *(Asked("openai", clock, error) for error in order))
    with pytest.raises(BudgetSpent, match="day 2025-09-08"):
        models.ask(question(), SPENDER)


def test_a_dear_model_gives_way_to_one_that_costs_nothing() -> None:
    clock = Clock()
    models = fallover(clock, Asked("openai", clock, SPENT), Asked("recorded", clock, answer()))
    assert models.ask(question(), SPENDER) == answer()


def test_all_tries_of_one_judge_share_the_time_from_his_start_on() -> None:
    clock = Clock()
    slow = Asked("bedrock", clock, DOWN, takes=5 * SECOND)
    next_one = Asked("openai", clock, answer(), takes=2 * SECOND)
    models = fallover(clock, slow, next_one)
    spender = Spender(NOON, RUN)

    models.ask(question(), spender)
    slow.takes = timedelta(0)
    models.ask(question("repair"), spender)

    assert slow.seconds == [9, 2]
    assert next_one.seconds == [4, 2]


def test_a_probe_is_content_with_any_that_lives_and_is_never_raised() -> None:
    clock = Clock(NOON + timedelta(days=3))  # the time told and the wall need not agree
    down, spent = Asked("bedrock", clock, DOWN), Asked("openai", clock, SPENT)
    assert fallover(clock, down, spent).probe(now=NOON) is False
    assert fallover(clock, down, Asked("openai", clock, answer())).probe(now=NOON) is True
    assert down.seconds == [9, 9]


# ---------------------------------------------------------------- the real ones, put together


def counted(
    provider: Provider, spending: MemorySpending, *, clock: Callable[[], datetime] | None = None
) -> Counted:
    return Counted(
        provider,
        PRICES["gpt-4.1-mini"],
        Caps(Decimal(1), Decimal(1), Decimal(1)),
        spending,
        spending,
        StoredBreaker(),
        FakeAlerts(),
        clock or Clock(),
        timeout=timedelta(seconds=5),
        pause=timedelta(seconds=60),
    )


def test_bedrock_throttles_and_openai_answers(served: Served) -> None:
    served.give(CONVERSE, aws_error(429, "ThrottlingException", "Too many requests"))
    served.give(CHAT, completion())
    spending = MemorySpending()
    order = [counted(bedrock(served), spending), counted(openai(served), spending)]
    models = Fallover(order, Clock(), timedelta(seconds=9))

    assert models.ask(question(), SPENDER).provider == "openai"

    assert [(call.provider, call.outcome) for call in spending.calls] == [
        ("bedrock", Outcome.FAILED),
        ("openai", Outcome.OK),
    ]
    assert models.ask(question("another"), SPENDER).provider == "openai"
    assert len(served.asked(CONVERSE)) == 1  # it is left alone


def test_a_hanging_model_leaves_time_for_the_next(served: Served) -> None:
    served.give(CHAT, Served_(b"{}", delay=30))
    served.give(CONVERSE, converse())
    spending = MemorySpending()
    slow = counted(openai(served), spending)
    models = Fallover(
        [replace(slow, timeout=SECOND), counted(bedrock(served), spending)],
        Clock(),
        timedelta(seconds=9),
    )
    assert models.ask(question(), SPENDER).text == SAID
    assert spending.calls[0].latency_ms < 2_500


def test_judges_may_ask_at_the_same_time(served: Served) -> None:
    served.give(CHAT, *[refusal(400, "unsupported: response_format")] * 3, completion())
    spending = MemorySpending()
    models = Fallover([counted(openai(served), spending)], Clock(), timedelta(seconds=9))
    with ThreadPoolExecutor(6) as pool:
        asked = [question(f"question {number}") for number in range(6)]
        answers = list(pool.map(lambda one: models.ask(one, SPENDER), asked))
    assert [one.request for one in answers] == [one.sha256 for one in asked]
    assert len(spending.calls) == 6


def test_a_model_that_cannot_say_ok_is_alive(served: Served) -> None:
    """Such as one that thinks first, and is cut off while it does."""
    served.give(
        CHAT, completion("", finish="length", usage={"prompt_tokens": 20, "completion_tokens": 16})
    )
    models = Fallover([counted(openai(served), MemorySpending())], Clock(), timedelta(seconds=9))
    assert models.probe(now=NOON)
    served.give(CHAT, refusal(500, "oops"))
    assert not models.probe(now=NOON)


# ---------------------------------------------------------------- what is recorded


def test_what_is_recorded_is_replayed_for_nothing(tmp_path: Path) -> None:
    folder = AnswersFolder(tmp_path / "answers")
    folder.put(kept_answer())
    folder.put(kept_answer("another"))  # the first stays
    replayed = Fallover([Recorded(folder)], Clock(), timedelta(seconds=9)).ask(question(), SPENDER)
    assert replayed.text == kept_answer().answer.text
    assert (replayed.provider, replayed.model) == ("openai", "gpt-4.1-mini")
    assert (replayed.stored, replayed.cost, replayed.latency_ms) == (True, Decimal(0), 0)
    found = folder.find(question().sha256)
    assert found is not None
    assert (found.question, found.asked_at) == (question(), NOON)
    assert folder.find(question().sha256, model="another") is None


def test_what_is_not_recorded_says_which_question(tmp_path: Path) -> None:
    request = question().sha256
    models = Fallover([Recorded(AnswersFolder(tmp_path))], Clock(), timedelta(seconds=9))
    with pytest.raises(ModelsUnavailable) as caught:
        models.ask(question(), SPENDER)
    assert str(caught.value) == (f"recorded: has no answer for judge (macro-1), request {request}")
    assert not models.probe(now=NOON)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("BTC", "ETH"), "answers another question"),
        (lambda text: text[:50], "holds no stored answer"),
        (lambda text: text.replace('"inputTokens":100', '"inputTokens":"100"'), "no stored answer"),
        (lambda text: text.replace('"askedAt":"2025', '"askedAt":"20'), "holds no stored answer"),
        (lambda text: "[1]", "holds no stored answer"),
        (lambda text: "[" * 100_000, "holds no stored answer"),
    ],
)
def test_a_stored_answer_that_was_changed_is_refused(
    tmp_path: Path, change: Callable[[str], str], reason: str
) -> None:
    folder = AnswersFolder(tmp_path)
    folder.put(kept_answer())
    file = tmp_path / f"{question().sha256}.json"
    file.write_text(change(file.read_text()))
    with pytest.raises(SourceUnavailable, match=reason):
        folder.find(question().sha256)
