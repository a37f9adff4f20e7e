"""Pages for the API: newest first, without gap or repeat, each decision with what became of it."""

import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from automoney.errors import InvalidInput
from automoney.ports import Evidence
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.history import PostgresHistory
from automoney.trading.account import Account
from automoney.trading.judgement import Signal
from automoney.trading.orders import Fill, Refused, Rejection
from automoney.trading.portfolio import Portfolio
from automoney.trading.turn import Part
from tests.builders import NOON, buy, decision, follower, judgement, part

MONEY = Decimal(100_000)
HOUR = timedelta(hours=1)


class Room:
    def __init__(self, database: Database) -> None:
        self.books, self.history = PostgresBooks(database), PostgresHistory(database)
        self.executions = PostgresExecutions(database)
        self.books.open_account("ada", at=NOON, paper_money=MONEY)
        self.books.follow(follower(), at=NOON)

    def serve(self, at: datetime, done: Part) -> str:
        made = judgement(at=at)
        self.executions.record(made, fence=1, evidence=Evidence())
        with self.books.trading("ada", made.execution_id) as desk:
            assert desk is not None
            desk.record(done, [], receipt=b"{}")
        return made.execution_id

    def buy(self, at: datetime, *fills: Fill) -> str:
        return self.serve(at, part(self.books.account("ada", as_of=at), *fills))

    def value(self, at: datetime, equity: int) -> None:
        """A run before which he was worth that much."""
        worth = Portfolio(Decimal(equity), MONEY, Decimal(0), Decimal(0), ())
        self.serve(at, Part(worth, [], [], (), Account(MONEY, MONEY), worth))


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def test_pages_follow_each_other_without_gap_or_repeat(room: Room) -> None:
    for number in range(5):
        room.buy(NOON + 4 * number * HOUR, buy("0.01"))

    first, cursor = room.history.trades("ada", limit=3, cursor=None)
    second, end = room.history.trades("ada", limit=3, cursor=cursor)

    slots = [row["slot"] for row in first + second]
    assert slots == sorted(slots, reverse=True)
    assert (len(set(slots)), end) == (5, None)
    assert room.history.trades("bob", limit=3, cursor=None) == ([], None)
    with pytest.raises(InvalidInput, match="cursor"):
        room.history.trades("ada", limit=3, cursor="nonsense")


def test_a_page_is_not_moved_by_what_comes_in_while_one_reads(room: Room) -> None:
    for number in range(4):
        room.buy(NOON + 4 * number * HOUR, buy("0.01"))
    before, cursor = room.history.trades("ada", limit=2, cursor=None)

    room.buy(NOON + 16 * HOUR, buy("0.01"))
    after, end = room.history.trades("ada", limit=2, cursor=cursor)

    slots = [row["slot"][11:16] for row in before + after]
    assert (slots, end) == (["00:00", "20:00", "16:00", "12:00"], None)


@pytest.mark.parametrize(
    "inside",
    [
        "[]",
        "{}",
        "7",
        '["2025-11-05T12:00:00Z", "x", Infinity]',
        '["2025-11-05T12:00:00Z", "x", NaN]',
        '["2025-11-05T12:00:00Z", "x", 40000]',
        r'["2025-11-05T12:00:00Z", "\u0000", 1]',
        r'["2025-11-05T12:00:00Z", "\ud800", 1]',
        '["yesterday", "x", 1]',
        '[7, "x", 1]',
        "[" * 200,
    ],
)
def test_a_cursor_that_was_tampered_with_is_refused_by_name(room: Room, inside: str) -> None:
    forged = base64.urlsafe_b64encode(inside.encode()).decode()

    for page in (room.history.trades, room.history.decisions):
        with pytest.raises(InvalidInput, match="cursor was"):
            page("ada", limit=3, cursor=forged)


def test_each_decision_says_its_rule_and_what_became_of_it(room: Room) -> None:
    poor = Rejection("BTC", Signal.BUY, Refused.FUNDS, "No order: 5.00 USDT in cash.")
    done = part(Account(MONEY, MONEY), buy("0.01"))
    room.serve(NOON, done)
    room.serve(
        NOON + 4 * HOUR, Part(done.before, [decision()], (), [poor], done.after, done.portfolio)
    )
    held = [decision(signal=Signal.HOLD)]
    room.serve(NOON + 8 * HOUR, Part(done.before, held, (), (), done.after, done.portfolio))

    rows, _ = room.history.decisions("ada", limit=9, cursor=None)

    assert [(row["signal"], row["rule"], row["order"]) for row in rows] == [
        ("HOLD", "between", {"status": "none", "reason": None, "detail": None}),
        ("BUY", "buy", {"status": "refused", "reason": "funds", "detail": poor.detail}),
        ("BUY", "buy", {"status": "filled", "reason": None, "detail": None}),
    ]
    assert rows[0]["slot"] == "2025-09-08T20:00:00Z"


def test_equity_by_day_is_the_last_run_of_each_with_its_drawdown(room: Room) -> None:
    start = datetime(2025, 9, 8, tzinfo=UTC)
    for hour, equity in ((0, 100), (20, 120), (24, 90), (44, 96), (96, 60), (100, 150), (140, 150)):
        room.value(start + hour * HOUR, equity)

    first, cursor = room.history.equity("ada", limit=2, cursor=None)
    rest, end = room.history.equity("ada", limit=2, cursor=cursor)

    told = [(row["day"], row["at"][11:16], row["equity"], row["drawdown"]) for row in first + rest]
    assert told == [
        ("2025-09-13", "20:00", "150", "0"),
        ("2025-09-12", "04:00", "150", "0"),
        ("2025-09-09", "20:00", "96", "0.2"),
        ("2025-09-08", "20:00", "120", "0"),
    ]
    assert (cursor, end) == ("2025-09-12", None)
    assert room.history.equity("bob", limit=2, cursor=None) == ([], None)
    with pytest.raises(InvalidInput, match="cursor"):
        room.history.equity("ada", limit=2, cursor="yesterday")
