"""Who is told, and the judges who are asked."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from automoney.market.snapshot import Snapshot
from automoney.messages import Numbered
from automoney.trading.judgement import Score


class OrderQueue(Protocol):
    def hand_out(self, execution_id: str, users: Sequence[str]) -> None:
        """Queue the users for `execute_orders`, in batches."""


class Looks(Protocol):
    def ask(self, strategy_id: str, at: datetime, asked_by: str) -> None:
        """Queue a look at the strategy's market at `at`, to be told to that user alone."""


class LookTurns(Protocol):
    """How often a user may have a look taken; remembered across restarts."""

    def taking(
        self, user_id: str, *, now: datetime, every: timedelta
    ) -> AbstractContextManager[datetime | None]:
        """Take one of his looks, of which there is one in any `every`.

        Yields None if he has one, which is used up once the block ends without an error; else the
        moment from which on he has.  Of callers at the same time one gets it.
        """


class EventQueue(Protocol):
    def send(self, messages: Sequence[Numbered]) -> None:
        """Queue numbered messages for `ws_broadcast`, payload included."""


class DataStates(Protocol):
    """What followers were last told of each collector's data: good at first."""

    def turn(
        self, collector: str, state: str, *, source: str | None, reason: str, at: datetime
    ) -> bool:
        """Note its state (good, fallback or stale) at a slot; if it changed, tell all followers.

        Whether it did.  A slot older than the newest one that was noted changes nothing.
        """


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which events a connection wants; None means all of them."""

    event: str | None
    strategy_id: str | None


@dataclass(frozen=True, slots=True)
class Connection:
    connection_id: str
    user_id: str
    connected_at: datetime
    subscriptions: frozenset[Subscription] = frozenset()


class Connections(Protocol):
    """Open WebSocket connections (DynamoDB).  A new connection is subscribed to nothing."""

    def add(self, connection: Connection) -> None: ...
    def remove(self, connection_id: str) -> None: ...
    def get(self, connection_id: str) -> Connection | None: ...
    def of_user(self, user_id: str) -> list[Connection]:
        """The user's connections, oldest first."""

    def all(self) -> list[Connection]: ...
    def subscribe(self, connection_id: str, subscription: Subscription) -> None: ...
    def unsubscribe(self, connection_id: str, subscription: Subscription) -> None: ...


class Tickets(Protocol):
    """One-time tickets that let a browser open a socket (DynamoDB)."""

    def issue(self, user_id: str, *, now: datetime) -> str:
        """A random ticket that is good for 30 seconds, once."""

    def redeem(self, ticket: str, *, now: datetime) -> str:
        """The user it was issued to; Unauthorized if unknown, expired or used."""


class Sockets(Protocol):
    """API Gateway's @connections API.  Raises ConnectionGone for a 410."""

    def post(self, connection_id: str, payload: bytes) -> None: ...
    def close(self, connection_id: str) -> None: ...
    def last_active(self, connection_id: str) -> datetime: ...


class Alerts(Protocol):
    """Tell the people who run this.  `subject` is short, `detail` one paragraph."""

    def warn(self, subject: str, detail: str) -> None: ...
    def page(self, subject: str, detail: str) -> None: ...


class Panel(Protocol):
    """The judges, run in parallel."""

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        """A score per agent; None where the agent failed (it has logged why).

        What models cost goes on the execution's account.  Raises ModelsUnavailable if no model
        answered and the rules are not in the order of fallback.
        """
