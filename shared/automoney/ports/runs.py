"""What is kept of a run beside its judgement, and who has paused what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from automoney.quickly import quickly_made
from automoney.trading.judgement import execution_id, look_id


class Kind(StrEnum):
    TURN = "turn"  # a due slot: every follower gets his part
    LOOK = "look"  # somebody asked for a fresh view: no orders, and never the last score of a turn


def run_id(strategy_id: str, at: datetime, kind: Kind) -> str:
    """What a run of that kind is called."""
    return execution_id(strategy_id, at) if kind is Kind.TURN else look_id(strategy_id, at)


def fence_name(strategy_id: str, kind: Kind) -> str:
    """What runs of that kind are fenced by: looks by one of their own, so as not to hold up turns.

    The lease that gives the fence is `strategy:` and this.
    """
    return strategy_id if kind is Kind.TURN else f"{strategy_id}:{kind}"


CUT_SHORT = "it began and never came to an end"
"""Why a run counts as aborted of which nothing is kept but that it began."""


def later_turn(slot_at: datetime) -> str:
    """Why a turn is skipped if that of `slot_at` has been judged."""
    return f"the later slot of {slot_at:%Y-%m-%d %H:%M} has been judged already"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, as the description has them (4.3.1): how it went and how long it took."""

    name: str
    detail: str
    milliseconds: float


@quickly_made
@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run followed from.

    `inputs` is short, for people; `receipt` the whole in canonical JSON, which names the contents
    of `blobs` by their SHA-256 (uncompressed).  `snapshots` names that of each asset's snapshot.
    """

    steps: Sequence[Step] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    receipt: bytes = b"{}"
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    snapshots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pause:
    """`user_id` None is the whole strategy.  `author` is `engine` or the id of who did it.

    `since` is the market's time; None only for a strategy that ships paused, for as long as it has.
    """

    strategy_id: str
    user_id: str | None
    since: datetime | None
    reason: str
    author: str


ENGINE = "engine"


class Pauses(Protocol):
    """Who has paused what; kept for ever, with reason and author."""

    def current(self, strategy_id: str, user_id: str | None = None) -> Pause | None:
        """The pause in force of a strategy as a whole, or of one follower's part."""

    def touched(self, strategy_id: str) -> bool:
        """Whether the strategy as a whole was ever paused or resumed."""

    def pause(self, pause: Pause) -> bool:
        """False, and nothing changes, if it is paused already."""

    def resume(
        self, strategy_id: str, user_id: str | None, *, author: str, reason: str, at: datetime
    ) -> bool:
        """End the pause.  False if there is none; then it is only kept that somebody resumed."""

    def log(self, strategy_id: str, user_id: str | None, limit: int) -> list[Mapping[str, Any]]:
        """Plain JSON rows, newest first: since, reason, author, ended, endedBy, endedBecause."""
