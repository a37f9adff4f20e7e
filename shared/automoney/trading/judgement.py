"""What agents say and what their weighed view is: scores, factors, judgements.  Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from automoney.market.candles import Mark


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


@dataclass(frozen=True, slots=True)
class Score:
    """An agent's view of one asset at a slot: -100 (get out) to 100 (get in), two decimals.

    `confidence` 0..1 falls with missing and stale inputs.  A `degraded` score was made with less
    than was asked for.  `judged_at` is the slot whose data it was made from: an earlier one when
    the last score is used again.
    """

    agent: str
    value: float
    confidence: float
    reasoning: str
    factors: tuple[Factor, ...]
    sources: tuple[str, ...]
    judged_at: datetime
    degraded: bool = False


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


@dataclass(frozen=True, slots=True)
class Judgement:
    """One run's outcome for all assets of a strategy; the same for every follower."""

    execution_id: str
    strategy_id: str
    slot_at: datetime
    views: Mapping[str, View]


def execution_id(strategy_id: str, slot_at: datetime) -> str:
    """The name of the run: a function of strategy and slot alone, so a retry has the same."""
    form = "%Y-%m-%dT%H:%M:%SZ" if slot_at.second else "%Y-%m-%dT%H:%MZ"
    return f"{strategy_id}:{slot_at:{form}}"
