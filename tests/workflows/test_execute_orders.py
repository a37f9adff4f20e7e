"""Orders on the real books: each follower once, in the order of the slots, each failure alone."""

import asyncio
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.ports import Evidence, Follower
from automoney.stores.books import PostgresBooks
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.marks import PostgresMarks
from automoney.stores.outbox import PostgresOutbox
from automoney.trading.guards import Guards
from automoney.trading.judgement import Judgement
from automoney.trading.orders import Costs
from automoney.trading.portfolio import Portfolio
from automoney.workflows.execute_orders import OrderExecutor
from automoney.workflows.pricing import Pricing
from automoney.workflows.receipts import KeptReceipts
from tests.builders import NOON, candle, follower, judgement, mark, view
from tests.fakes import FakePrices
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["database", "migrated", "migrated_url"]  # fixtures

FIRST = mark(price="50010", at=NOON + timedelta(seconds=1))
LATER = NOON + timedelta(hours=4)


def record(number: int, body: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"messageId": f"m{number}", "body": text}


def batch(made: Judgement, *users: str) -> dict[str, Any]:
    return {"executionId": made.execution_id, "users": list(users)}


class Room:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.executions, self.books = PostgresExecutions(database), PostgresBooks(database)
        self.outbox = PostgresOutbox(database)
        for user, limit in (("ada", "0.5"), ("bob", "0.25")):
            self.books.open_account(user, at=NOON, paper_money=Decimal(100_000))
            self.books.follow(follower(user, max_position=limit), at=NOON)
        self.made = self.judge("60")
        self.exchange = FakePrices("binance", {"BTC": FIRST})

    def judge(self, conviction: str, at: datetime = NOON) -> Judgement:
        made = judgement(view(conviction=conviction), at=at)
        return self.executions.record(made, fence=1, evidence=Evidence())

    def execute(self, *bodies: Any) -> list[str]:
        executor = OrderExecutor(
            self.executions,
            self.books,
            self.exchange,
            Costs(),
            KeptReceipts(),
            Pricing(PostgresCandles(self.database), PostgresMarks(self.database)),
        )
        records = [record(number, body) for number, body in enumerate(bodies)]
        return asyncio.run(executor.execute_batches(records))

    def portfolio(self, user: str) -> Portfolio:
        return self.books.portfolio(user, {"BTC": FIRST, "ETH": mark("ETH", "4000")})

    def held(self, user: str) -> list[Decimal]:
        return [position.quantity for position in self.portfolio(user).positions]

    def told(self, user: str, event: str) -> list[dict[str, Any]]:
        messages = (one.message for one in self.outbox.since(user, 0, 100))
        return [dict(one.data) for one in messages if one.event.value == event]


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def test_every_follower_gets_his_own_size_at_the_same_price(room: Room) -> None:
    assert room.execute(batch(room.made, "ada", "bob")) == []

    [ada], [bob] = room.held("ada"), room.held("bob")
    assert ada == pytest.approx(2 * bob, rel=Decimal("0.001"))
    assert Decimal("0.49") < ada * FIRST.price / 100_000 <= Decimal("0.5")
    events = [one.message.event.value for one in room.outbox.since("ada", 0, 10)]
    assert events == ["agent:scores", "decision:made", "trade:executed", "portfolio:update"]
    [made] = room.told("ada", "decision:made")
    assert (made["rule"], made["order"]["status"]) == ("buy", "filled")


def test_a_batch_that_cannot_be_read_or_is_unknown_fails_alone(room: Room) -> None:
    unknown = {"executionId": "hodl-wave:never", "users": ["ada"]}

    assert room.execute("{broken", unknown, batch(room.made, "ada")) == ["m0", "m1"]
    assert len(room.held("ada")) == 1


def test_without_a_first_price_nobody_trades_and_the_batch_comes_again(room: Room) -> None:
    room.exchange.broken = "no trade yet"
    assert room.execute(batch(room.made, "ada", "bob")) == ["m0"]
    assert room.held("ada") == []
    assert room.outbox.last_seq("ada") == 0

    room.exchange.broken = None
    assert room.execute(batch(room.made, "ada", "bob")) == []
    assert len(room.held("ada")) == 1


def test_a_later_delivery_neither_trades_again_nor_at_another_price(room: Room) -> None:
    room.execute(batch(room.made, "ada"))
    before = room.held("ada")
    room.exchange.quoted["BTC"] = mark(price="90000", at=NOON + timedelta(hours=1))

    assert room.execute(batch(room.made, "ada", "bob")) == []

    assert room.held("ada") == before
    [trade] = room.told("bob", "trade:executed")
    assert trade["markPrice"] == "50010"


