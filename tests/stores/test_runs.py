"""Executions and books: once a slot, once a user, all of it or nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from automoney.errors import InvalidInput, StaleFence
from automoney.messages import scores_message, trade_message
from automoney.ports import Follower
from automoney.schedule import Slot
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.history import PostgresHistory
from automoney.stores.outbox import PostgresOutbox
from automoney.trading.bookkeeping import portfolio_from
from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision, Fill
from tests.builders import NOON, buy, judgement, mark, score, sell, view

MONEY = Decimal(100_000)


@pytest.fixture
def books(database: Database) -> PostgresBooks:
    books = PostgresBooks(database)
    for user in ("ada", "bob"):
        books.open_account(user, at=NOON, paper_money=MONEY)
        books.follow(Follower(user, "hodl-wave", Decimal("0.5")), at=NOON)
    return books


@pytest.fixture
def executions(database: Database) -> PostgresExecutions:
    return PostgresExecutions(database)


def serve(books: PostgresBooks, user: str, execution: str, *fills: Fill) -> bool:
    """Execute a user's part with these fills; whether it was done now."""
    with books.trading(user, execution) as desk:
        if desk is None:
            return False
        account = desk.account()
        for one in fills:
            account = account.apply(one)
        decision = Decision("BTC", Signal.BUY, Decimal(40), Decimal(0), Decimal("0.3"), "up")
        messages = [scores_message(judgement()), *(trade_message(judgement(), f) for f in fills)]
        desk.record([decision], fills, messages, after=account)
    return True


def test_a_judgement_comes_back_as_it_was(executions: PostgresExecutions) -> None:
    made = judgement(view("BTC"), view("ETH", "-31.07", "4000.5"))

    executions.record(made, fence=1, inputs={"BTC": {"mark": mark()}})

    assert executions.find(made.execution_id) == made
    assert executions.latest("hodl-wave") == made
    assert executions.find("hodl-wave:never") is None


def test_the_first_judgement_of_a_slot_stays(executions: PostgresExecutions) -> None:
    first, second = judgement(view(conviction="40")), judgement(view(conviction="-40"))
    executions.record(first, fence=1, inputs={})

    assert executions.record(second, fence=2, inputs={}) == first


def test_a_holder_that_was_overtaken_writes_nothing(executions: PostgresExecutions) -> None:
    later = judgement(at=NOON + timedelta(hours=4))
    executions.record(later, fence=7, inputs={})

    with pytest.raises(StaleFence):
        executions.record(judgement(), fence=6, inputs={})
    assert executions.find(judgement().execution_id) is None
    assert executions.fences() == {"hodl-wave": 7}


def test_an_aborted_slot_can_still_be_judged_but_not_the_other_way(
    executions: PostgresExecutions, database: Database
) -> None:
    slot = Slot(NOON)
    executions.record_failure("hodl-wave", slot, fence=1, status="aborted", reason="no price")
    executions.record(judgement(), fence=2, inputs={})
    executions.record_failure("hodl-wave", slot, fence=3, status="aborted", reason="no price")

    found = PostgresHistory(database).execution(judgement().execution_id)
    assert found is not None
    assert found["status"] == "judged"


def test_last_scores_pass_over_degraded_ones(executions: PostgresExecutions) -> None:
    good = judgement(view(conviction="10"), at=NOON - timedelta(hours=8))
    executions.record(good, fence=1, inputs={})
    bad_view = view(conviction="20")
    degraded = {**bad_view.scores, "onchain": score("onchain", 20.0, degraded=True)}
    bad = judgement(
        type(bad_view)("BTC", bad_view.mark, degraded, bad_view.weights, Decimal(20), True),
        at=NOON - timedelta(hours=4),
    )
    executions.record(bad, fence=2, inputs={})

    last = executions.last_scores("hodl-wave", "BTC", before=NOON)

    assert {agent: one.value for agent, one in last.items()} == {
        "macro": 20.0,
        "onchain": 10.0,
        "technical": 20.0,
    }


def test_followers_at_the_time_of_the_run_are_pending_until_served(
    executions: PostgresExecutions, books: PostgresBooks
) -> None:
    name = judgement().execution_id
    executions.record(judgement(), fence=1, inputs={})
    books.open_account("late", at=NOON, paper_money=MONEY)
    books.follow(Follower("late", "hodl-wave", Decimal("0.5")), at=NOON)

    assert executions.pending_users(name) == ["ada", "bob"]
    assert executions.unfinished("hodl-wave", up_to=NOON) == [name]
    assert serve(books, "ada", name, buy())
    assert executions.pending_users(name) == ["bob"]
    assert not serve(books, "late", name, buy())


def test_the_first_fill_mark_wins(executions: PostgresExecutions) -> None:
    name = judgement().execution_id
    executions.record(judgement(), fence=1, inputs={})

    assert executions.fix_fill_mark(name, mark(price="1")) == mark(price="1")
    assert executions.fix_fill_mark(name, mark(price="2")) == mark(price="1")
    assert executions.fill_marks(name) == {"BTC": mark(price="1")}


