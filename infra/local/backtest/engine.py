"""One backtest: every due slot of a strategy, judged, decided and traded by the live workflows.

Only what is around them differs: stores in memory, prices from a recording, no receipts, and an
order is executed at once instead of by a queue.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from os import times
from time import perf_counter
from typing import Any

from automoney.agents.direct import DirectPanel
from automoney.errors import SourceUnavailable
from automoney.ports import Follower, Panel
from automoney.schedule import Slot
from automoney.stores.memory.books import MemoryBooks
from automoney.stores.memory.cache import MemoryCache
from automoney.stores.memory.executions import MemoryExecutions
from automoney.stores.memory.leases import MemoryLeases
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Run, Tables, User
from automoney.trading.orders import Costs
from automoney.trading.strategies import Strategy
from automoney.workflows.execute_orders import OrderExecutor
from automoney.workflows.one_run import Snapshots
from automoney.workflows.pausing import Pausing
from automoney.workflows.pricing import Pricing
from automoney.workflows.receipts import NO_RECEIPTS, Receipts
from automoney.workflows.run_strategy import StrategyRunner
from automoney.workflows.steps import NoSteps
from infra.local.backtest.ahead import judged_ahead
from infra.local.backtest.collecting import without_collecting
from infra.local.backtest.decision_lines import decision_lines
from infra.local.backtest.holding import Course
from infra.local.backtest.market import RecordedMarket
from infra.local.backtest.tape import RecordedTrades

USER = "backtest"
_MANY = 2_000  # slots: for fewer, other processes take longer to begin than to judge them


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play: every slot with `begins <= slot < ends`, for one account."""

    strategy: Strategy
    begins: datetime
    ends: datetime
    paper_money: Decimal
    costs: Costs


@dataclass(slots=True)
class Played:
    """What came of it: the runs in their order, the account's books and its way."""

    plan: Plan
    tables: Tables
    user: User
    course: Course
    outcomes: Counter[str]
    seconds: float = 0.0
    processor_seconds: float = 0.0  # of all processes

    @property
    def runs(self) -> list[Run]:
        """In their order."""
        return list(self.tables.runs.values())

    @property
    def decisions_sha256(self) -> str:
        """Of all decisions in their order, in canonical form, a line each."""
        digest = sha256()
        for part in self.user.parts:
            for line in decision_lines(part):
                digest.update(line)
        return digest.hexdigest()


@dataclass(slots=True)
class _Orders:
    """Meets `ports.OrderQueue`: what is handed out waits here to be executed."""

    waiting: list[tuple[str, Sequence[str]]] = field(default_factory=list)

    def hand_out(self, execution_id: str, users: Sequence[str]) -> None:
        self.waiting.append((execution_id, users))

    def taken(self) -> list[tuple[str, Sequence[str]]]:
        """What waits, which is then gone."""
        waiting, self.waiting = self.waiting, []
        return waiting


@dataclass(slots=True)
class _Silence:
    """Meets `ports.Alerts`: what is told stands in the runs themselves."""

    def warn(self, subject: str, detail: str) -> None: ...
    def page(self, subject: str, detail: str) -> None: ...


@dataclass(slots=True)
class _Clock:
    """The time in the market: that of the slot that is played."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


def slots(plan: Plan) -> Iterator[datetime]:
    """The due times of the plan's strategy."""
    schedule = plan.strategy.schedule
    first = schedule.slot_at(plan.begins).at
    at = first if first >= plan.begins else schedule.next_after(plan.begins)
    while at < plan.ends:
        yield at
        at = schedule.next_after(at)


