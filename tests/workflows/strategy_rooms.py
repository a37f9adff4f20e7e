"""A strategy runner and everyone it talks to, in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from automoney.errors import AutomoneyError, DataMissing
from automoney.market.candles import Timeframe
from automoney.market.snapshot import Indicators, Outlook, Snapshot
from automoney.ports import Follower
from automoney.schedule import Slot
from automoney.stores.memory.books import MemoryBooks
from automoney.stores.memory.executions import MemoryExecutions
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Run, Tables
from automoney.trading.judgement import Score, View, execution_id
from automoney.trading.strategies import HODL_WAVE, Strategy
from automoney.workflows.pausing import Pausing
from automoney.workflows.receipts import KeptReceipts
from automoney.workflows.run_strategy import StrategyRunner
from tests.builders import NOON, candle, judgement, mark, score
from tests.fakes import FakeAlerts, FakeLeases, FakeOrders, FakePanel, NoCache

SLOT = Slot(NOON)
NEXT = Slot(NOON + timedelta(hours=4))
NAME = execution_id("hodl-wave", NOON)


@dataclass
class Shown:
    """A market that shows one snapshot, or lacks something."""

    lacking: str | None = None
    breaking: Exception | None = None

    def snapshots(
        self, assets: tuple[str, ...], timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Mapping[str, Snapshot]:
        if self.breaking:
            raise self.breaking
        if self.lacking:
            raise DataMissing(self.lacking)
        week = candle(NOON - timedelta(days=1))
        outlooks = {
            timeframe: Outlook(week, Indicators(), NOON - timedelta(hours=12))
            for timeframe in timeframes
        }
        at = as_of - timedelta(minutes=1)
        return {
            asset: Snapshot(asset, as_of, mark(asset, at=at), timeframes[0], outlooks)
            for asset in assets
        }


@dataclass
class Ticking:
    """A stopwatch that every look at it moves on by `each` seconds."""

    each: float = 0.001
    seconds: float = 0.0

    def __call__(self) -> float:
        self.seconds += self.each
        return self.seconds


@dataclass
class Room:
    """`scores` is what the panel answers, `late` how long after the slot its event comes.

    `last` are scores of the run before; ada and bob follow.
    """

    scores: Mapping[str, Score | None]
    lacking: str | None = None
    late: timedelta = timedelta(seconds=37)
    last: Mapping[str, Score] = field(default_factory=dict)
    failing: AutomoneyError | None = None
    probe: Callable[[], bool] | None = None
    each: float = 0.001

    def __post_init__(self) -> None:
        self.tables = Tables()
        self.executions, self.books = MemoryExecutions(self.tables), MemoryBooks(self.tables)
        self.pauses = MemoryPauses(self.tables)
        for user in ("ada", "bob"):
            self.books.open_account(user, at=NOON, paper_money=Decimal(100_000))
            self.books.follow(Follower(user, "hodl-wave", HODL_WAVE.guards), at=NOON)
        if self.last:
            before = NOON - timedelta(hours=4)
            weights = dict(HODL_WAVE.weights)
            earlier = View("BTC", mark(), dict(self.last), weights, Decimal(0), False)
            self.tables.keep_scores(judgement(earlier, at=before))
        self.leases, self.alerts, self.orders = FakeLeases(), FakeAlerts(), FakeOrders()
        self.market, self.panel = Shown(self.lacking), FakePanel(self.scores, self.failing)
        self.now = NOON + self.late
        self.runner = StrategyRunner(
            assets=("BTC",),
            leases=self.leases,
            market=self.market,
            panel=self.panel,
            executions=self.executions,
            books=self.books,
            pausing=Pausing(self.pauses, self.alerts, self.probe),
            receipts=KeptReceipts(),
            orders=self.orders,
            cache=NoCache(),
            alerts=self.alerts,
            market_clock=lambda: self.now,
            stopwatch=Ticking(self.each),
        )

    def take(self, slot: Slot = SLOT, strategy: Strategy = HODL_WAVE) -> dict[str, Any]:
        """The answer to the slot's event, which comes `late` after it."""
        self.now = slot.at + self.late
        return self.runner.take_turn(strategy, slot)

    def run(self) -> str:
        outcome: str = self.take()["outcome"]
        return outcome

    def look(self, at: datetime, asked_by: str = "ada") -> dict[str, Any]:
        self.now = at + timedelta(seconds=1)
        return self.runner.take_look(HODL_WAVE, at, asked_by=asked_by)

    def kept(self, name: str = NAME) -> Run:
        return self.tables.runs[name]

    def view(self, name: str = NAME) -> View:
        judged = self.kept(name).judgement
        assert judged is not None, name
        return judged.views["BTC"]

    def serve(self, user: str, name: str = NAME) -> None:
        """His part of the run is done."""
        self.tables.done(name, "hodl-wave", user)


def scores(macro: float, onchain: float, technical: float) -> dict[str, Score | None]:
    return {
        "macro": score("macro", macro),
        "onchain": score("onchain", onchain),
        "technical": score("technical", technical),
    }
