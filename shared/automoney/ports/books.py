"""What is kept of runs, of users and their money, and of what they are to be told."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from automoney.market.candles import Mark
from automoney.messages import Message, Numbered
from automoney.schedule import Slot
from automoney.trading.account import Account
from automoney.trading.judgement import Judgement, Score
from automoney.trading.orders import Decision, Fill
from automoney.trading.portfolio import Portfolio


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
    """A user who follows a strategy, with his own settings."""

    user_id: str
    strategy_id: str
    max_position: Decimal


class Executions(Protocol):
    """Runs and their judgements, for ever."""

    def find(self, execution_id: str) -> Judgement | None: ...

    def record(self, judgement: Judgement, *, fence: int, inputs: Mapping[str, Any]) -> Judgement:
        """Keep the judgement and its inputs in one transaction, unless the slot has one already.

        Returns the one that is kept.  Raises StaleFence if a newer holder has written.
        """

    def record_failure(
        self, strategy_id: str, slot: Slot, *, fence: int, status: str, reason: str
    ) -> None:
        """Keep that the run was `aborted` or `skipped`, unless the slot has a judgement."""

    def last_scores(self, strategy_id: str, asset: str, *, before: datetime) -> Mapping[str, Score]:
        """Per agent the newest score that was not degraded, from slots before `before`."""

    def pending_users(self, execution_id: str) -> list[str]:
        """Followers at the time of the run whose orders have not been executed yet."""

    def unfinished(self, strategy_id: str, *, up_to: datetime) -> list[str]:
        """Ids of judgements of slots up to that one with pending users, oldest first."""

    def latest(self, strategy_id: str) -> Judgement | None: ...

    def fill_marks(self, execution_id: str) -> Mapping[str, Mark]:
        """The marks fixed for this run's fills, by asset."""

    def fix_fill_mark(self, execution_id: str, mark: Mark) -> Mark:
        """Fix the first mark after the slot for every follower's fill; the first one kept wins."""


class Books(Protocol):
    """Users, what they follow, their trades and their double-entry ledger."""

    def open_account(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        """Create the user with an opening deposit; False (and nothing) if he exists."""

    def follow(self, follower: Follower, *, at: datetime) -> None: ...

    def followers(self, strategy_id: str) -> list[Follower]: ...

    def follower(self, strategy_id: str, user_id: str) -> Follower | None: ...

    def trading(self, user_id: str, execution_id: str) -> AbstractContextManager["Desk | None"]:
        """One transaction for one user's part of a run, serialised per user.

        Yields None if (execution, user) has been executed already; commits when the block ends
        and rolls everything back if it raises.
        """

    def portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio:
        """His portfolio valued at `marks`; DataMissing if something he holds has none."""


class Desk(Protocol):
    """What may be done inside `Books.trading`: read the books, then write all of it or nothing."""

    def account(self) -> Account: ...

    def record(
        self,
        decisions: Sequence[Decision],
        fills: Sequence[Fill],
        messages: Sequence[Message],
        *,
        after: Account,
    ) -> None:
        """Keep decisions, trades with their ledger entries, the holdings as they are `after`
        the fills, and number the messages into the outbox.
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
    """Read-only pages for the API, newest first.  `before` is the cursor of the last page."""

    def decisions(
        self, user_id: str, *, limit: int, before: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Plain JSON rows (decision_data + strategyId, slot) and the next cursor."""

    def trades(
        self, user_id: str, *, limit: int, before: str | None
    ) -> tuple[list[dict[str, Any]], str | None]: ...

    def execution(self, execution_id: str) -> dict[str, Any] | None:
        """The run as plain JSON: status, reason, slot, fence, scores, inputs."""
