"""Asking a language model for something that can be used: once, and once more if it cannot.

What comes from outside enters a prompt in one way only: as JSON inside a marked block, in which no
character can end the block, start another, or hide.  Pure but for the asking itself.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from automoney.encoding import plain
from automoney.errors import BudgetSpent, ModelsUnavailable
from automoney.ports import Answer, Models, Question, Spender

_VERSION = re.compile(r"# ([a-z]+-[1-9][0-9]*)")
_LONGEST_RETURN = 4_000  # characters of an unusable answer that are shown to who gave it
_MARKUP = set("<>&")
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template: `version` (`macro-1`) changes whenever `text` does."""

    version: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "Prompt":
        """A file whose first line is `# VERSION`; ValueError if it is not."""
        head, _, text = path.read_text(encoding="utf-8").partition("\n")
        found = _VERSION.fullmatch(head)
        if found is None:
            raise ValueError(f"{path.name} begins with {head!r}, not with a version: # macro-1")
        return cls(found[1], text.strip())


class Unusable(ValueError):
    """An answer that is not what was asked for; each of `complaints` says what would be right."""

    def __init__(self, *complaints: str) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Told[T]:
    """What came of asking: `value` is None if neither answer could be used.

    `answers` are those that were given, one or two, oldest first.  `complaints` say what was wrong
    with the last one, `stopped` why there is no second one though the first could not be used.
    """

    value: T | None
    answers: tuple[Answer, ...]
    complaints: tuple[str, ...] = ()
    stopped: ModelsUnavailable | BudgetSpent | None = None

    @property
    def last(self) -> Answer:
        return self.answers[-1]

    @property
    def model(self) -> str:
        """Provider and model of the last answer: `openai/gpt-4.1-mini`."""
        return f"{self.last.provider}/{self.last.model}"

    @property
    def cost(self) -> Decimal:
        """What all answers together cost, dollars; one that was replayed cost nothing now."""
        return sum((one.cost for one in self.answers if not one.stored), Decimal(0))


def ask_for[T](
    models: Models, question: Question, spender: Spender, read: Callable[[str], T]
) -> Told[T]:
    """Ask until `read` takes the answer, at most twice.

    Args:
        models: who is asked.
        question: the first one; the second adds the answer and what `read` had against it, so it
            follows from the first two and can be asked again for a replay.
        spender: on whose account both go.
        read: makes the value out of an answer's text, or raises Unusable.

    Raises:
        ModelsUnavailable, BudgetSpent: there is no first answer.
    """
    first = models.ask(question, spender)
    try:
        return Told(read(first.text), (first,))
    except Unusable as error:
        complaints = error.complaints
    try:
        second = models.ask(mended(question, first.text, complaints), spender)
    except (ModelsUnavailable, BudgetSpent) as error:
        return Told(None, (first,), complaints, error)
    try:
        return Told(read(second.text), (first, second))
    except Unusable as error:
        return Told(None, (first, second), error.complaints)


def mended(question: Question, answer: str, complaints: Iterable[str]) -> Question:
    """The question that gives an answer back to be mended."""
    parts = (
        question.text,
        "This was your answer, which cannot be used:",
        block("answer", [answer[:_LONGEST_RETURN]]),
        "What is wrong with it:",
        *(f"- {complaint}" for complaint in complaints),
        "Answer again, with that put right.",
    )
    return replace(question, text="\n".join(parts))


def block(name: str, rows: Iterable[Any]) -> str:
    """`rows` as JSON, one a line, between `<name>` and `</name>`: data, whatever it says.

    `<`, `>` and `&` and what cannot be seen are escaped in it, so nothing inside can close the
    block or carry what a reader would not see.
    """
    lines = (_shown(json.dumps(plain(row), ensure_ascii=False, allow_nan=False)) for row in rows)
    return "\n".join((f"<{name}>", *lines, f"</{name}>"))


def json_object(text: str) -> dict[str, Any]:
    """The one JSON object that an answer is, in a code fence perhaps; else Unusable."""
    fenced = _FENCED.fullmatch(text)
    try:
        found = json.loads(fenced[1] if fenced else text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unusable("the answer has to be one JSON object and nothing else")
    return found


def _shown(text: str) -> str:
    if text.isprintable() and not _MARKUP & set(text):
        return text  # as nearly all is
    return "".join(
        sign if sign.isprintable() and sign not in _MARKUP else _escaped(sign) for sign in text
    )


def _escaped(sign: str) -> str:
    """As JSON writes it: beyond 16 bits in two halves."""
    code = ord(sign)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