def test_parts_are_done_in_the_order_of_their_slots_however_batches_come(room: Room) -> None:
    """Out of order the exit would find nothing to sell, and the buy would stay."""
    out = room.judge("-100", LATER)

    assert room.execute(batch(out, "ada"), batch(room.made, "ada", "bob")) == []

    assert room.held("ada") == []
    assert [one["action"] for one in room.told("ada", "trade:executed")] == ["BUY", "SELL"]
    assert [one["action"] for one in room.told("bob", "trade:executed")] == ["BUY"]
    assert room.executions.pending_users(out.execution_id) == ["bob"]


def test_whose_part_cannot_be_booked_fails_alone(room: Room) -> None:
    """Of three who are served together the one in the middle has a receipt already."""
    room.books.open_account("cyd", at=NOON, paper_money=Decimal(100_000))
    room.books.follow(follower("cyd"), at=NOON)
    made = room.judge("60", LATER)
    with room.database.connection() as connection:
        connection.execute(
            "INSERT INTO part_receipts VALUES ('bob', 9, %s, '{}', repeat('0', 64))",
            (made.execution_id,),
        )

    assert room.execute(batch(made, "ada", "bob", "cyd")) == ["m0"]

    assert room.executions.pending_users(made.execution_id) == ["bob"]
    assert (len(room.held("ada")), len(room.held("bob")), len(room.held("cyd"))) == (1, 1, 1)
    with room.database.connection() as connection:
        connection.execute("DELETE FROM part_receipts WHERE user_id = 'bob' AND number = 9")
    assert room.execute(batch(made, "ada", "bob", "cyd")) == []
    assert room.executions.pending_users(made.execution_id) == []
    assert len(room.told("ada", "decision:made")) == 2


def test_a_followers_guards_and_costs_are_his_own(room: Room) -> None:
    only_eth = Guards(Decimal("0.5"), allowed_assets=frozenset({"ETH"}))
    free = Guards(Decimal("0.5"), costs=Costs(Decimal(0), Decimal(0)))
    room.books.follow(Follower("ada", "hodl-wave", only_eth), at=NOON)
    room.books.follow(Follower("bob", "hodl-wave", free), at=NOON)

    assert room.execute(batch(room.made, "ada", "bob")) == []

    [vetoed] = room.told("ada", "decision:made")
    assert (vetoed["signal"], vetoed["rule"]) == ("HOLD", "not_allowed")
    assert vetoed["order"] == {"status": "none", "reason": None, "detail": None}
    [trade] = room.told("bob", "trade:executed")
    assert (trade["price"], trade["fee"]) == (trade["markPrice"], "0")


def test_a_refused_order_says_so_with_its_figures(room: Room) -> None:
    room.books.open_account("poor", at=NOON, paper_money=Decimal(15))
    room.books.follow(follower("poor"), at=NOON)
    later = room.judge("60", LATER)

    assert room.execute(batch(later, "poor")) == []

    [made] = room.told("poor", "decision:made")
    assert (made["signal"], made["order"]["status"]) == ("BUY", "refused")
    assert made["order"]["reason"] == "minimum"
    assert "smallest order of 10.00 USDT" in made["order"]["detail"]
    assert room.held("poor") == []


def test_what_is_held_beside_the_runs_assets_counts_at_its_last_price(room: Room) -> None:
    """Ether from an earlier run: two days old, as nobody watches it any more."""
    old = NOON - timedelta(days=3)
    bought = judgement(view("ETH", "60", "4000"), at=old)
    room.executions.record(bought, fence=1, evidence=Evidence())
    room.exchange.quoted["ETH"] = mark("ETH", "4000", old)
    assert room.execute(batch(bought, "ada")) == []
    [ether] = room.held("ada")
    PostgresCandles(room.database).put([candle(old, "3000", asset="ETH")])

    assert room.execute(batch(room.made, "ada")) == []

    [*_, update] = room.told("ada", "portfolio:update")
    by_asset = {one["asset"]: one for one in update["holdings"]}
    assert by_asset["ETH"]["price"] == "3000"
    assert by_asset["ETH"]["priceAt"] == "2025-09-06T12:00:00Z"
    share = Decimal(by_asset["BTC"]["value"]) / Decimal(update["totalValue"])
    assert share == pytest.approx(Decimal("0.5"), rel=Decimal("0.001"))
    assert Decimal(by_asset["ETH"]["quantity"]) == ether
