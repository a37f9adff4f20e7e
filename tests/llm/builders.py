"""Questions, answers and calls with what a test does not care about filled in."""

from datetime import datetime
from decimal import Decimal

from automoney.ports import Answer, Call, Kept, Outcome, Question, Spender
from tests.builders import NOON

SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "number"}, "reasoning": {"type": "string"}},
    "required": ["score", "reasoning"],
    "additionalProperties": False,
}
RUN = "hodl-wave:2025-09-08T12:00Z"
SPENDER = Spender(NOON, RUN)


def question(text: str = "BTC trades at 111000.", **changed: object) -> Question:
    fields: dict[str, object] = {
        "purpose": "judge",
        "prompt": "macro-1",
        "system": "You are an analyst.",
        "text": text,
        "schema": SCHEMA,
        "max_tokens": 500,
        **changed,
    }
    return Question(**fields)  # type: ignore[arg-type]  # any field by name


def answer(text: str = '{"score":12,"reasoning":"calm"}', asked: Question | None = None) -> Answer:
    request = (asked or question()).sha256
    return Answer(text, "openai", "gpt-4.1-mini", request, 100, 20, Decimal("0.000072"), 640)


def kept_answer(
    text: str = '{"score":12,"reasoning":"calm"}',
    asked: Question | None = None,
    *,
    at: datetime = NOON,
) -> Kept:
    return Kept(asked or question(), answer(text, asked), at)


def call(
    call_id: str,
    *,
    cost: str = "0",
    provider: str = "openai",
    outcome: Outcome = Outcome.OK,
    spender: Spender = SPENDER,
) -> Call:
    return Call(
        call_id,
        question().sha256,
        provider,
        "gpt-4.1-mini",
        "judge",
        spender,
        outcome,
        None if outcome is Outcome.OK else "no whole answer within 5.0 s",
        100,
        20,
        Decimal(cost),
        640,
    )