def test_a_second_delivery_changes_nothing(
    executions: PostgresExecutions, books: PostgresBooks, database: Database
) -> None:
    name = judgement().execution_id
    executions.record(judgement(), fence=1, inputs={})

    assert serve(books, "ada", name, buy())
    before = books.portfolio("ada", {"BTC": mark()})
    assert not serve(books, "ada", name, buy())

    assert books.portfolio("ada", {"BTC": mark()}) == before
    assert PostgresOutbox(database).last_seq("ada") == 2


def test_deliveries_at_the_same_moment_trade_once(
    executions: PostgresExecutions, books: PostgresBooks
) -> None:
    name = judgement().execution_id
    executions.record(judgement(), fence=1, inputs={})

    with ThreadPoolExecutor(4) as workers:
        done = list(workers.map(lambda _: serve(books, "ada", name, buy("0.1")), range(8)))

    assert done.count(True) == 1
    assert books.portfolio("ada", {"BTC": mark()}).positions[0].quantity == Decimal("0.1")


def test_a_failure_inside_leaves_nothing_half_written(
    executions: PostgresExecutions, books: PostgresBooks, database: Database
) -> None:
    name = judgement().execution_id
    executions.record(judgement(), fence=1, inputs={})

    with pytest.raises(RuntimeError, match="crash"), books.trading("ada", name) as desk:
        assert desk is not None
        after = desk.account().apply(buy())
        desk.record([], [buy()], [scores_message(judgement())], after=after)
        raise RuntimeError("crash before the commit")

    assert books.portfolio("ada", {}).cash == MONEY
    assert PostgresOutbox(database).last_seq("ada") == 0
    assert executions.pending_users(name) == ["ada", "bob"]


def test_the_books_agree_with_a_replay_of_the_fills(
    executions: PostgresExecutions, books: PostgresBooks, database: Database
) -> None:
    fills = [buy("0.5"), sell("0.2", "60000"), buy("0.1", "40000")]
    for number, one in enumerate(fills):
        at = NOON + timedelta(hours=4 * number)
        made = judgement(at=at)
        executions.record(made, fence=number, inputs={})
        assert serve(books, "ada", made.execution_id, one)
    marks = {"BTC": mark(price="55000")}

    assert books.portfolio("ada", marks) == portfolio_from(fills, MONEY, marks)
    with database.connection() as connection:
        sums = connection.execute(
            "SELECT currency, sum(units) FROM postings GROUP BY user_id, entry_no, currency"
        ).fetchall()
        derived = connection.execute(
            "SELECT account, currency, sum(units) FROM postings WHERE user_id = 'ada'"
            " GROUP BY account, currency ORDER BY account, currency"
        ).fetchall()
        kept = connection.execute(
            "SELECT account, currency, units FROM balances WHERE user_id = 'ada'"
            " ORDER BY account, currency"
        ).fetchall()
    assert {amount for _, amount in sums} == {Decimal(0)}
    assert derived == kept


def test_opening_an_account_twice_gives_no_second_deposit(books: PostgresBooks) -> None:
    assert not books.open_account("ada", at=NOON, paper_money=MONEY)
    assert books.portfolio("ada", {}).cash == MONEY


def test_the_outbox_hands_over_once_and_keeps_what_a_failed_relay_held(
    executions: PostgresExecutions, books: PostgresBooks, database: Database
) -> None:
    executions.record(judgement(), fence=1, inputs={})
    serve(books, "ada", judgement().execution_id, buy())
    outbox = PostgresOutbox(database)

    with pytest.raises(RuntimeError, match="queue"), outbox.relaying(10):
        raise RuntimeError("the queue is gone")
    with outbox.relaying(10) as first:
        assert [(one.user_id, one.seq) for one in first] == [("ada", 1), ("ada", 2)]
        with outbox.relaying(10) as rival:
            assert rival == []
    with outbox.relaying(10) as again:
        assert again == []

    assert [one.seq for one in outbox.since("ada", 1, 10)] == [2]
    assert outbox.since("ada", 0, 1)[0] == first[0]
    assert outbox.since("bob", 0, 10) == []


def test_pages_follow_each_other_without_gap_or_repeat(
    executions: PostgresExecutions, books: PostgresBooks, database: Database
) -> None:
    for number in range(5):
        made = judgement(at=NOON + timedelta(hours=4 * number))
        executions.record(made, fence=number, inputs={})
        serve(books, "ada", made.execution_id, buy("0.01"))
    history = PostgresHistory(database)

    first, cursor = history.trades("ada", limit=3, before=None)
    second, end = history.trades("ada", limit=3, before=cursor)

    slots = [row["slot"] for row in first + second]
    assert slots == sorted(slots, reverse=True)
    assert (len(set(slots)), end) == (5, None)
    assert history.trades("bob", limit=3, before=None) == ([], None)
    assert history.decisions("ada", limit=9, before=None)[0][0]["signal"] == "BUY"
    with pytest.raises(InvalidInput, match="before"):
        history.trades("ada", limit=3, before="nonsense")
