"""Read what an OpenAI-compatible endpoint answered.  Pure: bytes in, words or a failure out."""

from typing import Any

from automoney import answers
from automoney.answers import Answer
from automoney.llm.provider import ModelFailed, Said, Tokens, storable, tokens_of

_LONGEST_WORDS = 2_000  # characters of a refusal that are looked at


def read_completion(provider: str, answer: Answer, secrets: list[str]) -> Said:
    """The text of the first choice.  Raises ModelFailed, saying what is wrong with the answer."""
    said = _parsed(provider, answer)
    if answers.is_error(said):  # some gateways send their errors with a status of success
        reason = f"answered {answer.status} with an error{answers.complaint(answer, secrets)}"
        raise ModelFailed(provider, reason, status=answer.status)
    tokens = _tokens(provider, said.get("usage"))
    choices = said.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        reason = "answered without any choice" if not choices else "answered without a message"
        raise ModelFailed(provider, reason, billed=True, tokens=tokens)
    problem = _problem(choice.get("finish_reason"), message)
    if problem is not None:
        raise ModelFailed(provider, problem, alive=True, billed=True, tokens=tokens)
    text = _text(message.get("content"))
    if not text.strip():
        raise ModelFailed(provider, "gave an empty answer", alive=True, billed=True, tokens=tokens)
    return Said(storable(text), tokens)


def words_of(answer: Answer) -> str:
    """What a refusal says about the request, as far as it can be told from what it quotes of it."""
    text = answer.body[:_LONGEST_WORDS].decode(errors="replace")
    try:
        said = answers.parse(answer.body)
    except (ValueError, ArithmeticError, RecursionError):
        return text
    error = said.get("error", said) if isinstance(said, dict) else None
    if isinstance(error, str):
        return error[:_LONGEST_WORDS]
    if not isinstance(error, dict):
        return text
    words = [error.get("message"), error.get("param"), error.get("code")]
    detail = error.get("detail")
    if isinstance(detail, list):  # FastAPI's: each with where it is and what is wrong
        words += [(one.get("loc"), one.get("msg")) for one in detail if isinstance(one, dict)]
    else:
        words.append(detail)
    return " ".join(str(word) for word in words if word)[:_LONGEST_WORDS]


def _parsed(provider: str, answer: Answer) -> dict[str, Any]:
    if not answer.content_type.endswith("json"):
        reason = f"answered with {answer.content_type or 'no content type'} where JSON was due"
        raise ModelFailed(provider, reason, status=answer.status, billed=True)
    try:
        said = answers.parse(answer.body)
    except (ValueError, ArithmeticError, RecursionError) as error:
        reason = f"sent broken JSON of {len(answer.body)} bytes ({type(error).__name__})"
        raise ModelFailed(provider, reason, status=answer.status, billed=True) from error
    if not isinstance(said, dict):
        reason = f"sent JSON that is a {type(said).__name__}, not an object"
        raise ModelFailed(provider, reason, status=answer.status, billed=True)
    return said


def _problem(finish: object, message: dict[str, Any]) -> str | None:
    if finish == "length":
        return "cut its answer off at the limit of tokens"
    if finish == "content_filter":
        return "held its answer back (content filter)"
    if message.get("refusal"):
        return "refused to answer"
    return None


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts, as some endpoints send them
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return ""


def _tokens(provider: str, usage: object) -> Tokens | None:
    """What the provider counted; None if it told nothing."""
    if not isinstance(usage, dict):
        return None
    given, taken = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if given is None or taken is None:
        return None
    return tokens_of(provider, given, taken)
