"""One schedule from one seed: slots, followers, ops and deliveries, faults, and then quiet.

What runs is the code of the workflows, of the queue's sender and of the leases; the stores are
those in memory, behind steps.  After the faults comes a calm slot: it has to make
all good.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

from automoney.channels.queues import SqsOrderQueue
from automoney.encoding import plain
from automoney.messages import Numbered
from automoney.ports import Books, Follower, Pause
from automoney.ports.telling import EventQueue
from automoney.stores.leases import DynamoLeases
from automoney.stores.memory.executions import MemoryExecutions
from automoney.stores.memory.tables import Tables
from automoney.trading.guards import Guards
from automoney.trading.orders import Costs
from automoney.wiring.aws import LEASE_TERM
from automoney.workflows import strategy_events
from automoney.workflows.execute_orders import OrderExecutor
from automoney.workflows.pausing import Pausing
from automoney.workflows.pricing import Pricing
from automoney.workflows.receipts import NO_RECEIPTS
from automoney.workflows.relay import relay
from automoney.workflows.run_strategy import StrategyRunner
from tests.fakes import FakeAlerts, NoCache
from tests.simulation.deliveries import Scheduled, SimQueue
from tests.simulation.invariants import Observer, require
from tests.simulation.leasing import LeaseTable
from tests.simulation.market import SimMarket
from tests.simulation.preparing import PERIOD, STRATEGY, driven
from tests.simulation.stores import SimBooks, SimOutbox, SimPauses, stepped
from tests.simulation.world import CALM, START, Faults, World

_PAID_IN = Decimal(100_000)
_GUARDS = tuple(Guards(Decimal(share)) for share in ("0.5", "0.25", "0.1"))
# Everything that is held here is judged, so nobody looks for other prices.
_NO_PRICING = cast("Pricing", None)
_USERS = ("ada", "bob", "cyd", "dan")
_EXECUTIONS = (
    *("find", "begin", "record", "record_failure", "conclude", "last_scores", "pending_users"),
    *("unfinished", "fill_marks", "fix_fill_mark"),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a schedule is made of; a planted bug replaces one of them."""

    runner: type[StrategyRunner] = StrategyRunner
    executor: type[OrderExecutor] = OrderExecutor
    leases: type[DynamoLeases] = DynamoLeases
    executions: type[MemoryExecutions] = MemoryExecutions
    books: type[SimBooks] = SimBooks
    outbox: type[SimOutbox] = SimOutbox
    relay: Callable[[Any, Any], int] = relay


REAL = Parts()


@dataclass(slots=True)
class Events:
    """Meets `EventQueue`: what is relayed is what `ws_broadcast` gets, and a client sees."""

    world: World
    observer: Observer

    def send(self, messages: Sequence[Numbered]) -> None:
        self.world.point("events: send")
        self.observer.send(list(messages))
        self.world.point("events: sent")


