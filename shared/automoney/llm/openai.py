"""Any endpoint that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, DeepSeek and others.

Wire format: POST BASE/chat/completions, OpenAI's API reference, "Create chat completion".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx

from automoney import answers
from automoney.encoding import canonical
from automoney.errors import InvalidInput
from automoney.llm.completion import read_completion, words_of
from automoney.llm.manners import Form, Manners, system_text
from automoney.llm.posting import post_json
from automoney.llm.provider import ModelFailed, Said
from automoney.ports import Question

PUBLIC_URL = "https://api.openai.com/v1"
_SEED = 7  # any: the same one each time
_BAD_REQUEST = frozenset({400, 422})
_NOT_LET_IN = frozenset({401, 403})


@dataclass(slots=True)
class OpenAi:
    """Meets `llm.provider.Provider`.  `url` is the base, such as http://127.0.0.1:11434/v1.

    `key` may be empty, for endpoints that want none.  Raises InvalidInput for a key that no header
    can carry.
    """

    client: httpx.Client
    url: str
    model: str
    clock: Callable[[], datetime]
    key: str = field(default="", repr=False)
    name: str = "openai"
    _manners: Manners = field(default_factory=Manners, init=False)

    def __post_init__(self) -> None:
        if not (self.key.isascii() and self.key.isprintable()):
            expected = "a key of printable ASCII characters"
            raise InvalidInput("AUTOMONEY_OPENAI_KEY", "(not shown)", expected)

    def ask(self, question: Question, *, seconds: float) -> Said:
        ends = monotonic() + seconds
        manners = self._manners
        answer = self._post(question, manners, seconds)
        while answer.status in _BAD_REQUEST:  # ends, since there is ever less to do without
            asked = question.schema is not None
            learned = manners.after(words_of(answer), asked_for_schema=asked)
            left = ends - monotonic()
            if learned is None or left <= 0:
                break
            manners = learned
            answer = self._post(question, manners, left)
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        self._manners = manners
        return read_completion(self.name, answer, self._secrets())

    def _post(self, question: Question, manners: Manners, seconds: float) -> answers.Answer:
        return post_json(
            self.client,
            self.name,
            f"{self.url}/chat/completions",
            canonical(_request(self.model, question, manners)),
            {"Authorization": f"Bearer {self.key}"} if self.key else {},
            seconds=seconds,
        )

    def _secrets(self) -> list[str]:
        return [self.key] if self.key else []

    def _refused(self, answer: answers.Answer) -> ModelFailed:
        status = answer.status
        if status in _NOT_LET_IN:
            # Its own words may quote a part of the key, which nobody would find to blot it out.
            reason = f"answered {status}: AUTOMONEY_OPENAI_KEY does not let us in"
        elif status == 404:
            host = urlsplit(self.url).hostname
            reason = (
                f"answered 404: {host} has no model {self.model} (AUTOMONEY_OPENAI_MODEL), or"
                " nothing at that address (AUTOMONEY_OPENAI_URL)"
            )
        else:
            reason = f"answered {status}{answers.complaint(answer, self._secrets())}"
        wait = answers.retry_after(answer, self.clock())
        return ModelFailed(self.name, reason, status=status, retry_after=wait)


def _request(model: str, question: Question, manners: Manners) -> dict[str, Any]:
    system = system_text(question.system, question.schema, manners.form)
    request: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": question.text},
        ],
        manners.limit: question.max_tokens,
        "stream": False,
    }
    if manners.temperature:
        request["temperature"] = 0
    if manners.seed:
        request["seed"] = _SEED
    if question.schema is not None:
        request |= _response_format(question.schema, manners.form)
    return request


def _response_format(schema: Mapping[str, Any], form: Form) -> dict[str, Any]:
    if form is Form.WORDS:
        return {}
    if form is Form.OBJECT:
        return {"response_format": {"type": "json_object"}}
    named = {"name": "answer", "schema": schema, "strict": form is Form.STRICT}
    return {"response_format": {"type": "json_schema", "json_schema": named}}
