"""A strategy's tick from event to books: the live path, for one follower and for a thousand.

The real `run_strategy` handler gets an EventBridge event of a HODL-Wave slot of a synthetic world:
lease, snapshot, three agents of rules by LangGraph, judgement, receipt, hand-out.  Then the real
`execute_orders` handler gets the batches from the queue, as many messages at once as its trigger
takes, and each follower's part is decided, filled and booked, its receipt kept and its events
relayed.  Postgres, Valkey and the outside world's server run beside on the same machine, and all
of them count; one thread does it all, where Lambda would have several.

AWS is played by moto, whose answers take longer than AWS's own and are no part of this product:
the figures with a goal leave out the time in which a request to it was on its way, the others
have it.  Collectors have run before.  The very first tick, which makes connections and fills
caches, is left out.  In this world's first slot a new follower buys both assets; after that nobody
trades for a while.
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from botocore.httpsession import URLLib3Session

from automoney import wiring
from automoney.manifest import Consume, Queue, function_named
from automoney.observability import logger
from automoney.ports import Follower
from automoney.trading.strategies import HODL_WAVE
from benchmarks.result import Benchmark, Result
from benchmarks.ticks import Stopwatch
from functions.collect_macro.handler import handler as collect_macro
from functions.collect_onchain.handler import handler as collect_onchain
from functions.collect_prices.handler import handler as collect_prices
from functions.collect_sentiment.handler import handler as collect_sentiment
from functions.execute_orders.handler import handler as execute_orders
from functions.run_strategy.handler import handler as run_strategy
from infra.local import events
from infra.local.lambdas import Context
from infra.local.scheduler import LATE
from infra.local.services import Services, State, start_services
from infra.local.worlds import Choice, World, launch

_GOAL_ONE_MS, _GOAL_MANY_S = 100.0, 5.0
_MANY = 1_000
_SEED = 2  # a market that is bought in its last days
_ASSETS = ("BTC", "ETH")
_STEP = timedelta(hours=4)
_CONTEXT: Any = Context("benchmark", 1024, "", "", "", "", "", float("inf"))
_COLLECTORS = (collect_prices, collect_onchain, collect_macro, collect_sentiment)


@dataclass(frozen=True, slots=True)
class Tick:
    """Seconds of one slot, `whole` and of that in requests to AWS; what was booked in it.

    `processor` are seconds of this process alone, which a busy machine lengthens less.
    """

    whole: float
    aws: float
    processor: float
    parts: int
    trades: int

    @property
    def own(self) -> float:
        return self.whole - self.aws


@dataclass(frozen=True, slots=True)
class Room:
    """Where ticks are played."""

    services: Services
    world: World
    watch: Stopwatch

    def tick(self, at: datetime) -> Tick:
        """Collect for the slot, and then play it on the watch."""
        assert self.world.clock is not None, "a synthetic world has one"
        self.world.clock.set(at + LATE)
        for collect in _COLLECTORS:
            collect(self._event("collect", at, {}), _CONTEXT)
        before = _counts()
        self.watch.seconds = 0.0
        began, busy = time.perf_counter(), time.process_time()
        answer = run_strategy(self._event("run", at, {"strategy": HODL_WAVE.id}), _CONTEXT)
        assert answer["outcome"] == "judged", answer
        self._execute()
        whole, processor = time.perf_counter() - began, time.process_time() - busy
        aws, after = self.watch.seconds, _counts()
        return Tick(whole, aws, processor, after[0] - before[0], after[1] - before[1])

    def _event(self, name: str, at: datetime, detail: dict[str, str]) -> dict[str, Any]:
        return events.scheduled(name, "", at + LATE, detail, region=self.services.region)

    def _execute(self) -> None:
        """Hand over batches until the queue is empty, as SQS's event source does."""
        sqs, url = wiring.queue_client(), self.services.orders_queue_url
        (trigger,) = (
            one
            for one in function_named("execute_orders").triggers
            if isinstance(one, Consume) and one.queue is Queue.ORDERS
        )
        while True:
            messages = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=trigger.batch,
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            if not messages:
                return
            event = events.queued(messages, url, region=self.services.region)
            assert execute_orders(event, _CONTEXT) == {"batchItemFailures": []}
            receipts = [
                {"Id": str(index), "ReceiptHandle": one["ReceiptHandle"]}
                for index, one in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=receipts)


