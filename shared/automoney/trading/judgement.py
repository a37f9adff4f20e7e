"""What agents say and what their weighed view is: scores, factors, judgements.  Pure values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from automoney.market.candles import Mark
from automoney.quickly import quickly_made


class Signal(StrEnum):
    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason within a score: `contribution` points of the score came from `value`.

    `age_hours` is how old the value was at the slot, counted from when it was available.
    """

    name: str
    value: float | None
    contribution: float
    note: str
    age_hours: float | None = None


class _InWords:
    """Room for how to put a score into words, until somebody wants to read them."""

    __slots__ = ("_later",)

    _later: "Callable[[], tuple[str, tuple[Factor, ...]]]"


@dataclass(frozen=True, slots=True)
class Score(_InWords):
    """An agent's view of one asset at a slot: -100 (get out) to 100 (get in), two decimals.

    `confidence` 0..1 falls with missing and stale inputs.  A `degraded` score was made with less
    than was asked for.  `judged_at` is the slot whose data it was made from: an earlier one when
    the last score is used again.

    `judge` is who made it, `rules` or `model`; a model's score names the `model` (provider and
    name) and the `request` (SHA-256) whose stored answer it follows from.  With `fell_back` a model
    was asked in vain, and the rules judged instead.
    """

    agent: str
    value: float
    confidence: float
    reasoning: str
    factors: tuple[Factor, ...]
    sources: tuple[str, ...]
    judged_at: datetime
    degraded: bool = False
    judge: str = "rules"
    model: str | None = None
    request: str | None = None
    fell_back: bool = False

    @classmethod
    def by_rules(
        cls,
        agent: str,
        value: float,
        confidence: float,
        *,
        in_words: Callable[[], tuple[str, tuple[Factor, ...]]],
        sources: tuple[str, ...],
        judged_at: datetime,
        degraded: bool,
    ) -> "Score":
        """A score by rules whose reasoning and factors `in_words` gives when first read.

        It is equal to one that was made with them: putting it into words takes ten times as long
        as judging, and of a backtest's scores hardly any is ever read.
        """
        score: Any = _draft(_Draft)
        score.agent = agent
        score.value = value
        score.confidence = confidence
        score._later = in_words
        score.sources = sources
        score.judged_at = judged_at
        score.degraded = degraded
        score.judge = "rules"
        score.model = score.request = None
        score.fell_back = False
        score.__class__ = cls
        return score  # type: ignore[no-any-return]


def _put_in_words(score: Score) -> None:
    reasoning, factors = score._later()
    _WORDS["reasoning"].__set__(score, reasoning)
    _WORDS["factors"].__set__(score, factors)
    object.__delattr__(score, "_later")


def _when_read(name: str) -> property:
    """The field as it is where the score has words, else put in words now."""
    slot = _WORDS[name]

    def read(score: Score) -> Any:
        try:
            return slot.__get__(score, Score)
        except AttributeError:
            _put_in_words(score)
            return slot.__get__(score, Score)

    return property(read, slot.__set__)


# A frozen dataclass sets each field by a call.  So they are put into its twin, which has the same
# slots but is not frozen, and that becomes the frozen class before anyone sees it.
_Draft = make_dataclass(
    "_Draft", [item.name for item in fields(Score)], slots=True, bases=(_InWords,), init=False
)
_draft = object.__new__
# The slots of the two fields that may be empty; reading all others stays as quick as it was.
_WORDS: Mapping[str, Any] = {name: vars(Score)[name] for name in ("reasoning", "factors")}
for _name in _WORDS:
    setattr(Score, _name, _when_read(_name))


@quickly_made
@dataclass(frozen=True, slots=True)
class View:
    """The weighed view of one asset: `conviction` -100..100 (two decimals) from `scores`.

    `weights` are those really used, so `conviction = sum(weights[a] * scores[a].value)`.
    """

    asset: str
    mark: Mark
    scores: Mapping[str, Score]
    weights: Mapping[str, Decimal]
    conviction: Decimal
    degraded: bool


@quickly_made
@dataclass(frozen=True, slots=True)
class Judgement:
    """One run's outcome for all assets of a strategy; the same for every follower."""

    execution_id: str
    strategy_id: str
    slot_at: datetime
    views: Mapping[str, View]


def look_id(strategy_id: str, at: datetime) -> str:
    """The name of a look taken at `at`, whoever asked: never that of a turn."""
    return f"{strategy_id}:{at:%Y-%m-%dT%H:%M:%SZ}:look"


@lru_cache(maxsize=256)  # a run says its name over and over
def execution_id(strategy_id: str, slot_at: datetime) -> str:
    """The name of the run: a function of strategy and slot alone, so a retry has the same."""
    length = len("2025-11-05T12:00:00") if slot_at.second else len("2025-11-05T12:00")
    return f"{strategy_id}:{slot_at.isoformat()[:length]}Z"
