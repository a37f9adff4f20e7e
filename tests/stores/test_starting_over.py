"""An account that begins anew: what starts at nothing, what stays, and what is under way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from automoney.market.candles import Mark
from automoney.ports import Books, Evidence, Executions
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.history import PostgresHistory
from automoney.stores.memory.books import MemoryBooks
from automoney.stores.memory.executions import MemoryExecutions
from automoney.stores.memory.tables import Tables
from automoney.stores.starting_over import BEGAN_ANEW
from automoney.trading.account import Account
from automoney.trading.orders import Fill
from automoney.trading.standing import Standing
from tests.builders import NOON, buy, follower, judgement, mark, part, sell

MONEY, FRESH = Decimal(100_000), Decimal(500)
HOUR = timedelta(hours=1)
MARKS: dict[str, Mark] = {"BTC": mark(price="40000"), "ETH": mark("ETH", "4000")}
_SUMS = """
SELECT currency, sum(units) FROM {} WHERE user_id = 'ada' GROUP BY currency HAVING sum(units) <> 0
"""


class Room:
    """A strategy that ada follows, over stores that are alike."""

    def __init__(self, books: Books, executions: Executions) -> None:
        self.books, self.executions = books, executions
        books.open_account("ada", at=NOON, paper_money=MONEY)
        books.follow(follower(), at=NOON)

    def judge(self, hours: int) -> str:
        made = judgement(at=NOON + hours * HOUR)
        self.executions.record(made, fence=1, evidence=Evidence())
        return made.execution_id

    def serve(self, name: str, *fills: Fill) -> Standing:
        """Do ada's part, unless it says to leave it alone."""
        with self.books.trading("ada", name) as desk:
            assert desk is not None
            standing = desk.standing()
            wanted = fills if standing.paused is None else ()
            desk.record(part(standing.account, *wanted), [], receipt=b"{}")
        return standing

    def start_over(self, hours: float, money: Decimal = FRESH) -> bool:
        return self.books.start_over("ada", at=NOON + hours * HOUR, paper_money=money)


@pytest.fixture(params=["memory", "postgres"])
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    if request.param == "memory":
        tables = Tables()
        yield Room(MemoryBooks(tables), MemoryExecutions(tables))
    else:
        database: Database = request.getfixturevalue("database")
        yield Room(PostgresBooks(database), PostgresExecutions(database))


def test_nothing_of_before_is_in_the_new_account(room: Room) -> None:
    room.serve(room.judge(0), buy("0.5"), buy("1", asset="ETH", price="4000"))
    room.serve(room.judge(4), sell("0.2"))

    assert room.start_over(5)

    now = room.books.portfolio("ada", {})
    assert (now.cash, now.deposits, now.equity) == (FRESH, FRESH, FRESH)
    assert not any((now.fees, now.realised_pnl, now.pnl))
    assert now.positions == ()
    assert room.books.account("ada", as_of=NOON + 6 * HOUR) == Account(FRESH, FRESH)


def test_the_old_account_can_still_be_seen(room: Room) -> None:
    room.serve(room.judge(0), buy("0.5"))
    before = room.books.account("ada", as_of=NOON + 4 * HOUR)
    room.start_over(5)

    assert room.books.account("ada", as_of=NOON + 4 * HOUR) == before
    assert before.held == {"BTC"}


def test_a_part_that_was_judged_before_leaves_it_alone(room: Room) -> None:
    room.serve(room.judge(0), buy("0.5"))
    late, on_time = room.judge(4), room.judge(8)
    room.start_over(4)

    assert room.serve(late, buy("0.001")).paused == BEGAN_ANEW
    assert room.books.portfolio("ada", MARKS).equity == FRESH
    standing = room.serve(on_time, buy("0.001"))
    assert standing.paused is None
    assert room.books.portfolio("ada", MARKS).positions[0].quantity == Decimal("0.001")


def test_the_day_s_loss_and_the_cool_down_begin_anew(room: Room) -> None:
    room.serve(room.judge(-6), buy("0.5"))
    room.serve(room.judge(-2), sell("0.1"))
    late = room.judge(0)
    room.start_over(1)
    room.serve(late)

    standing = room.serve(room.judge(2), buy("0.001"))

    assert (standing.day_opened_with, standing.day_lowest) == (None, None)
    assert dict(standing.last_traded or {}) == {}
    following = room.serve(room.judge(4))
    assert (following.day_opened_with, following.day_lowest) == (FRESH, FRESH)
    assert dict(following.last_traded or {}) == {"BTC": NOON + 2 * HOUR}