@contextmanager
def room() -> Iterator[Room]:
    """Services and a world at its end, with the product wired to them."""
    for told in logger.handlers:
        if isinstance(told, logging.StreamHandler):
            told.setStream(sys.stderr)  # figures are what standard output is for
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state")
        launched = launch(Choice("synthetic"), state, assets=_ASSETS, seed=_SEED)
        with start_services(state) as services:
            world = launched.ready()
            try:
                environment = {**services.environment(), **world.environment}
                wiring.use(environment, wiring.Surroundings(world.now))
                wiring.migrate()
                with _timed_aws() as watch:
                    yield Room(services, world, watch)
            finally:
                wiring.leave()
                wiring.use({})
                world.close()


@contextmanager
def _timed_aws() -> Iterator[Stopwatch]:
    """A stopwatch that runs while boto3 waits for an answer."""
    watch, send = Stopwatch(), URLLib3Session.send

    def timed(session: URLLib3Session, request: Any) -> Any:
        watch.start()
        try:
            return send(session, request)
        finally:
            watch.stop()

    with mock.patch.object(URLLib3Session, "send", timed):
        yield watch


def played(room: Room, *, users: int, first: datetime, count: int) -> list[Tick]:
    """That many ticks from `first` on, with so many followers."""
    books, paper_money = wiring.books(), wiring.settings().paper_money
    for number in range(users):
        name = f"user-{number}"
        if books.open_account(name, at=first, paper_money=paper_money):
            books.follow(Follower(name, HODL_WAVE.id, HODL_WAVE.guards), at=first)
    found = [room.tick(first + number * _STEP) for number in range(count)]
    assert all(tick.parts == users for tick in found), found
    return found


def _counts() -> tuple[int, int]:
    """Parts that are done, and trades."""
    with wiring.database().connection() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM orders WHERE executed_at IS NOT NULL),"
            " (SELECT count(*) FROM trades)"
        ).fetchone()
    assert row is not None, "counts are always there"
    return row[0], row[1]


def _run(quick: bool) -> Sequence[Result]:
    ones, manys, many = (3, 2, 30) if quick else (40, 4, _MANY)
    with room() as here:
        assert here.world.ends is not None, "a synthetic world has an end"
        first = here.world.ends - (ones + manys + 2) * _STEP
        alone = played(here, users=1, first=first, count=ones + 1)[1:]
        buying, *quiet = played(here, users=many, first=first + (ones + 1) * _STEP, count=manys)
    one_ms = statistics.median(tick.own for tick in alone) * 1000
    goal_one, goal_many = f"<= {_GOAL_ONE_MS:g} ms", f"<= {_GOAL_MANY_S:g} s"
    said = f"tick, {many:,} followers, {buying.trades:,} trades"
    return [
        Result("tick, 1 follower, p50", one_ms, "ms", goal_one, one_ms <= _GOAL_ONE_MS),
        Result("the same with the AWS stand-in", _median(alone) * 1000, "ms"),
        Result("of which this process's processor", _processor(alone) * 1000, "ms"),
        Result("tick, 1 follower, worst", max(tick.own for tick in alone) * 1000, "ms"),
        Result(said, buying.own, "s", goal_many, buying.own <= _GOAL_MANY_S),
        Result("the same with the AWS stand-in", buying.whole, "s"),
        Result("of which this process's processor", buying.processor, "s"),
        Result(
            f"tick, {many:,} followers, no trades", statistics.median(t.own for t in quiet), "s"
        ),
        Result("the same with the AWS stand-in", _median(quiet), "s"),
    ]


def _processor(ticks: Sequence[Tick]) -> float:
    return statistics.median(tick.processor for tick in ticks)


def _median(ticks: Sequence[Tick]) -> float:
    return statistics.median(tick.whole for tick in ticks)


BENCHMARK = Benchmark("live_tick", "a strategy's tick from event to books", _run)
