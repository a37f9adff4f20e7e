"""Replay what models answered before: by the hash of the question, for nothing, always the same."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from automoney.encoding import dumps, parse_utc, plain
from automoney.errors import AutomoneyError, InvalidInput, SourceUnavailable
from automoney.ports import Answer, Answers, Kept, Question, Spender

NAME = "recorded"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Meets `llm.fallover.Asked` with `answers` alone; what nobody has answered is refused."""

    answers: Answers
    name: str = NAME

    def ask(self, question: Question, spender: Spender, *, seconds: float) -> Answer:
        """The stored answer, of whichever model gave it first.  Raises SourceUnavailable."""
        request = question.sha256
        kept = self.answers.find(request)
        if kept is None:
            asked = f"{question.purpose} ({question.prompt})"
            raise SourceUnavailable(self.name, f"has no answer for {asked}, request {request}")
        return kept.answer

    def alive(self, question: Question, *, now: datetime, seconds: float) -> bool:
        """Never: that it has some answer says nothing of the next question."""
        return False


@dataclass(frozen=True, slots=True)
class AnswersFolder:
    """Meets `ports.Answers` with a folder of files `<request>.json`.

    Each holds `provider`, `model`, `text`, `inputTokens`, `outputTokens`, `estimated`, `askedAt`
    and the `question`, whose hash has to be the file's name: what was changed is refused.
    """

    folder: Path

    def find(
        self, request: str, *, provider: str | None = None, model: str | None = None
    ) -> Kept | None:
        """Raises SourceUnavailable for a file that is no such answer."""
        file = self.folder / f"{request}.json"
        try:
            kept = _read(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, AutomoneyError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = f"{file.name} holds no stored answer ({type(error).__name__})"
            raise SourceUnavailable(NAME, reason) from error
        if kept.question.sha256 != request:
            raise SourceUnavailable(NAME, f"{file.name} answers another question")
        answer = kept.answer
        wanted = provider in (None, answer.provider) and model in (None, answer.model)
        return kept if wanted else None

    def put(self, kept: Kept) -> None:
        """Write an answer; one that is there already stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        answer = kept.answer
        told = {
            "provider": answer.provider,
            "model": answer.model,
            "text": answer.text,
            "inputTokens": answer.input_tokens,
            "outputTokens": answer.output_tokens,
            "estimated": answer.estimated,
            "askedAt": kept.asked_at,
            "question": plain(kept.question),
        }
        try:
            with (self.folder / f"{answer.request}.json").open("x", encoding="utf-8") as file:
                file.write(dumps(told) + "\n")
        except FileExistsError:
            return


def _read(body: bytes) -> Kept:
    told: dict[str, Any] = json.loads(body)
    question = Question(**told["question"])
    answer = Answer(
        _of(str, told, "text"),
        _of(str, told, "provider"),
        _of(str, told, "model"),
        question.sha256,
        _of(int, told, "inputTokens"),
        _of(int, told, "outputTokens"),
        Decimal(0),
        latency_ms=0,
        stored=True,
        estimated=_of(bool, told, "estimated"),
    )
    return Kept(question, answer, parse_utc(_of(str, told, "askedAt"), "askedAt").astimezone(UTC))


def _of[T](kind: type[T], told: dict[str, Any], name: str) -> T:
    value = told[name]
    if type(value) is not kind:
        raise InvalidInput(name, value, f"a {kind.__name__}")
    return value
