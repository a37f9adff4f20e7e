"""Orders on the real books: each follower once, each failure alone."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.ports import Follower
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.outbox import PostgresOutbox
from automoney.trading.orders import Costs
from automoney.workflows.execute_orders import OrderExecutor
from tests.builders import NOON, judgement, mark, view
from tests.fakes import FakePrices
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["database", "migrated", "migrated_url"]  # fixtures

FIRST = mark(price="50010", at=NOON + timedelta(seconds=1))


def record(number: int, body: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"messageId": f"m{number}", "body": text}


class Room:
    def __init__(self, database: Database) -> None:
        self.executions, self.books = PostgresExecutions(database), PostgresBooks(database)
        self.outbox = PostgresOutbox(database)
        for user, limit in (("ada", "0.5"), ("bob", "0.25")):
            self.books.open_account(user, at=NOON, paper_money=Decimal(100_000))
            self.books.follow(Follower(user, "hodl-wave", Decimal(limit)), at=NOON)
        self.made = judgement(view(conviction="60"))
        self.executions.record(self.made, fence=1, inputs={})
        self.exchange = FakePrices("binance", {"BTC": FIRST})

    def execute(self, *bodies: Any) -> list[str]:
        executor = OrderExecutor(self.executions, self.books, self.exchange, Costs())
        records = [record(number, body) for number, body in enumerate(bodies)]
        return asyncio.run(executor.execute_batches(records))

    def batch(self, *users: str) -> dict[str, Any]:
        return {"executionId": self.made.execution_id, "users": list(users)}

    def held(self, user: str) -> list[Decimal]:
        portfolio = self.books.portfolio(user, {"BTC": FIRST})
        return [position.quantity for position in portfolio.positions]


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def test_every_follower_gets_his_own_size_at_the_same_price(room: Room) -> None:
    assert room.execute(room.batch("ada", "bob")) == []

    [ada], [bob] = room.held("ada"), room.held("bob")
    assert ada == pytest.approx(2 * bob, rel=Decimal("0.001"))
    assert Decimal("0.49") < ada * FIRST.price / 100_000 <= Decimal("0.5")
    events = [one.message.event.value for one in room.outbox.since("ada", 0, 10)]
    assert events == ["agent:scores", "decision:made", "trade:executed", "portfolio:update"]


def test_a_batch_that_cannot_be_read_or_is_unknown_fails_alone(room: Room) -> None:
    unknown = {"executionId": "hodl-wave:never", "users": ["ada"]}

    assert room.execute("{broken", unknown, room.batch("ada")) == ["m0", "m1"]
    assert len(room.held("ada")) == 1


def test_without_a_first_price_nobody_trades_and_the_batch_comes_again(room: Room) -> None:
    room.exchange.broken = "no trade yet"
    assert room.execute(room.batch("ada", "bob")) == ["m0"]
    assert room.held("ada") == []
    assert room.outbox.last_seq("ada") == 0

    room.exchange.broken = None
    assert room.execute(room.batch("ada", "bob")) == []
    assert len(room.held("ada")) == 1


def test_a_later_delivery_neither_trades_again_nor_at_another_price(room: Room) -> None:
    room.execute(room.batch("ada"))
    before = room.held("ada")
    room.exchange.quoted["BTC"] = mark(price="90000", at=NOON + timedelta(hours=1))

    assert room.execute(room.batch("ada", "bob")) == []

    assert room.held("ada") == before
    trade = next(
        one.message.data
        for one in room.outbox.since("bob", 0, 10)
        if one.message.event.value == "trade:executed"
    )
    assert trade["markPrice"] == "50010"