@dataclass(slots=True)
class Scenario:
    """Everything of one schedule; `run` raises Violation."""

    seed: int
    parts: Parts = REAL
    trace: list[str] | None = None
    undisturbed: bool = False
    random: Random = field(init=False)
    world: World = field(init=False)
    tables: Tables = field(init=False)
    observer: Observer = field(init=False)
    books: SimBooks = field(init=False)
    pauses: SimPauses = field(init=False)
    runner: StrategyRunner = field(init=False)
    executor: OrderExecutor = field(init=False)
    strategy: Scheduled = field(init=False)
    orders: SimQueue = field(init=False)
    looks: SimQueue = field(init=False)

    def __post_init__(self) -> None:
        random = self.random = Random(self.seed)
        world = self.world = World(
            random, CALM if self.undisturbed else Faults.drawn(random), self.trace
        )
        self.tables = Tables()
        self.observer = Observer(world, self.tables)
        self._stores_and_workflows()
        self.strategy = Scheduled(world, "turn", self._turn)

    def _stores_and_workflows(self) -> None:
        world, tables, random, parts = self.world, self.tables, self.random, self.parts
        faulty = not self.undisturbed
        twice = 0.0 if self.undisturbed else random.choice((0.0, 0.2, 0.5))
        visibility = 720.0 if self.undisturbed else random.choice((30.0, 200.0, 720.0))
        self.orders = SimQueue(
            world, "orders", self._orders, random.randint(1, 2), visibility, twice,
            random.choice((0.1, 5.0, 300.0)) if faulty else 1.0, self.observer.acknowledged,
        )  # fmt: skip
        self.looks = SimQueue(world, "looks", self._look, 1, visibility, twice)
        self.books = parts.books(tables, world)
        self.pauses = SimPauses(tables, self.books)
        executions = stepped(world, parts.executions(tables), _EXECUTIONS, self.observer.executions)
        market = SimMarket(
            world,
            random.choice(((70.0, -70.0), (70.0, 70.0, -70.0), (30.0, 70.0, -30.0, 0.0))),
            missing=frozenset(range(1, 4) if faulty and random.random() < 0.05 else ()),
            mute=frozenset((random.randint(1, 3),) if faulty and random.random() < 0.1 else ()),
            no_trade=random.choice((0.0, 0.0, 0.2)) if faulty else 0.0,
        )
        pauses = stepped(world, self.pauses, ("current", "touched", "pause", "resume"))
        alerts = FakeAlerts()
        self.runner = parts.runner(
            assets=random.choice((("BTC",), ("BTC",), ("BTC", "ETH"))),
            leases=parts.leases(LeaseTable(world).client, "leases", world.clock, LEASE_TERM),
            market=market,
            panel=market,
            executions=executions,
            books=cast("Books", self.books),
            pausing=Pausing(pauses, alerts, lambda: random.random() < 0.5),
            receipts=NO_RECEIPTS,
            orders=SqsOrderQueue(self.orders.client, "orders", random.randint(1, 3)),
            cache=NoCache(),
            alerts=alerts,
            market_clock=world.clock,
            stopwatch=world.stopwatch,
        )
        self.executor = parts.executor(
            executions, cast("Books", self.books), market, Costs(), NO_RECEIPTS, _NO_PRICING
        )

    # ---------------------------------------------------------------- the functions

    def _turn(self, event: Any) -> object:
        return self._relayed(strategy_events.answer(event, self.runner))

    def _look(self, event: Any) -> object:
        self._relayed(strategy_events.answer(event, self.runner))
        return []

    def _orders(self, event: Any) -> object:
        return self._relayed(driven(self.executor.execute_batches(event["Records"])))

    def _relayed(self, answer: object) -> object:
        events: EventQueue = Events(self.world, self.observer)
        self.parts.relay(self.parts.outbox(self.tables, self.world), events)
        return answer

    # ---------------------------------------------------------------- what happens

    def run(self) -> None:
        random, world = self.random, self.world
        for user in _USERS[: random.choice((1, 1, 2, 3))]:
            self._join(user)
        for number in range(1, random.choice((1, 1, 1, 2, 3)) + 1):
            self._fire(number)
        for happens in (
            self._ops_pause,
            self._someone_joins,
            self._someone_leaves,
            self._looked_at,
        ):
            if random.random() < 0.15 and not self.undisturbed:
                happens()
        world.run()
        self._calm()
        self.check()

    def _fire(self, number: int) -> None:
        """The slot's event: seconds late as a rule, sometimes by minutes, sometimes twice."""
        random, world = self.random, self.world
        slot = START + timedelta(minutes=5) + PERIOD * (number - 1)
        due = (slot - START).total_seconds()
        event = {"detail": {"strategy": STRATEGY.id}, "time": plain(slot)}
        late = 1.0 if self.undisturbed else random.choice((1.0, 1.0, 1.0, 400.0, 900.0))
        for _ in range(1 if self.undisturbed else random.choice((1, 1, 2, 3))):
            world.after(
                due - world.now + random.random() * late, lambda: self.strategy.deliver(event)
            )

    def _calm(self) -> None:
        """No faults any more, and ops resume what is paused: the next slot makes all good."""
        world = self.world
        world.faults = CALM
        for strategy_id, user in list(self.tables.pauses):
            self.pauses.resume(strategy_id, user, author="ops", reason="calm", at=world.moment())
        world.say("from here on there are no faults")
        number = int((world.now - 300) // PERIOD.total_seconds()) + 2
        self.orders.twice = self.looks.twice = 0.0
        self.runner.panel.mute = self.runner.market.missing = frozenset()  # type: ignore[attr-defined]
        self.runner.panel.no_trade = 0.0  # type: ignore[attr-defined]
        slot = START + timedelta(minutes=5) + PERIOD * (number - 1)
        event = {"detail": {"strategy": STRATEGY.id}, "time": plain(slot)}
        world.after(
            (slot - START).total_seconds() - world.now, lambda: self.strategy.deliver(event)
        )
        if self.looks.sent:
            world.after(900.0, self._ask)
        world.run()
        last = [answer for one, answer, _ in self.strategy.answered if one is event]
        require(
            [one["outcome"] for one in last] == ["judged"], f"stuck: the calm slot came to {last}"
        )

    def check(self) -> None:
        self.observer.check_books(self.books, self.pauses)
        self.observer.check_slots(self.strategy)

    # ---------------------------------------------------------------- people

    def _join(self, user: str) -> None:
        at = self.world.moment()
        self.books.open_account(user, at=at, paper_money=_PAID_IN)
        self.books.follow(Follower(user, STRATEGY.id, self.random.choice(_GUARDS)), at=at)

    def _sometime(self, name: str, work: Callable[[], object]) -> None:
        world = self.world
        world.after(
            self.random.random() * 1500,
            lambda: world.start(name, work),
        )

    def _someone_joins(self) -> None:
        self._sometime("joins", lambda: self._join("dan"))

    def _someone_leaves(self) -> None:
        user = self.random.choice(_USERS[:2])
        if self.random.random() < 0.5:
            self._sometime("leaves", lambda: self.books.unfollow(user, STRATEGY.id))
            return
        pause = Pause(STRATEGY.id, user, START, "wants a rest", user)
        self._sometime("pauses", lambda: self.pauses.pause(pause))

    def _ops_pause(self) -> None:
        pause = Pause(STRATEGY.id, None, START, "looking into it", "ops")
        self._sometime("ops", lambda: self.pauses.pause(pause))

    def _looked_at(self) -> None:
        self._sometime("asks", self._ask)

    def _ask(self) -> None:
        ask = {"strategy": STRATEGY.id, "at": plain(self.world.moment()), "askedBy": "ada"}
        self.looks.put(json.dumps(ask))