def play(
    plan: Plan,
    recorded: RecordedMarket,
    *,
    panel: Panel | None = None,
    receipts: Receipts = NO_RECEIPTS,
    progress: Callable[[datetime], None] = lambda _: None,
    jobs: int = 1,
) -> Played:
    """Play every slot; `panel` judges, by default the rules.  `progress` hears of each slot.

    With more than one of `jobs` the rules judge in the others ahead of what is played here; what
    comes of it is the same.
    """
    began, used = perf_counter(), _processor()
    due = list(slots(plan))
    go = partial(_play, plan, recorded, due, receipts=receipts, progress=progress)
    if jobs > 1 and panel is None and len(due) >= _MANY:
        assets = tuple(one for one in plan.strategy.assets if one in recorded.assets)
        with judged_ahead(recorded, plan.strategy, assets, due, jobs=jobs - 1) as ahead:
            played = go(market=ahead, panel=ahead)
    else:
        played = go(market=recorded.market(), panel=panel or DirectPanel())
    played.seconds, played.processor_seconds = perf_counter() - began, _processor() - used
    return played


def _processor() -> float:
    """Seconds that this process has kept a processor busy, and those of its that have ended."""
    used = times()
    return used.user + used.system + used.children_user + used.children_system


def _play(
    plan: Plan,
    recorded: RecordedMarket,
    due: Sequence[datetime],
    *,
    market: Snapshots,
    panel: Panel,
    receipts: Receipts,
    progress: Callable[[datetime], None],
) -> Played:
    tables, clock, orders = Tables(), _Clock(plan.begins), _Orders()
    executions = MemoryExecutions(tables, keeps_evidence=False)
    books = MemoryBooks(tables, keeps_messages=False)
    pauses = MemoryPauses(tables)
    alerts = _Silence()
    runner = StrategyRunner(
        assets=recorded.assets,
        leases=MemoryLeases(),
        market=market,
        panel=panel,
        executions=executions,
        books=books,
        pausing=Pausing(pauses, alerts),
        receipts=receipts,
        orders=orders,
        cache=MemoryCache(),
        alerts=alerts,
        market_clock=clock,
        steps=NoSteps,
    )
    pricing = Pricing(recorded.candles, recorded.marks)
    executor = OrderExecutor(executions, books, recorded.trades, plan.costs, receipts, pricing)
    strategy = plan.strategy
    if not strategy.enabled:
        reason = "a backtest was asked for"
        pauses.resume(strategy.id, None, author=USER, reason=reason, at=plan.begins)
    books.open_account(USER, at=plan.begins, paper_money=plan.paper_money)
    books.follow(Follower(USER, strategy.id, strategy.guards), at=plan.begins)
    user = tables.users[USER]
    course = Course()
    course.note(plan.begins, user.account)
    outcomes: Counter[str] = Counter()
    with without_collecting():
        for at in due:
            clock.at = at
            answer = runner.take_turn(strategy, Slot(at))
            outcomes[answer["outcome"]] += 1
            for execution_id, users in orders.taken():
                try:
                    _fix_marks(executions, recorded.trades, execution_id)
                except SourceUnavailable:
                    outcomes["unfilled"] += 1  # it is handed out again at the next slot
                    break
                _run(executor.execute(execution_id, users))
            if user.account is not course.accounts[-1]:
                course.note(at, user.account)
            progress(at)
    course.fills = [fill for part in user.parts for fill in part.fills]
    course.decided = [part.slot_at for part in user.parts for _ in part.decisions]
    return Played(plan, tables, user, course, outcomes)


def _fix_marks(executions: MemoryExecutions, trades: RecordedTrades, execution_id: str) -> None:
    """Fix what a run is filled at, so that its execution has nothing to wait for."""
    judgement = executions.find(execution_id)
    assert judgement is not None, "only what has been judged is handed out"
    fixed = executions.fill_marks(execution_id)
    for asset in judgement.views:
        if asset not in fixed:
            mark = trades.now(asset, judgement.slot_at)
            executions.fix_fill_mark(execution_id, mark)


def _run(work: Coroutine[Any, Any, Any]) -> None:
    """Run to the end what never waits: without an event loop, which takes longer than the work."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("it waits for something")