def test_average_cost_and_profit_are_of_the_new_purchases_alone(room: Room) -> None:
    room.serve(room.judge(0), buy("0.5", price="90000"))
    room.start_over(1, Decimal(10_000))
    room.serve(room.judge(4), buy("0.1", price="40000"))

    (held,) = room.books.portfolio("ada", MARKS).positions

    assert held.quantity == Decimal("0.1")
    assert Decimal(40_000) < held.average_cost < Decimal(40_100)
    assert room.books.account("ada", as_of=NOON + 9 * HOUR).holdings.keys() == {"BTC"}


def test_one_may_start_over_again_and_again(room: Room) -> None:
    for hours in range(1, 4):
        room.serve(room.judge(4 * hours), buy("0.001"))
        assert room.start_over(4 * hours + 1, Decimal(100 * hours))
        assert room.books.portfolio("ada", {}).equity == 100 * hours


def test_it_never_begins_before_the_newest_entry(room: Room) -> None:
    room.serve(room.judge(0), buy("0.5"))  # filled at noon
    room.start_over(-1)

    assert room.books.account("ada", as_of=NOON - 2 * HOUR) == Account()
    assert room.books.account("ada", as_of=NOON) == Account(FRESH, FRESH)


def test_who_has_no_account_has_none_to_begin_anew(room: Room) -> None:
    assert room.books.start_over("bob", at=NOON, paper_money=FRESH) is False
    assert room.books.account("bob", as_of=NOON) == Account()


def test_the_ledger_still_sums_to_zero_and_balances_to_the_ledger(database: Database) -> None:
    room = Room(PostgresBooks(database), PostgresExecutions(database))
    room.serve(room.judge(0), buy("0.5"), buy("3", asset="ETH", price="4000"))
    room.start_over(1)
    room.serve(room.judge(4), buy("0.001"))
    room.start_over(5)

    with database.connection() as connection:
        for table in ("postings", "balances"):
            assert connection.execute(_SUMS.format(table)).fetchall() == []
        kept = connection.execute(
            "SELECT account, currency, units FROM balances WHERE user_id = 'ada' AND units <> 0"
            " EXCEPT SELECT account, currency, sum(units) FROM postings WHERE user_id = 'ada'"
            " GROUP BY 1, 2"
        ).fetchall()
    assert kept == []


def test_the_curve_begins_anew(database: Database) -> None:
    room = Room(PostgresBooks(database), PostgresExecutions(database))
    history = PostgresHistory(database)
    for hours in (0, 24, 48):
        room.serve(room.judge(hours))
    assert len(history.equity("ada", limit=9, cursor=None)[0]) == 3
    late = room.judge(72)
    room.start_over(72.5)
    room.serve(late)
    assert history.equity("ada", limit=9, cursor=None) == ([], None)

    for hours in (76, 100):
        room.serve(room.judge(hours))
    days, _ = history.equity("ada", limit=9, cursor=None)

    assert [(one["equity"], one["drawdown"]) for one in days] == [("500", "0"), ("500", "0")]
    assert len(history.decisions("ada", limit=9, cursor=None)[0]) == 6  # nothing is lost


def test_of_a_part_and_a_start_at_once_one_comes_first(database: Database) -> None:
    """Either he traded and then began anew, or began anew and was left alone: never both."""
    books = PostgresBooks(database)
    room = Room(books, PostgresExecutions(database))
    with ThreadPoolExecutor(2) as threads:
        for number in range(15):
            name = room.judge(4 * number)
            trading = threads.submit(room.serve, name, buy("0.001"))
            starting = threads.submit(room.start_over, 4 * number + 1, MONEY)
            trading.result()
            assert starting.result()
            assert books.portfolio("ada", {}).equity == MONEY
    with database.connection() as connection:
        for table in ("postings", "balances"):
            assert connection.execute(_SUMS.format(table)).fetchall() == []
