"""A model's answer held against the facts: each number in it has to be one that it cites.  Pure.

The model is free in its words and in nothing else.  Whatever a question talks it into, a figure
that no cited fact has makes the answer unusable, and so does a fact that is cited for show.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.questioning import Unusable, json_object
from automoney.workflows.chat.asked import Language
from automoney.workflows.chat.fact import Fact
from automoney.workflows.chat.holding import hold

LONGEST_ANSWER = 2_000  # characters
_MOST_FACTS = 30

_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Said:
    """A model's answer, and the facts that it cites, in the order in which it names them."""

    text: str
    facts: tuple[Fact, ...]


def referred(facts: Iterable[Fact]) -> Mapping[str, Fact]:
    """Facts by the references that a model knows them by: f1, f2, …"""
    return {f"f{number}": fact for number, fact in enumerate(facts, start=1)}


def row(reference: str, fact: Fact) -> Mapping[str, Any]:
    """A fact as a model is told it: without ids, which are no business of its."""
    at = {} if fact.at is None else {"at": f"{fact.at:%Y-%m-%d %H:%M}"}
    asset = {} if fact.asset is None else {"asset": fact.asset}
    value = fact.text if isinstance(fact.value, str | datetime) else fact.text.lstrip("+")
    return {"ref": reference, **asset, "what": fact.what, "value": value, **at}


def read_answer(text: str, facts: Mapping[str, Fact], language: Language) -> Said:
    """Take an answer apart and hold it against the facts.

    Raises Unusable, in words that depend on the answer and the facts alone.
    """
    said = json_object(text)
    answer, references = said.get("answer"), said.get("facts")
    if said.keys() != {"answer", "facts"} or not isinstance(answer, str):
        raise Unusable('the answer has to be {"answer": "...", "facts": ["f1", ...]}')
    if not isinstance(references, list) or len(references) > _MOST_FACTS:
        raise Unusable(f"facts has to be a list of at most {_MOST_FACTS} references")
    cited = [facts[one] for one in references if isinstance(one, str) and one in facts]
    if len(cited) < len(references):
        raise Unusable("facts names a reference that was not given")
    words = " ".join("".join(map(_visible, answer)).split())
    if not 1 <= len(words) <= LONGEST_ANSWER:
        raise Unusable(f"answer has to be a text of 1 to {LONGEST_ANSWER} characters")
    if _LINK.search(words):
        raise Unusable("answer must have no links")
    if language is Language.CHINESE and not _CHINESE.search(words):
        raise Unusable("answer has to be in Chinese")
    held = hold(words, cited)
    if held.uncited:
        shown = ", ".join(held.uncited[:5])
        raise Unusable(f"these are in none of the facts you cite: {shown}")
    if held.unused:
        shown = ", ".join(one for one in references if facts[one] in held.unused)
        raise Unusable(f"these are cited, but are not in the answer: {shown}")
    return Said(words, tuple(dict.fromkeys(cited)))


def _visible(sign: str) -> str:
    return sign if sign.isprintable() else " "
