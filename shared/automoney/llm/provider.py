"""What each provider has to do, and how it may fail."""

from dataclasses import dataclass
from typing import Protocol

from automoney.errors import SourceUnavailable
from automoney.ports import Question


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens a call took, as the provider counts them."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a model answered; `tokens` is None where the provider does not tell."""

    text: str
    tokens: Tokens | None


class ModelFailed(SourceUnavailable):
    """A provider gave no usable answer.

    `reason` is for people and never holds a key.  `alive` means that the model works, but that its
    answer to this question is none.  `billed` means that the call may cost money all the same: what
    its `tokens` cost, or, where nobody tells, the most that it can have cost.
    """

    def __init__(
        self,
        provider: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        alive: bool = False,
        billed: bool = False,
        tokens: Tokens | None = None,
    ) -> None:
        super().__init__(provider, reason, status=status, retry_after=retry_after)
        self.alive = alive
        self.billed = billed
        self.tokens = tokens


class Provider(Protocol):
    """A model of somebody's, asked over the network.  Threads may ask at the same time."""

    @property
    def name(self) -> str:
        """`bedrock` or `openai`, as in the order of fallback."""

    @property
    def model(self) -> str: ...

    def ask(self, question: Question, *, seconds: float) -> Said:
        """Ask once, for about that many seconds at most.  Raises ModelFailed and nothing else."""


def storable(text: str) -> str:
    """Without what no database takes: NUL and lone surrogates become `?`."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode()


def tokens_of(provider: str, given: object, taken: object) -> Tokens:
    """Numbers of tokens that can be.  Raises ModelFailed for anything else."""
    for number in (given, taken):
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            reason = f"says that it took {str(number)[:20]!r} tokens"
            raise ModelFailed(provider, reason, alive=True, billed=True)
    assert isinstance(given, int)
    assert isinstance(taken, int)
    return Tokens(given, taken)
