"""Kill the real handlers at 40 points of two runs: redelivered, the books are the same bytes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg
import pytest
from psycopg import sql

from automoney.ports import Follower
from automoney.stores.books import PostgresBooks
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.stores.schema import migrate
from automoney.trading.guards import Guards
from infra.local.services import Services
from tests.builders import candle, mark
from tests.services import fresh_database

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("AUTOMONEY_KILLS", "40"))
SEED = 20251105
SLOTS = [datetime(2025, 11, 5, hour, tzinfo=UTC) for hour in (8, 12)]
USERS = {"ada": "0.5", "bob": "0.25", "cyd": "0.1"}
# What was measured, or counts tries, and does not belong to what came of them.
_LEFT_OUT = {"recorded_at", "fence", "steps", "executed_at", "relayed", "created_at", "kept_at"}
_TABLES = (
    *("users", "executions", "views", "scores", "fill_marks", "orders", "decisions", "trades"),
    *("entries", "postings", "balances", "holdings", "valuations", "outbox"),
    *("receipts", "part_receipts", "blobs"),
)


@pytest.fixture(scope="module")
def template(postgres_url: str) -> Iterator[str]:
    """A database with a market and three followers, in which nothing has run yet."""
    with fresh_database(postgres_url) as url:
        database = Database.open(url, durable=False, max_size=1)
        migrate(database)
        days = [
            candle(SLOTS[0].replace(hour=0) - timedelta(days=back), asset=asset)
            for asset in ("BTC", "ETH")
            for back in range(1, 120)
        ]
        PostgresCandles(database).put(days)
        PostgresMarks(database).put_marks(
            mark(asset, price, at=slot - timedelta(minutes=1))
            for asset, price in (("BTC", "50000"), ("ETH", "3000"))
            for slot in SLOTS
        )
        books = PostgresBooks(database)
        for user, share in USERS.items():
            books.open_account(user, at=SLOTS[0] - timedelta(days=1), paper_money=Decimal(100_000))
            books.follow(Follower(user, "hodl-wave", Guards(Decimal(share))), at=SLOTS[0])
        database.close()
        yield urlsplit(url).path[1:]


class Worker:
    """The process that forks those which are killed."""

    def __init__(self, log: Path) -> None:
        self.log, self.skew = log, 0
        path = os.pathsep.join((str(ROOT), str(ROOT / "shared")))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulation.kill_worker"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, environment: dict[str, str], step: int | None) -> dict[str, int]:
        """One life of the handlers, up to that step; later than any lease that was left behind."""
        self.skew += 200
        job = {
            "environment": environment,
            "slots": [slot.isoformat().replace("+00:00", "Z") for slot in SLOTS],
            "step": step,
            "skew": self.skew,
            "log": str(self.log),
        }
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        assert answer["exit"] == 0, self.log.read_text()[-3000:]
        return answer

    def close(self) -> None:
        """The end of its input is the end of it."""
        self.process.communicate(timeout=10)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = Worker(tmp_path_factory.mktemp("kills") / "handlers.log")
    yield made
    made.close()


@contextmanager
def trial(aws: Services, template: str, name: str) -> Iterator[tuple[dict[str, str], str]]:
    """Settings with a database and a queue of orders of its own."""
    queues = boto3.client(
        "sqs",
        endpoint_url=aws.aws_endpoint_url,
        region_name=aws.region,
        aws_access_key_id=aws.aws_access_key,
        aws_secret_access_key=aws.aws_secret_key,
    )
    queue = queues.create_queue(QueueName=f"kills-{name}", Attributes={"VisibilityTimeout": "0"})
    with fresh_database(aws.database_url, template) as url:
        yield (
            {
                **aws.environment(),
                "AUTOMONEY_DATABASE_URL": url,
                "AUTOMONEY_ORDERS_QUEUE_URL": queue["QueueUrl"],
                "AUTOMONEY_ORDER_BATCH": "2",
            },
            url,
        )
    queues.delete_queue(QueueUrl=queue["QueueUrl"])


def dump(url: str) -> bytes:
    """All that came of it, row by row, in one form."""
    lines = []
    with psycopg.connect(url) as connection:
        waiting = connection.execute("SELECT count(*) FROM outbox WHERE NOT relayed").fetchone()
        assert waiting == (0,), "an event was never relayed"
        for table in _TABLES:
            rows = connection.execute(
                sql.SQL("SELECT to_jsonb(one) FROM {} AS one").format(sql.Identifier(table))
            ).fetchall()
            kept = [_kept(row) for (row,) in rows]
            lines += sorted(f"{table} {json.dumps(one, sort_keys=True)}" for one in kept)
    return "\n".join(lines).encode()


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in _LEFT_OUT}
    if "executed_at" in row:
        kept["executed"] = row["executed_at"] is not None
    return kept


def test_killed_at_forty_points_the_books_are_those_of_an_undisturbed_run(
    aws: Services, template: str, worker: Worker, capsys: pytest.CaptureFixture[str]
) -> None:
    with trial(aws, template, "undisturbed") as (environment, url):
        steps = worker.live(environment, None)["steps"]
        expected = dump(url)
    assert expected.count(b"\ntrades ") >= len(USERS), "without trades there is nothing to lose"

    points = Random(SEED).sample(range(1, steps + 1), KILLS)
    for number, point in enumerate(points):
        with trial(aws, template, str(number)) as (environment, url):
            assert worker.live(environment, point)["signal"] == 9
            assert worker.live(environment, None)["signal"] == 0
            assert dump(url) == expected, f"killed at step {point} of {steps}"
    with capsys.disabled():
        sys.stdout.write(
            f"\n{KILLS} kills at steps of {steps}: {len(expected)} bytes of books, all the same"
        )
