"""Read what Bedrock's Converse answered, as botocore hands it over.  Pure."""

from collections.abc import Mapping
from typing import Any

from automoney.encoding import dumps
from automoney.llm.provider import ModelFailed, Said, Tokens, storable, tokens_of

_HELD_BACK = ("content_filtered", "guardrail_intervened")


def read_message(provider: str, answer: Mapping[str, Any], *, tool: str) -> Said:
    """The input of `tool` as JSON, else the text.  Raises ModelFailed, saying what is wrong."""
    tokens = _tokens(provider, answer.get("usage"))
    stopped = answer.get("stopReason")
    if stopped == "max_tokens":
        raise _unusable(provider, "cut its answer off at the limit of tokens", tokens)
    if stopped in _HELD_BACK:
        raise _unusable(provider, "held its answer back (content filter)", tokens)
    output = answer.get("output")
    message = output.get("message") if isinstance(output, Mapping) else None
    content = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(content, list):
        raise ModelFailed(provider, "answered without a message", billed=True, tokens=tokens)
    blocks = [block for block in content if isinstance(block, Mapping)]
    used = (block.get("toolUse") for block in blocks)
    inputs = [one.get("input") for one in used if isinstance(one, Mapping)]
    text = _json(provider, inputs[0], tokens) if inputs else _text(blocks)
    if not text.strip():
        raise _unusable(provider, "gave an empty answer", tokens)
    return Said(storable(text), tokens)


def _json(provider: str, given: object, tokens: Tokens | None) -> str:
    try:
        return dumps(given)
    except (ValueError, TypeError, RecursionError) as error:  # NaN, or nested beyond sense
        reason = f"answered with what is no JSON ({type(error).__name__})"
        raise _unusable(provider, reason, tokens) from error


def _text(blocks: list[Mapping[str, Any]]) -> str:
    texts = (block.get("text") for block in blocks)
    return "".join(text for text in texts if isinstance(text, str))


def _tokens(provider: str, usage: object) -> Tokens | None:
    if not isinstance(usage, Mapping):
        return None
    given, taken = usage.get("inputTokens"), usage.get("outputTokens")
    return None if given is None or taken is None else tokens_of(provider, given, taken)


def _unusable(provider: str, reason: str, tokens: Tokens | None) -> ModelFailed:
    return ModelFailed(provider, reason, alive=True, billed=True, tokens=tokens)
