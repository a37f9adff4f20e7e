"""What the runs, the books and the pauses in memory share, as tables share one database.

Nothing here is locked or undone: the stores change it in one step each, with whole values.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from automoney.market.candles import Mark
from automoney.messages import Message
from automoney.ports import Evidence, Follower, Kind, Pause, Step, Valuation
from automoney.quickly import quickly_made
from automoney.trading.account import Account
from automoney.trading.judgement import Judgement, Score
from automoney.trading.ledger import Entry
from automoney.trading.orders import Decision, Fill, Rejection


@quickly_made
@dataclass(frozen=True, slots=True)
class Run:
    """One row of `executions`; `status` is begun, judged, aborted or skipped.

    `concluded` has the steps that came after those of the evidence: nobody has read either yet, so
    they are not even put into words.
    """

    execution_id: str
    strategy_id: str
    slot_at: datetime
    status: str
    fence: int
    judgement: Judgement | None = None
    reason: str | None = None
    kind: Kind = Kind.TURN
    asked_by: str | None = None
    evidence: Evidence = field(default_factory=Evidence)
    concluded: list[Sequence[Step]] = field(default_factory=list)

    @property
    def steps(self) -> list[Step]:
        """All of them."""
        return [one for steps in (self.evidence.steps, *self.concluded) for one in steps]


@quickly_made
@dataclass(frozen=True, slots=True)
class Booked:
    """One follower's part of a run, as it was booked."""

    execution_id: str
    strategy_id: str
    slot_at: datetime
    decisions: tuple[Decision, ...]
    fills: tuple[Fill, ...]
    rejections: tuple[Rejection, ...]
    receipt: bytes


@dataclass(slots=True)
class User:
    """One user's books; `outbox[i]` is numbered i + 1, and `relayed` holds such numbers."""

    user_id: str
    account: Account
    entries: list[Entry] = field(default_factory=list)
    parts: list[Booked] = field(default_factory=list)
    valuations: list[Valuation] = field(default_factory=list)
    last_traded: dict[str, datetime] = field(default_factory=dict)
    outbox: list[Message] = field(default_factory=list)
    relayed: set[int] = field(default_factory=set)
    started_at: datetime | None = None  # when the account began anew


@dataclass(frozen=True, slots=True)
class Ended:
    """A pause that is over, or a resumption of what was not paused (`pause` is None)."""

    strategy_id: str
    user_id: str | None
    pause: Pause | None
    at: datetime
    author: str
    reason: str


@dataclass(slots=True)
class Tables:
    """`orders` holds per execution the users and whether their part is done; `open_orders` per
    strategy the executions that have some to do, with their slots.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)  # runs that have not come to an end
    fences: dict[str, int] = field(default_factory=dict)
    newest: dict[str, Run] = field(default_factory=dict)  # judged turns, by strategy
    turns: dict[str, list[Judgement]] = field(default_factory=dict)  # by strategy, oldest first
    orders: dict[str, dict[str, bool]] = field(default_factory=dict)
    open_orders: dict[str, dict[str, datetime]] = field(default_factory=dict)
    fill_marks: dict[str, dict[str, Mark]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    follows: dict[str, dict[str, Follower]] = field(default_factory=dict)  # by strategy, user
    pauses: dict[tuple[str, str | None], Pause] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)

    def keep(self, run: Run) -> None:
        """Put a run that has come to an end."""
        self.runs[run.execution_id] = run
        self.begun.discard(run.execution_id)

    def keep_scores(self, judgement: Judgement) -> None:
        """Put a turn where `last_good` finds its scores."""
        turns = self.turns.setdefault(judgement.strategy_id, [])
        if turns and turns[-1].slot_at > judgement.slot_at:
            insort(turns, judgement, key=_slot)
        else:
            turns.append(judgement)

    def last_good(self, strategy_id: str, asset: str, agent: str, before: datetime) -> Score | None:
        """The newest whole score from a turn before `before`."""
        turns = self.turns.get(strategy_id, [])
        for index in range(bisect_left(turns, before, key=_slot) - 1, -1, -1):
            view = turns[index].views.get(asset)
            score = view.scores.get(agent) if view else None
            if score is not None and not score.degraded:
                return score
        return None

    def order(self, run: Run, users: list[str]) -> None:
        """Each user has a part of the run to be done."""
        if users:
            self.orders[run.execution_id] = dict.fromkeys(users, False)
            self.open_orders.setdefault(run.strategy_id, {})[run.execution_id] = run.slot_at

    def done(self, execution_id: str, strategy_id: str, user_id: str) -> None:
        """That user's part of the run is booked."""
        parts = self.orders[execution_id]
        parts[user_id] = True
        if all(parts.values()):
            del self.open_orders[strategy_id][execution_id]

    def paused(self, strategy_id: str, user_id: str | None) -> Pause | None:
        return self.pauses.get((strategy_id, user_id))


_slot = attrgetter("slot_at")

NO_MARKS: Mapping[str, Mark] = {}
