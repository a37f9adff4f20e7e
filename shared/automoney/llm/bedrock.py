"""Amazon Bedrock's Converse API, which speaks to all of its models alike.

Wire format: POST /model/ID/converse, Bedrock's API reference, "Converse".  An answer is held to a
schema by a tool that the model has to use: the tool's input is the answer, and nothing is run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.exceptions import ConnectionError as NotReached
from botocore.parsers import ResponseParserError

from automoney import answers
from automoney.llm.manners import Form, Manners, system_text
from automoney.llm.message import read_message
from automoney.llm.provider import ModelFailed, Said
from automoney.ports import Question

TOOL = "answer"
_BAD_REQUEST = 400
# What botocore raises for bodies that are JSON but of another shape than its model says.
_NOT_OF_THE_SHAPE = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
_CHOICES: Mapping[Form, Mapping[str, Any]] = {
    Form.STRICT: {"toolChoice": {"tool": {"name": TOOL}}},
    Form.SCHEMA: {"toolChoice": {"any": {}}},
    Form.OBJECT: {},
}


class Converse(Protocol):
    """boto3's client of `bedrock-runtime`, as far as we use it."""

    def converse(self, **request: Any) -> Mapping[str, Any]: ...


@dataclass(slots=True)
class Bedrock:
    """Meets `llm.provider.Provider`.

    Take a `client` that does not try again by itself, or one question may be paid for twice, and
    that gives up after a call's time.  `secrets` are blotted out where Bedrock's words are quoted.
    """

    client: Converse
    model: str
    clock: Callable[[], datetime]
    secrets: tuple[str, ...] = field(default=(), repr=False)
    name: str = "bedrock"
    _manners: Manners = field(default_factory=Manners, init=False)

    def ask(self, question: Question, *, seconds: float) -> Said:
        ends = monotonic() + seconds
        manners = self._manners
        while True:  # ends, since there is ever less to do without
            try:
                message = self._converse(question, manners)
            except _Refused as refused:
                asked = question.schema is not None
                learned = manners.after(refused.words, asked_for_schema=asked)
                if learned is None or monotonic() > ends:
                    raise refused.failure from None
                manners = learned
            else:
                break
        self._manners = manners
        return read_message(self.name, message, tool=TOOL)

    def _converse(self, question: Question, manners: Manners) -> Mapping[str, Any]:
        try:
            return self.client.converse(**_request(self.model, question, manners))
        except ClientError as error:
            failure = self._failure(error)
            if failure.status == _BAD_REQUEST:
                raise _Refused(failure, _told(error, "Message")) from None
            raise failure from None  # its words may tell of credentials
        except (ConnectTimeoutError, NotReached) as error:
            raise ModelFailed(self.name, "cannot be reached") from error
        except ReadTimeoutError as error:
            raise ModelFailed(self.name, "no whole answer in time", billed=True) from error
        except ResponseParserError as error:
            raise ModelFailed(self.name, "sent broken JSON", billed=True) from error
        except BotoCoreError as error:
            reason = f"the call broke ({type(error).__name__})"
            raise ModelFailed(self.name, reason, billed=True) from None
        except _NOT_OF_THE_SHAPE as error:
            reason = f"sent JSON of another shape ({type(error).__name__})"
            raise ModelFailed(self.name, reason, billed=True) from error

    def _failure(self, error: ClientError) -> ModelFailed:
        meta = error.response.get("ResponseMetadata", {})
        status = int(meta.get("HTTPStatusCode", 0))
        code = self._quoted(_told(error, "Code"))
        if status in (401, 403):
            reason = (
                f"answered {status} ({code}): these credentials may not use {self.model}"
                " (AUTOMONEY_BEDROCK_MODEL), or it is not enabled in this account and region"
            )
        elif status == 404:
            reason = f"answered 404: there is no {self.model} here (AUTOMONEY_BEDROCK_MODEL)"
        else:
            reason = f"answered {status} ({code}): {self._quoted(_told(error, 'Message'))}"
        headers = meta.get("HTTPHeaders", {})
        wait = answers.retry_after(answers.Answer(status, headers, b""), self.clock())
        return ModelFailed(self.name, reason, status=status, retry_after=wait)

    def _quoted(self, words: str) -> str:
        for secret in filter(None, self.secrets):
            words = words.replace(secret, "***")
        return answers.printable(words)


class _Refused(Exception):
    """Bedrock objects to the request itself, in these words."""

    def __init__(self, failure: ModelFailed, words: str) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.words = words


def _told(error: ClientError, name: str) -> str:
    """`Code` or `Message` of the error; whatever else was sent, where it was no error of theirs."""
    return str(error.response.get("Error", {}).get(name, ""))


def _request(model: str, question: Question, manners: Manners) -> dict[str, Any]:
    limits: dict[str, Any] = {"maxTokens": question.max_tokens}
    if manners.temperature:
        limits["temperature"] = 0
    request: dict[str, Any] = {
        "modelId": model,
        "messages": [{"role": "user", "content": [{"text": question.text}]}],
        "inferenceConfig": limits,
    }
    system = system_text(question.system, question.schema, manners.form)
    if system:
        request["system"] = [{"text": system}]
    if question.schema is not None and manners.form is not Form.WORDS:
        tool = {
            "name": TOOL,
            "description": "Takes your answer.",
            "inputSchema": {"json": question.schema},
        }
        request["toolConfig"] = {"tools": [{"toolSpec": tool}], **_CHOICES[manners.form]}
    return request
