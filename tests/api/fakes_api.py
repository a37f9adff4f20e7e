"""Strict stand-ins for what the API needs: each answers only what it was given.

Of the ports with many methods only those that the API calls are here: any other call fails.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, cast

from automoney.api.services import Services
from automoney.encoding import plain
from automoney.errors import InvalidInput, Unauthorized
from automoney.identity import Identity
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.messages import Message, Numbered
from automoney.ports import (
    Books,
    CacheUse,
    Collection,
    Executions,
    Follower,
    Found,
    MarketCache,
    Models,
    Tally,
)
from automoney.ports.backtests import Backtest
from automoney.ports.limits import Counted
from automoney.settings import Settings
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Tables
from automoney.stores.replies import DynamoReplies
from automoney.trading.account import Account, account_from
from automoney.trading.judgement import Factor, Judgement, Score, View
from automoney.trading.ledger import Entry
from automoney.trading.orders import Costs
from automoney.trading.portfolio import Portfolio, Position
from automoney.workflows.chat.conversation import Conversation
from automoney.workflows.chat.knowledge import Library
from automoney.workflows.explain import Explainer
from automoney.workflows.limiting import Limiter
from automoney.workflows.looking import Looking
from automoney.workflows.market_view import MarketView
from automoney.workflows.pricing import Pricing
from tests.fakes_chat import FakeLooks, FakeLookTurns
from tests.fakes_dynamo import FakeDynamo
from tests.fakes_receipts import FakeArchive, FakeUsage

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
WALL = datetime(2030, 1, 1, tzinfo=UTC)  # far from the market's time, so that a mix-up shows
ORIGIN = "https://app.example.com"


def never(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("the API does not write here")


@dataclass
class FakeVerifier:
    """Tokens are `token-of-USER`, `ops-token-of-USER` for ops; `expired-USER` has expired.

    Only the wall's time will do.
    """

    def verify(self, token: str, *, now: datetime) -> Identity:
        assert now >= WALL
        kind, _, user = token.rpartition("-")
        if kind not in ("token-of", "ops-token-of"):
            raise Unauthorized("the token has expired")
        return Identity(user, frozenset({"user"} | ({"ops"} if kind.startswith("ops") else set())))


@dataclass
class FakeExecutions:
    judgements: dict[str, Judgement] = field(default_factory=dict)

    def find(self, execution_id: str) -> Judgement | None:
        return self.judgements.get(execution_id)

    def latest(self, strategy_id: str) -> Judgement | None:
        found = [one for one in self.judgements.values() if one.strategy_id == strategy_id]
        return max(found, key=lambda one: one.slot_at, default=None)


@dataclass
class FakeBooks:
    """`accounts` holds the paper money of each user, `followed` who follows what and since when."""

    accounts: dict[str, Decimal] = field(default_factory=dict)
    opened: dict[str, datetime] = field(default_factory=dict)
    followed: dict[tuple[str, str], Follower] = field(default_factory=dict)
    held: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    ledgers: dict[str, list[Entry]] = field(default_factory=dict)

    def open_account(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        if user_id in self.accounts:
            return False
        self.accounts[user_id], self.opened[user_id] = paper_money, at
        return True

    def start_over(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        if user_id not in self.accounts:
            return False
        self.accounts[user_id], self.opened[user_id] = paper_money, at
        self.held.pop(user_id, None)
        return True

    def follow(self, follower: Follower, *, at: datetime) -> None:
        assert follower.user_id in self.accounts, "an account is opened before one follows"
        self.followed[follower.strategy_id, follower.user_id] = follower

    def unfollow(self, user_id: str, strategy_id: str) -> bool:
        return self.followed.pop((strategy_id, user_id), None) is not None

    def follower(self, strategy_id: str, user_id: str) -> Follower | None:
        return self.followed.get((strategy_id, user_id))

    def account(self, user_id: str, *, as_of: datetime) -> Account:
        return account_from(one for one in self.ledgers.get(user_id, ()) if one.at <= as_of)

    def portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio:
        money = self.accounts.get(user_id, Decimal(0))
        positions = tuple(
            Position(
                asset,
                quantity,
                Decimal(40_000),
                marks[asset].price,
                quantity * marks[asset].price,
                quantity * (marks[asset].price - 40_000),
                marks[asset].at,
            )
            for asset, quantity in self.held.get(user_id, {}).items()
        )
        cost = sum((one.quantity * one.average_cost for one in positions), Decimal(0))
        return Portfolio(money - cost, money, Decimal(0), Decimal(0), positions)


@dataclass
class FakeHistory:
    """Pages of one kind of row; the cursor is the index to go on from."""

    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def decisions(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        return self._page("decisions", user_id, limit, cursor)

    def trades(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        return self._page("trades", user_id, limit, cursor)

    def equity(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        return self._page("days", user_id, limit, cursor)

    def execution(self, execution_id: str) -> dict[str, Any] | None:
        return self.runs.get(execution_id)

    def _page(
        self, kind: str, user_id: str, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
            raise InvalidInput("cursor", cursor, "the `nextCursor` of an earlier page")
        rows, start = self.rows.get((kind, user_id), []), int(cursor or 0)
        end = start + limit
        return rows[start:end], str(end) if end < len(rows) else None


@dataclass
class FakeBacktests:
    """Meets `ports.Backtests`, newest first as they were put."""

    kept: list[Backtest] = field(default_factory=list)

    def put(self, backtest: Backtest) -> bool:
        never()

    def newest(self, *, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
            raise InvalidInput("cursor", cursor, "the `nextCursor` of an earlier page")
        start = int(cursor or 0)
        rows = [
            {
                "id": one.backtest_id,
                "strategyId": one.strategy_id,
                "from": plain(one.since),
                "to": plain(one.until),
                "madeAt": plain(one.made_at),
                "figures": dict(one.figures),
            }
            for one in self.kept[start : start + limit]
        ]
        more = start + limit < len(self.kept)
        return rows, str(start + limit) if more else None

    def find(self, backtest_id: str) -> dict[str, Any] | None:
        for one in self.kept:
            if one.backtest_id == backtest_id:
                return {"id": backtest_id, "madeAt": plain(one.made_at), **one.result}
        return None


@dataclass
class FakeOutbox:
    messages: list[Numbered] = field(default_factory=list)

    def add(self, user_id: str, message: Message) -> None:
        self.messages.append(Numbered(user_id, self.last_seq(user_id) + 1, message))

    def since(self, user_id: str, seq: int, limit: int) -> list[Numbered]:
        own = [one for one in self.messages if one.user_id == user_id]
        return [one for one in own if one.seq > seq][:limit]

    def last_seq(self, user_id: str) -> int:
        return max((one.seq for one in self.messages if one.user_id == user_id), default=0)

    @contextmanager
    def relaying(self, limit: int) -> Iterator[list[Numbered]]:
        never()
        yield []


@dataclass
class FakeCollections:
    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    ok: dict[str, datetime] = field(default_factory=dict)
    in_a_row: dict[str, int] = field(default_factory=dict)
    broken: bool = False

    def success(self, *, since: datetime, by: datetime) -> Mapping[str, Tally]:
        assert by - since == timedelta(days=1)
        return self.tallies

    def failed_in_a_row(self, collector: str, *, up_to: datetime) -> int:
        return self.in_a_row.get(collector, 1)

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        if self.broken:
            raise ConnectionRefusedError("password=hunter2 refused by 10.0.0.7")
        return self.newest

    def record(self, collection: Collection) -> None:
        never()

    def last_ok(self, collector: str, *, as_of: datetime) -> datetime | None:
        return self.ok.get(collector)

    def summary(self, *, since: datetime | None = None) -> Mapping[str, Mapping[str, int]]:
        never()


@dataclass
class FakeCache:
    """What JSON would give back: plain values only."""

    prices: dict[str, dict[str, Any]] = field(default_factory=dict)
    bars: dict[tuple[str, Timeframe], list[Candle]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)

    used: Mapping[str, CacheUse] | None = field(default_factory=dict)

    def latest(
        self, asset: str, *, now: datetime, rebuild: Callable[[], Mapping[str, Any] | None]
    ) -> Found[Mapping[str, Any]]:
        return _found(self.prices.get(asset), rebuild)

    def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        now: datetime,
        rebuild: Callable[[], list[Candle]],
    ) -> Found[list[Candle]]:
        return _found(self.bars.get((asset, timeframe)), rebuild)

    def group(
        self, group: str, *, as_of: datetime, rebuild: Callable[[], Mapping[str, Any]]
    ) -> Found[Mapping[str, Any]]:
        return _found(self.groups.get(group), rebuild)

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        return None

    def use(self) -> Mapping[str, CacheUse] | None:
        return self.used


def _found[T](cached: T | None, rebuild: Callable[[], T | None]) -> Found[T]:
    return Found(rebuild(), cached=False) if cached is None else Found(cached, cached=True)


@dataclass
class FakeMarks:
    kept: list[Mark] = field(default_factory=list)

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        return self.marks([asset], as_of=as_of).get(asset)

    def marks(self, assets: Sequence[str], *, as_of: datetime) -> Mapping[str, Mark]:
        known = sorted((one for one in self.kept if one.at < as_of), key=lambda one: one.at)
        return {one.asset: one for one in known if one.asset in assets}

    def put_marks(self, marks: Iterable[Mark]) -> None:
        never()

    def purge(self, *, before: datetime) -> int:
        never()


@dataclass
class FakeCandles:
    kept: list[Candle] = field(default_factory=list)

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        return [
            bar
            for bar in self.kept
            if (bar.asset, bar.timeframe) == (asset, timeframe)
            and bar.open_time >= since
            and bar.close_time <= by
        ]

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        return self.closed(asset, Timeframe.D1, since=since, by=closed_by)

    def put(self, candles: Iterable[Candle]) -> None:
        never()

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        never()

    def revision(self, asset: str, timeframe: Timeframe) -> int:
        return 0

    def purge(self, timeframe: Timeframe, *, before: datetime) -> int:
        never()


@dataclass
class FakeReadings:
    kept: list[Reading] = field(default_factory=list)

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        found: dict[str, tuple[Reading, ...]] = {}
        for one in sorted(self.kept, key=lambda one: one.period):
            known = max(one.available_at, one.vintage) <= as_of
            if one.series in names and one.asset == asset and one.period >= since and known:
                found[one.series] = (*found.get(one.series, ()), one)
        return found

    def put_readings(self, readings: Iterable[Reading]) -> int:
        never()

    def last_period(self, source: str) -> datetime | None:
        never()


@dataclass
class FakeTickets:
    issued: list[tuple[str, datetime]] = field(default_factory=list)

    def issue(self, user_id: str, *, now: datetime) -> str:
        self.issued.append((user_id, now))
        return f"ticket-{len(self.issued)}-for-{user_id}"

    def redeem(self, ticket: str, *, now: datetime) -> str:
        never()


@dataclass
class FakeRates:
    """Counts in memory; `away` is a store that does not answer."""

    away: bool = False
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)

    def count(self, caller: str, *, now: datetime) -> Counted | None:
        if self.away:
            return None
        minute = int(now.timestamp()) // 60
        self.counts[caller, minute] += 1
        return Counted(self.counts[caller, minute - 1], self.counts[caller, minute])

    def take_back(self, caller: str, *, now: datetime) -> None:
        self.counts[caller, int(now.timestamp()) // 60] -= 1


@dataclass
class World:
    """All of them, and the clock of the market that a test may turn."""

    now: datetime = NOON + timedelta(seconds=90)
    settings: Settings = field(
        default_factory=lambda: Settings(
            world="recorded", allowed_origins=(ORIGIN,), ws_url="wss://ws.example.com"
        )
    )
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    books: FakeBooks = field(default_factory=FakeBooks)
    history: FakeHistory = field(default_factory=FakeHistory)
    backtests: FakeBacktests = field(default_factory=FakeBacktests)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    collections: FakeCollections = field(default_factory=FakeCollections)
    cache: FakeCache = field(default_factory=FakeCache)
    marks: FakeMarks = field(default_factory=FakeMarks)
    candles: FakeCandles = field(default_factory=FakeCandles)
    readings: FakeReadings = field(default_factory=FakeReadings)
    tickets: FakeTickets = field(default_factory=FakeTickets)
    pauses: MemoryPauses = field(default_factory=lambda: MemoryPauses(Tables()))
    looks: FakeLooks = field(default_factory=FakeLooks)
    turns: FakeLookTurns = field(default_factory=FakeLookTurns)
    models: Models | None = None
    day_cap: Decimal | None = None
    archive: FakeArchive = field(default_factory=FakeArchive)
    usage: FakeUsage = field(default_factory=FakeUsage)
    database_answers: bool = True
    rates: FakeRates = field(default_factory=FakeRates)
    spare_rates: FakeRates = field(default_factory=FakeRates)
    dynamo: FakeDynamo = field(default_factory=FakeDynamo)
    limit: int = 100_000  # the wall stands still here, so all requests of a test are of one minute
    limit_reduced: int = 50_000
    wall: datetime = WALL

    @property
    def view(self) -> MarketView:
        return MarketView(
            self.settings.assets,
            self.candles,
            self.marks,
            self.readings,
            cast("MarketCache", self.cache),
        )

    def conversation(self) -> Conversation:
        library = Library(
            self.settings.assets,
            Costs(),
            cast("Executions", self.executions),
            cast("Books", self.books),
            self.history,
            Pricing(self.candles, self.marks),
            self.view,
            self.pauses,
        )
        return Conversation(library, self.looking(), self.models)

    def looking(self) -> Looking:
        every = timedelta(minutes=10)
        return Looking(self.looks, self.turns, every, self.usage, self.day_cap)

    def services(self) -> Services:
        return Services(
            verifier=FakeVerifier(),
            clock=lambda: self.wall,
            market_clock=lambda: self.now,
            settings=self.settings,
            executions=cast("Executions", self.executions),
            books=cast("Books", self.books),
            history=self.history,
            backtests=self.backtests,
            explainer=Explainer(
                self.history, cast("Executions", self.executions), self.archive, self.usage
            ),
            outbox=self.outbox,
            pauses=self.pauses,
            collections=self.collections,
            cache=cast("MarketCache", self.cache),
            pricing=Pricing(self.candles, self.marks),
            view=self.view,
            tickets=self.tickets,
            conversation=self.conversation(),
            looking=self.looking(),
            usage=self.usage,
            limiter=Limiter(self.rates, self.spare_rates, self.limit, self.limit_reduced),
            replies=DynamoReplies(self.dynamo.client, "replies"),
            check_database=lambda: self.database_answers,
            relay=lambda: 0,
        )

    def judge(self, slot_at: datetime = NOON, *, macro: float = 12.5) -> Judgement:
        """Let the strategy have run at `slot_at`."""
        judgement = judgement_at(slot_at, macro=macro)
        self.executions.judgements[judgement.execution_id] = judgement
        self.history.runs[judgement.execution_id] = run_row(judgement.execution_id, slot_at)
        return judgement


def run_row(execution_id: str, slot_at: datetime, **changed: Any) -> dict[str, Any]:
    """What `History.execution` says of a run that was judged, unless `changed`."""
    return {
        "executionId": execution_id,
        "strategyId": "hodl-wave",
        "slot": plain(slot_at),
        "status": "judged",
        "reason": None,
        "fence": 1,
        "inputs": {},
        "recordedAt": plain(slot_at),
        "kind": "turn",
        "askedBy": None,
        "steps": [],
        **changed,
    }


def score(agent: str, value: float, *, degraded: bool = False) -> Score:
    factor = Factor("rsi14", 58.2, value, "rising, not hot", 0.5)
    return Score(agent, value, 0.85, "rising", (factor,), ("binance",), NOON, degraded)


def judgement_at(slot_at: datetime, *, macro: float = 12.5) -> Judgement:
    scores = {
        "macro": score("macro", macro),
        "onchain": score("onchain", 41.0, degraded=True),
        "technical": score("technical", 40.0),
    }
    weights = {"macro": Decimal("0.50"), "onchain": Decimal("0.2"), "technical": Decimal("0.3")}
    conviction = sum((weights[one] * Decimal(scores[one].value) for one in weights), Decimal(0))
    view = View(
        "BTC",
        Mark("BTC", Decimal("45000.10"), slot_at - timedelta(seconds=1), "binance"),
        scores,
        weights,
        round(conviction, 2),
        degraded=True,
    )
    views = {"BTC": view, "ETH": replace(view, asset="ETH")}
    return Judgement(f"hodl-wave:{slot_at:%Y-%m-%dT%H:%MZ}", "hodl-wave", slot_at, views)


def bars(asset: str, count: int, *, until: datetime, timeframe: Timeframe) -> list[Candle]:
    """`count` bars that end at `until`, each a little above the last."""
    first = timeframe.open_time(until) - timeframe.duration * count
    made = []
    for index in range(count):
        price = Decimal(30_000 + 10 * index)
        made.append(
            Candle(
                asset,
                timeframe,
                first + timeframe.duration * index,
                price,
                price + 50,
                price - 50,
                price + 5,
                Decimal("12.50"),
                "binance",
            )
        )
    return made
