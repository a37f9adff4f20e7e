"""A question and its answer: from a language model if there is one, else from the rules.

What a question can set off is decided here, by our own rules, before any model is asked: reading,
and at most one fresh look.  The model's text is only shown.  It has no tools, it is asked once or
twice, and an answer that says a number it does not cite is not shown at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from automoney.errors import BudgetSpent, InvalidInput, ModelsUnavailable
from automoney.observability import logger
from automoney.ports import Models, Question, Spender
from automoney.questioning import Prompt, ask_for, block
from automoney.workflows.chat.asked import Asked, Language, understand
from automoney.workflows.chat.checking import read_answer, referred, row
from automoney.workflows.chat.draft import Draft
from automoney.workflows.chat.fact import Fact
from automoney.workflows.chat.facts import Facts
from automoney.workflows.chat.knowledge import Library
from automoney.workflows.chat.plain import answer_plainly
from automoney.workflows.looking import Looking

LONGEST_QUESTION = 500  # characters
_MOST_TOKENS = 900
_LANGUAGES = {Language.ENGLISH: "English", Language.CHINESE: "Chinese"}
_SCHEMA = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "facts": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["answer", "facts"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user sends: `fresh` asks for a fresh look, `rules_only` for an answer for nothing."""

    user_id: str
    question: str
    fresh: bool = False
    rules_only: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """`by` is `rules`, or provider and model.  `cost` in US dollars.

    `look` is the execution id of a fresh look that was asked for, `notice` what else there is to
    say: that no model answered, or from when on the next look may be taken.  `spent` says that a
    model was to answer and its budget left no room.
    """

    answer: str
    citations: Sequence[Fact]
    by: str = "rules"
    look: str | None = None
    notice: str | None = None
    cost: Decimal = Decimal(0)
    spent: BudgetSpent | None = None


@dataclass(frozen=True, slots=True)
class _Turn:
    """One question, and what goes with it: `draft` is the rules' answer."""

    wish: Wish
    question: str
    asked: Asked
    facts: Facts
    draft: Draft
    strategy_id: str
    now: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """Answers questions.  Without `models` the rules do."""

    library: Library
    looking: Looking
    models: Models | None

    def answer(self, wish: Wish, *, now: datetime, wall: datetime) -> Reply:
        """Answer from what is known at `now`, the market's time; `wall` counts money and turns.

        Raises InvalidInput for a question that is empty or too long.
        """
        question = _checked(wish.question)
        asked = understand(question, self.library.assets)
        known = self.library.read(asked, wish.user_id, now)
        facts = Facts.of(known, asked.assets)
        draft = answer_plainly(asked, known, facts)
        turn = _Turn(wish, question, asked, facts, draft, known.strategy.id, now, wall)
        reply = Reply(draft.text, draft.citations)
        # Of coins that nobody watches there is nothing that a model could be told.
        if self.models is not None and not wish.rules_only and asked.assets:
            reply = _by_model(self.models, turn, reply)
        return self._with_look(turn, reply) if wish.fresh or asked.fresh else reply

    def _with_look(self, turn: _Turn, reply: Reply) -> Reply:
        """Have the agents look, if it is the user's turn; the reply says so either way."""
        asked = self.looking.ask(turn.strategy_id, turn.wish.user_id, now=turn.now, wall=turn.wall)
        if asked.look is None:
            when = f"{asked.next_at:%Y-%m-%d %H:%M:%S}"
            return _noticed(reply, turn.draft.phrase("look_later", at=when))
        noticed = _noticed(reply, turn.draft.phrase("look", run=asked.look))
        return replace(noticed, look=asked.look)


def _by_model(models: Models, turn: _Turn, by_rules: Reply) -> Reply:
    """The model's answer, or the rules' with a word on why it is theirs."""
    known, language = referred(turn.facts), turn.asked.language
    try:
        told = ask_for(
            models,
            question_of(turn.question, language, turn.facts),
            Spender(turn.wall, user_id=turn.wish.user_id),
            lambda text: read_answer(text, known, language),
        )
        if told.stopped is not None:
            by_rules = replace(by_rules, cost=told.cost)
            raise told.stopped
    except BudgetSpent as error:
        return replace(_noticed(by_rules, turn.draft.phrase("budget")), spent=error)
    except ModelsUnavailable as error:
        logger.warning("the rules answer a question", extra={"reason": str(error)})
        return _noticed(by_rules, turn.draft.phrase("models_silent"))
    if told.value is None:
        logger.warning("the rules answer a question", extra={"complaints": told.complaints})
        unusable = turn.draft.phrase("model_unusable")
        return replace(_noticed(by_rules, unusable), cost=told.cost)
    return Reply(told.value.text, told.value.facts, by=told.model, cost=told.cost)


def question_of(question: str, language: Language, facts: Facts) -> Question:
    """What a model is asked: the facts and the user's own words, each as data."""
    prompt = _prompt()
    parts = (
        block("facts", [row(reference, fact) for reference, fact in referred(facts).items()]),
        block("question", [question]),
        f"Answer the question in {_LANGUAGES[language]}.",
    )
    return Question(
        purpose="chat",
        prompt=prompt.version,
        system=prompt.text,
        text="\n".join(parts),
        schema=_SCHEMA,
        max_tokens=_MOST_TOKENS,
    )


def _checked(question: str) -> str:
    text = question.strip()
    if not text or len(text) > LONGEST_QUESTION:
        expected = f"a question of 1 to {LONGEST_QUESTION} characters"
        raise InvalidInput("question", question, expected)
    return text


def _noticed(reply: Reply, notice: str) -> Reply:
    """The reply with one more notice."""
    joined = notice if reply.notice is None else f"{reply.notice} {notice}"
    return replace(reply, notice=joined)


@cache
def _prompt() -> Prompt:
    return Prompt.read(Path(__file__).with_name("chat.md"))
