"""What is kept of runs, of users and their money, and of what they are to be told."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from automoney.market.candles import Mark
from automoney.messages import Message, Numbered
from automoney.ports.runs import Evidence, Kind, Step
from automoney.quickly import quickly_made
from automoney.schedule import Slot
from automoney.trading.account import Account
from automoney.trading.guards import Guards
from automoney.trading.judgement import Judgement, Score
from automoney.trading.portfolio import Portfolio
from automoney.trading.turn import Part, Standing


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run `name`; `fence` grows with every holder, for ever."""

    name: str
    fence: int


class Leases(Protocol):
    def hold(self, name: str) -> AbstractContextManager[Lease]:
        """Hold `name` for the block; raise LeaseHeld at once if someone else does."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A user who follows a strategy, and what he lets it do."""

    user_id: str
    strategy_id: str
    guards: Guards


class Executions(Protocol):
    """Runs and their judgements, for ever."""

    def find(self, execution_id: str) -> Judgement | None: ...

    def begin(
        self,
        strategy_id: str,
        slot: Slot,
        *,
        fence: int,
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> list[str]:
        """Keep that the run has `begun`, unless it has a judgement: so that none dies unseen.

        Returns the ids of earlier runs of its kind that had begun and never came to an end; they
        count as `aborted` from now on.  Raises Misfired if a later turn has been judged already:
        its followers have moved on.  Raises StaleFence if a newer holder has written.
        """

    def record(
        self,
        judgement: Judgement,
        *,
        fence: int,
        evidence: Evidence,
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> Judgement:
        """Keep the judgement and what it followed from, unless the slot has one already.

        In one transaction, with an order for each follower who has not paused, if it is a turn.
        Returns the one that is kept.  Raises StaleFence if a newer holder has written.
        """

    def record_failure(
        self,
        strategy_id: str,
        slot: Slot,
        *,
        fence: int,
        status: str,
        reason: str,
        steps: Sequence[Step] = (),
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> None:
        """Keep that the run was `aborted` or `skipped`, unless it has come to a judgement."""

    def conclude(self, execution_id: str, steps: Sequence[Step]) -> None:
        """Add the steps that came after the recording; nothing for a run that was not recorded."""

    def last_scores(self, strategy_id: str, asset: str, *, before: datetime) -> Mapping[str, Score]:
        """Per agent the newest score that was not degraded, from turns before `before`."""

    def pending_users(self, execution_id: str) -> list[str]:
        """Followers at the time of the run whose orders have not been executed yet."""

    def unfinished(self, strategy_id: str, *, up_to: datetime) -> list[str]:
        """Ids of judgements of slots up to that one with pending users, oldest first."""

    def latest(self, strategy_id: str) -> Judgement | None: ...

    def fill_marks(self, execution_id: str) -> Mapping[str, Mark]:
        """The marks fixed for this run's fills, by asset."""

    def fix_fill_mark(self, execution_id: str, mark: Mark) -> Mark:
        """Fix the first mark after the slot for every follower's fill; the first one kept wins."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Valuation:
    """What a follower was worth at a run, before its orders; quote currency."""

    at: datetime
    execution_id: str
    equity: Decimal
    cash: Decimal
    fees: Decimal
    realised_pnl: Decimal


class Books(Protocol):
    """Users, what they follow, their trades and their double-entry ledger."""

    def open_account(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        """Create the user with an opening deposit; False (and nothing) if he exists."""

    def start_over(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        """Close his books and open them anew with so much; False (and nothing) without an account.

        The ledger, the trades and the decisions of before stay.  Holdings, average costs, profits,
        fees, the day's loss, the cool-down and the curve of his equity begin anew.  A part of a run
        at or before that moment, if it is still to be done, leaves the new account alone.
        Counts from the newest entry of his ledger on if that is later than `at`.
        """

    def follow(self, follower: Follower, *, at: datetime) -> None:
        """Follow, or change the guards.

        Raises InvalidInput if he follows another strategy: one account is traded by one strategy.
        """

    def unfollow(self, user_id: str, strategy_id: str) -> bool:
        """False if he did not follow; what he holds stays as it is."""

    def followers(self, strategy_id: str) -> list[Follower]: ...

    def follower(self, strategy_id: str, user_id: str) -> Follower | None: ...

    def trading(self, user_id: str, execution_id: str) -> AbstractContextManager["Desk | None"]:
        """One transaction for one user's part of a run, serialised per user.

        Yields None if (execution, user) has been executed already; commits when the block ends
        and rolls everything back if it raises.
        """

    def trading_together(
        self, users: Sequence[str], execution_id: str
    ) -> AbstractContextManager[Mapping[str, "Desk"]]:
        """As `trading`, for several users at once: all of their parts, or none if the block raises.

        Yields a desk for each whose part has not been executed already, in the order of names.
        """

    def tell(self, user_id: str, execution_id: str, messages: Sequence[Message]) -> bool:
        """Number messages about a look into the user's outbox, once a (user, execution).

        What is kept of that is an order of his that is done.  False if he was told before, or has
        no account, and thus no outbox.
        """

    def portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio:
        """His portfolio valued at `marks`; DataMissing if something he holds has none.

        Empty if he has no account.
        """

    def account(self, user_id: str, *, as_of: datetime) -> Account:
        """His account as it was at that moment, from what was booked up to and at it.

        What was booked late, after something dated later than `as_of`, does not count yet.
        """

    def valuations(self, user_id: str, *, since: datetime, until: datetime) -> Sequence[Valuation]:
        """Oldest first, one a run of his within [since, until]."""


class Desk(Protocol):
    """What may be done inside `Books.trading`: read the books, then write all of it or nothing."""

    def standing(self) -> Standing:
        """How he stands, guards and pause included; read once, under the lock of his row."""

    def record(self, part: Part, messages: Iterable[Message], *, receipt: bytes) -> None:
        """Keep decisions with what became of them, trades with their ledger entries, holdings, the
        valuation and the receipt, and number the messages into the outbox.
        """


class Outbox(Protocol):
    def relaying(self, limit: int) -> AbstractContextManager[list[Numbered]]:
        """Committed messages not yet handed to the queue, oldest first in each user.

        They count as handed over when the block ends without an error.
        """

    def since(self, user_id: str, seq: int, limit: int) -> list[Numbered]:
        """The user's messages with a number above `seq`, in order."""

    def last_seq(self, user_id: str) -> int: ...


class History(Protocol):
    """Read-only pages for the API, newest first.  `cursor` is what the last page gave."""

    def decisions(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Plain JSON rows (decision_data + strategyId, slot) and the next cursor."""

    def trades(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]: ...

    def equity(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Of each UTC day on which a run of his took place its last valuation, as plain JSON.

        Since his account began, or began anew.  Keys: day, at, executionId, equity, cash, fees,
        realisedPnl, and drawdown: the share that equity was below its highest at any run so far,
        0..1.
        """

    def execution(self, execution_id: str) -> dict[str, Any] | None:
        """The run as plain JSON: status, reason, slot, kind, askedBy, fence, inputs, steps."""
