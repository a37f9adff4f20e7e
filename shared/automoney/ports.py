"""One Protocol per need.  Workflows call them, adapters meet them, `wiring` joins the two.

Stores are synchronous (one invocation handles one event at a time); sources are asynchronous,
because a collector asks several things of one API at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.snapshot import Snapshot
from automoney.messages import Message, Numbered
from automoney.schedule import Slot
from automoney.trading.account import Account
from automoney.trading.judgement import Judgement, Score
from automoney.trading.orders import Decision, Fill
from automoney.trading.portfolio import Portfolio

# ---------------------------------------------------------------- sources


class PriceSource(Protocol):
    """An exchange or aggregator that quotes prices.  All raise SourceUnavailable."""

    @property
    def name(self) -> str: ...

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        """The last traded price of each asset, stamped with the time the source gives it."""

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        """Candles oldest first: the newest `limit`, or `limit` from `start` on.

        The last one may still be open: the caller cuts by `close_time`.
        """


class Trades(Protocol):
    """Where fills get their price."""

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        """The first trade at or after `after`; SourceUnavailable while there is none."""


class SeriesSource(Protocol):
    """A source of readings (on-chain, macro or sentiment).  Raises SourceUnavailable."""

    @property
    def name(self) -> str: ...

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """All readings whose period starts at or after `since`, oldest first in each series.

        `now` (the slot) becomes their `vintage`.  Missing values are left out, not filled.
        """


# ---------------------------------------------------------------- stores: the market


@dataclass(frozen=True, slots=True)
class Collection:
    """One try of one collector at one slot; (collector, source, slot) is its name.

    `outcome` is `ok` or `failed`; `anomalies` counts values flagged by the cleaning rules.
    """

    collector: str
    source: str
    slot_at: datetime
    outcome: str
    rows: int
    anomalies: int
    latency: timedelta
    error: str | None = None


class Candles(Protocol):
    """Closed candles: days for ever, hours and 4 hours for the last weeks."""

    def put(self, candles: Iterable[Candle]) -> None:
        """Insert or replace closed candles, by (asset, timeframe, open_time)."""

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        """The open time of the newest stored candle."""

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        """Candles with `open_time >= since` and `close_time <= by`, oldest first."""

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        """`closed` for daily candles."""

    def purge(self, *, before: datetime) -> int:
        """Drop candles finer than a day that opened before; return how many."""


class Marks(Protocol):
    """The recent marks of each asset (a few days)."""

    def put_marks(self, marks: Iterable[Mark]) -> None: ...

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        """The newest mark strictly before `as_of`: what trades at `as_of` itself is a fill."""

    def marks(self, assets: Sequence[str], *, as_of: datetime) -> Mapping[str, Mark]:
        """`mark` for several assets at once; those without one are absent."""

    def purge(self, *, before: datetime) -> int:
        """Drop marks older than that; return how many."""


class Readings(Protocol):
    """Readings with their vintages, for ever."""

    def put_readings(self, readings: Iterable[Reading]) -> int:
        """Keep each reading that is new or revised (another vintage); say how many were."""

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        """Per series the newest vintage known at `as_of` of each period, oldest first."""

    def last_period(self, source: str) -> datetime | None:
        """The newest period stored from a source."""


class Collections(Protocol):
    def record(self, collection: Collection) -> None:
        """Keep the try; a second delivery of the same slot replaces the first."""

    def last_ok(self, collector: str, *, as_of: datetime) -> datetime | None:
        """The newest slot at or before `as_of` at which any source of the collector gave data."""

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        """Per source: `ok`, `failed`, `anomalies` counts over everything recorded."""

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        """Per collector its newest try: source, slot_at, outcome, error."""


class MarketCache(Protocol):
    """Redis, under the description's keys.  Losing it may cost time, never data: every method
    swallows an unreachable Redis after logging it, and reads answer None.
    """

    def put_latest(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """By asset: price, at, source, isAnomaly, indicators, week."""

    def latest(self, asset: str) -> Mapping[str, Any] | None: ...
    def put_candles(self, asset: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None: ...
    def candles(self, asset: str, timeframe: Timeframe) -> list[Candle] | None: ...
    def put_group(self, group: str, data: Mapping[str, Any]) -> None:
        """`onchain`, `macro` or `sentiment`: the newest values with ages."""

    def group(self, group: str) -> Mapping[str, Any] | None: ...
    def put_scores(self, judgement: Judgement) -> None: ...
    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None:
        """The serialised indicator state up to the last closed bar."""

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None: ...


# ---------------------------------------------------------------- stores: runs, books, outbox


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


# ---------------------------------------------------------------- queues, sockets, alerts


class OrderQueue(Protocol):
    def hand_out(self, execution_id: str, users: Sequence[str]) -> None:
        """Queue the users for `execute_orders`, in batches."""


class EventQueue(Protocol):
    def send(self, messages: Sequence[Numbered]) -> None:
        """Queue numbered messages for `ws_broadcast`, payload included."""


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

    def judge(self, snapshot: Snapshot) -> Mapping[str, Score | None]:
        """A score per agent; None where the agent failed (it has logged why)."""
