"""A process that runs the real handlers, and is killed at whatever step it is told.

Reads one job a line from standard input and forks for each, so that nothing is imported twice:
`{"environment": ..., "slots": [...], "step": 17, "skew": 200}` answers `{"signal": 9, "steps": 16}`
or, of one that came to its end, `{"signal": 0, "steps": 230}`.  A job delivers every event from the
first on, whatever an earlier one got done, and then the orders until their queue is empty.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any

import boto3
import botocore.client
import botocore.loaders
import psycopg

from automoney import wiring
from automoney.agents import panel
from automoney.encoding import parse_utc
from automoney.market.candles import Mark
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score
from automoney.trading.strategies import AGENTS
from automoney.wiring.core import Surroundings
from functions.execute_orders.handler import handler as execute_orders
from functions.run_strategy.handler import handler as run_strategy
from tests.functions.lambda_context import CONTEXT

_BATCHES = 50  # more than there can be: with every event redelivered, some ten


class Steps:
    """Counts what leaves the process and what comes back; at `last` it is killed on the spot."""

    def __init__(self, last: int | None) -> None:
        self.last, self.taken = last, 0

    def step(self) -> None:
        self.taken += 1
        if self.taken == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """A step before each call of the method, and one after it."""
        method: Callable[..., Any] = getattr(owner, name)

        @wraps(method)
        def called(*words: Any, **named: Any) -> Any:
            self.step()
            answer = method(*words, **named)
            self.step()
            return answer

        setattr(owner, name, called)


@dataclass(frozen=True, slots=True)
class Market:
    """Judges and an exchange that say of each slot always the same."""

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        value = 70.0 if snapshot.as_of.hour % 8 == 0 else -45.0
        return {
            agent: Score(agent, value, 1.0, "scripted", (), ("test",), snapshot.as_of)
            for agent in AGENTS
        }

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        price = Decimal(50_000 if asset == "BTC" else 3_000) + after.hour
        return Mark(asset, price, after + timedelta(seconds=1), "test")


def live(job: Mapping[str, Any], steps: Steps) -> None:
    """All of the job's events, and what they leave in the queue of orders."""
    moment: list[datetime] = []
    wiring.use(job["environment"], Surroundings(market_clock=lambda: moment[-1]))
    skew = timedelta(seconds=job["skew"])
    # A killed holder's lease runs out: whoever comes next comes later than that.
    vars(wiring.aws)["clock"] = lambda: datetime.now(UTC) + skew
    vars(wiring.workflows)["trades"] = Market
    vars(panel)["LangGraphPanel"] = Market
    for owner, name in (
        (psycopg.Connection, "execute"),
        (psycopg.Cursor, "executemany"),
        (psycopg.Transaction, "__exit__"),
        (botocore.client.BaseClient, "_make_api_call"),
    ):
        steps.around(owner, name)
    for slot in job["slots"]:
        moment.append(parse_utc(slot) + timedelta(seconds=1))
        event = {"detail": {"strategy": "hodl-wave"}, "time": slot}
        run_strategy(event, CONTEXT)
        _deliver_orders(job["environment"]["AUTOMONEY_ORDERS_QUEUE_URL"])


def _deliver_orders(url: str) -> None:
    """As SQS and its poller do, one batch after another."""
    queue = wiring.aws.queue_client()
    for _ in range(_BATCHES):
        found = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=2).get("Messages", [])
        if not found:
            return
        records = [{"messageId": one["MessageId"], "body": one["Body"]} for one in found]
        answer = execute_orders({"Records": records}, CONTEXT)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for one in found:
            if one["MessageId"] not in failed:
                queue.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    raise RuntimeError(f"after {_BATCHES} batches the queue is still not empty")


def warm_up() -> None:
    """Read once what AWS's clients are made from: a fork then has it, and reads nothing."""
    vars(botocore.loaders)["JSONFileLoader"].load_file = _read_once(
        botocore.loaders.JSONFileLoader.load_file
    )
    for service in ("dynamodb", "sns", "sqs"):
        boto3.session.Session().client(
            service, "eu-central-1", aws_access_key_id="-", aws_secret_access_key="-"
        )


def _read_once(read: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    known: dict[str, Any] = {}

    def load_file(loader: Any, path: str) -> Any:
        if path not in known:
            known[path] = read(loader, path)
        return known[path]

    return load_file


def main() -> None:
    warm_up()
    for line in sys.stdin:
        job = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.dup2(os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
            os.dup2(1, 2)
            steps = Steps(job["step"])
            live(job, steps)
            os.write(writing, str(steps.taken).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            taken = pipe.read()
        _, status = os.waitpid(child, 0)
        answer = {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}
        answer["steps"] = int(taken) if taken else -1
        answer["exit"] = 0 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
