"""How events come: at least once, late, twice, out of order, and again after a failure.

EventBridge with Lambda's asynchronous retries, and SQS with its poller.  The figures are those of
the installation; see `infra/cdk`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tests.simulation.world import Process, World

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RETRY_AFTER = (60.0, 120.0)  # seconds until the second and the third try
EVENT_AGE = 600.0  # what has waited longer is not tried any more
TIME_LIMIT = 120.0  # of one invocation
RECEIVES = 5  # after that many a message is a dead letter

Work = Callable[[Any], object]


@dataclass(slots=True)
class Scheduled:
    """A function that events invoke asynchronously; `dropped` were given up, and someone told."""

    world: World
    name: str
    work: Work
    dropped: list[Mapping[str, Any]] = field(default_factory=list)
    answered: list[tuple[Mapping[str, Any], Any, Process]] = field(default_factory=list)

    def deliver(self, event: Mapping[str, Any]) -> None:
        self._try(event, 0, self.world.now)

    def _try(self, event: Mapping[str, Any], tries: int, since: float) -> None:
        world = self.world
        if world.now - since > EVENT_AGE:
            self.dropped.append(event)
            return
        over = False

        def done(answer: object, answered: bool) -> None:
            if answered:
                self.answered.append((event, answer, process))
            settle(answered)

        def settle(good: bool) -> None:
            """The invocation has come to an end, or its time is up: then it may still go on."""
            nonlocal over
            if over:
                return
            over = True
            if good:
                return
            if tries < len(RETRY_AFTER):
                world.after(RETRY_AFTER[tries], lambda: self._try(event, tries + 1, since))
            else:
                self.dropped.append(event)

        process = world.spawn(self.name, lambda: self.work(event), done)
        world.after(TIME_LIMIT, lambda: settle(False))


@dataclass(slots=True)
class _Message:
    message_id: str
    body: str
    received: int = 0
    deleted: bool = False


@dataclass(slots=True)
class SimQueue:
    """A queue and its poller, which invokes `work` with up to `batch` records.

    `work` answers the ids of messages to deliver again.  `acknowledged` hears of the body of each
    message that leaves the queue for good.
    """

    world: World
    name: str
    work: Work
    batch: int = 1
    visibility: float = 720.0
    twice: float = 0.0
    spread: float = 1.0
    acknowledged: Callable[[str], None] = lambda body: None
    dead: list[str] = field(default_factory=list)
    _ready: list[_Message] = field(default_factory=list)
    sent: int = 0

    @property
    def client(self) -> "SQSClient":
        return cast("SQSClient", self)

    def send_message_batch(
        self, *, QueueUrl: str, Entries: Sequence[Mapping[str, str]]
    ) -> Mapping[str, Any]:
        for entry in Entries:
            self.world.point(f"{self.name}: send")
            self.put(entry["MessageBody"])
        self.world.point(f"{self.name}: sent")
        return {}

    def put(self, body: str) -> None:
        """One message, which a queue of this kind may have twice."""
        random = self.world.random
        for _ in range(1 + (random.random() < self.twice)):
            self.sent += 1
            self._show(_Message(f"{self.name}-{self.sent}", body), random.random() * self.spread)

    def _show(self, message: _Message, seconds: float) -> None:
        def ready() -> None:
            if not message.deleted:
                self._ready.append(message)
                self.world.after(0.05, self._poll)

        self.world.after(seconds, ready)

    def _poll(self) -> None:
        if not self._ready:
            return
        world = self.world
        taken, self._ready = self._ready[: self.batch], self._ready[self.batch :]
        records = []
        for message in taken:
            message.received += 1
            if message.received > RECEIVES:
                message.deleted = True
                self.dead.append(message.body)
                continue
            records.append({"messageId": message.message_id, "body": message.body})
            self._show(message, self.visibility)
        if self._ready:
            world.after(0.05, self._poll)
        if not records:
            return

        def done(answer: object, answered: bool) -> None:
            failed = cast("list[str]", answer) if answered else [one.message_id for one in taken]
            for message in taken:
                if message.message_id not in failed and not message.deleted:
                    self.acknowledged(message.body)
                    # A deletion may be lost: then the message comes again.
                    message.deleted = world.random.random() >= self.twice / 2

        world.spawn(self.name, lambda: self.work({"Records": records}), done)


def batch_of(body: str) -> tuple[str, list[str]]:
    """The execution and the users of an order message."""
    read = json.loads(body)
    return read["executionId"], read["users"]
