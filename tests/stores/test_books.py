"""Books: once a user and run, all of it or nothing, and as they were at any past moment."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from psycopg.errors import CheckViolation

from automoney.errors import InvalidInput
from automoney.messages import scores_message, trade_message
from automoney.ports import Evidence, Follower, Pause
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.outbox import PostgresOutbox
from automoney.stores.pauses import PostgresPauses
from automoney.trading.account import Account
from automoney.trading.bookkeeping import portfolio_from
from automoney.trading.guards import Guards
from automoney.trading.orders import Costs, Fill
from automoney.trading.standing import Standing
from tests.builders import NOON, buy, follower, judgement, mark, part, sell

MONEY = Decimal(100_000)
HOUR = timedelta(hours=1)


class Room:
    """Ada and Bob, who follow HODL-Wave, and runs of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.books = PostgresBooks(database)
        self.executions = PostgresExecutions(database)
        self.outbox = PostgresOutbox(database)
        for user in ("ada", "bob"):
            self.books.open_account(user, at=NOON - HOUR, paper_money=MONEY)
            self.books.follow(follower(user), at=NOON - HOUR)
        self._fence = 0

    def run(self, at: datetime = NOON) -> str:
        """Let the strategy have run at `at`."""
        self._fence += 1
        return self.executions.record(
            judgement(at=at), fence=self._fence, evidence=Evidence()
        ).execution_id

    def serve(self, user: str, execution: str, *fills: Fill) -> bool:
        """Execute a user's part with these fills; whether it was done now."""
        with self.books.trading(user, execution) as desk:
            if desk is None:
                return False
            messages = [
                scores_message(judgement()),
                *(trade_message(judgement(), f) for f in fills),
            ]
            desk.record(part(desk.standing().account, *fills), messages, receipt=b"{}")
        return True

    def serve_together(
        self, users: Sequence[str], execution: str, wants: Mapping[str, Sequence[Fill]]
    ) -> list[str]:
        """Execute users' parts with these fills; whose were done now."""
        with self.books.trading_together(users, execution) as desks:
            for user, desk in desks.items():
                fills = wants[user]
                messages = [
                    scores_message(judgement()),
                    *(trade_message(judgement(), one) for one in fills),
                ]
                desk.record(part(desk.standing().account, *fills), messages, receipt=b"{}")
            return list(desks)

    def standing(self, user: str, execution: str) -> Standing:
        with self.books.trading(user, execution) as desk:
            assert desk is not None
            return desk.standing()


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


# ---------------------------------------------------------------- a part of a run


def test_followers_at_the_time_of_the_run_are_pending_until_served(room: Room) -> None:
    name = room.run()
    room.books.open_account("late", at=NOON, paper_money=MONEY)
    room.books.follow(follower("late"), at=NOON)

    assert room.executions.pending_users(name) == ["ada", "bob"]
    assert room.executions.unfinished("hodl-wave", up_to=NOON) == [name]
    assert room.serve("ada", name, buy())
    assert room.executions.pending_users(name) == ["bob"]
    assert not room.serve("late", name, buy())
    assert not room.serve("nobody", name, buy())


def test_a_second_delivery_changes_nothing(room: Room) -> None:
    name = room.run()

    assert room.serve("ada", name, buy())
    before = room.books.portfolio("ada", {"BTC": mark()})
    assert not room.serve("ada", name, buy())

    assert room.books.portfolio("ada", {"BTC": mark()}) == before
    assert room.outbox.last_seq("ada") == 2


def test_deliveries_at_the_same_moment_trade_once(room: Room) -> None:
    name = room.run()

    with ThreadPoolExecutor(4) as workers:
        done = list(workers.map(lambda _: room.serve("ada", name, buy("0.1")), range(8)))

    assert done.count(True) == 1
    portfolio = room.books.portfolio("ada", {"BTC": mark()})
    assert portfolio.positions[0].quantity == Decimal("0.1")


def test_a_failure_inside_leaves_nothing_half_written(room: Room) -> None:
    name = room.run()

    with pytest.raises(RuntimeError, match="crash"), room.books.trading("ada", name) as desk:
        assert desk is not None
        done = part(desk.standing().account, buy())
        desk.record(done, [scores_message(judgement())], receipt=b"{}")
        raise RuntimeError("crash before the commit")

    assert room.books.portfolio("ada", {}).cash == MONEY
    assert room.outbox.last_seq("ada") == 0
    assert room.executions.pending_users(name) == ["ada", "bob"]


def test_what_the_database_refuses_is_told_and_leaves_nothing(room: Room) -> None:
    """Statements are sent without waiting: a refusal must turn up all the same."""
    name = room.run()
    free = Fill("BTC", buy().side, Decimal(0), Decimal(1), Decimal(1), Decimal(0), Decimal(0), NOON)

    with pytest.raises(CheckViolation, match="quantity"):
        room.serve("ada", name, free)

    assert room.outbox.last_seq("ada") == 0
    assert room.executions.pending_users(name) == ["ada", "bob"]
    assert room.serve("ada", name, buy())


def test_those_who_are_served_together_get_what_each_would_get_alone(room: Room) -> None:
    name = room.run()
    wants = {"ada": (buy("0.5"), buy("0.1", "4000", "ETH")), "bob": ()}

    assert room.serve_together(["bob", "nobody", "ada"], name, wants) == ["ada", "bob"]
    assert room.serve_together(["bob", "ada"], name, wants) == []

    marks = {"BTC": mark(), "ETH": mark("ETH", "4000")}
    assert room.books.portfolio("ada", marks) == portfolio_from(wants["ada"], MONEY, marks)
    assert room.books.portfolio("bob", marks).cash == MONEY
    assert [one.seq for one in room.outbox.since("ada", 0, 10)] == [1, 2, 3]
    assert room.outbox.last_seq("bob") == 1
    told = {room.outbox.since(user, 0, 1)[0].message.text for user in ("ada", "bob")}
    assert told == {scores_message(judgement()).text}
    later = room.run(NOON + HOUR)
    room.serve_together(["ada", "bob"], later, {"ada": (sell("0.2"),), "bob": (buy(),)})
    assert room.outbox.last_seq("ada") == 5
    holdings = room.books.portfolio("ada", marks).positions
    assert [(one.asset, one.quantity) for one in holdings] == [
        ("BTC", Decimal("0.3")),
        ("ETH", Decimal("0.1")),
    ]


def test_what_is_refused_of_one_leaves_nothing_of_those_served_with_him(room: Room) -> None:
    name = room.run()
    free = Fill("BTC", buy().side, Decimal(0), Decimal(1), Decimal(1), Decimal(0), Decimal(0), NOON)

    with pytest.raises(CheckViolation, match="quantity"):
        room.serve_together(["ada", "bob"], name, {"ada": (buy(),), "bob": (free,)})

    assert room.executions.pending_users(name) == ["ada", "bob"]
    assert room.books.portfolio("ada", {}).cash == MONEY
    assert room.serve("ada", name, buy())


def test_those_who_serve_the_same_users_do_not_wait_in_a_circle(room: Room) -> None:
    names = [room.run(NOON + number * HOUR) for number in range(6)]
    wants = {"ada": (buy("0.01"),), "bob": (buy("0.01"),)}

    def serve(number: int) -> list[str]:
        users = ["ada", "bob"] if number % 2 else ["bob", "ada"]
        return room.serve_together(users, names[number // 4], wants)

    with ThreadPoolExecutor(4) as workers:
        served = list(workers.map(serve, range(4 * len(names))))

    assert served.count(["ada", "bob"]) == len(names)
    assert served.count([]) == 3 * len(names)


def test_the_books_agree_with_a_replay_of_the_fills(room: Room) -> None:
    fills = [buy("0.5"), sell("0.2", "60000"), buy("0.1", "40000")]
    for number, one in enumerate(fills):
        assert room.serve("ada", room.run(NOON + 4 * number * HOUR), one)
    marks = {"BTC": mark(price="55000")}

    assert room.books.portfolio("ada", marks) == portfolio_from(fills, MONEY, marks)
    with room.database.connection() as connection:
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


# ---------------------------------------------------------------- how he stands


def test_a_desk_knows_the_account_the_guards_and_what_was_traded_when(room: Room) -> None:
    guards = Guards(
        Decimal("0.4"), Decimal("0.05"), frozenset({"BTC"}), Costs(Decimal("0.002"), Decimal(0))
    )
    room.books.follow(Follower("ada", "hodl-wave", guards), at=NOON)
    room.serve("ada", room.run(), buy())

    standing = room.standing("ada", room.run(NOON + 4 * HOUR))

    bought = Account(MONEY, MONEY).apply(buy())
    assert standing == Standing(
        bought, guards, None, Decimal(100_000), Decimal(100_000), {"BTC": NOON}
    )
    assert room.books.follower("hodl-wave", "ada") == Follower("ada", "hodl-wave", guards)


def test_a_day_opens_with_its_first_valuation_and_remembers_its_lowest(room: Room) -> None:
    midnight = datetime(2025, 9, 8, tzinfo=UTC)
    for hour, price in ((-4, "90000"), (0, "50000"), (4, "40000"), (8, "45000")):
        name = room.run(midnight + hour * HOUR)
        with room.books.trading("ada", name) as desk:
            assert desk is not None
            account = desk.standing().account
            done = part(account, buy("1")) if hour == -4 else part(account)
            worth = account.portfolio({"BTC": mark(price=price)})
            desk.record(replace(done, before=worth), [], receipt=b"{}")
    cash = room.books.portfolio("ada", {"BTC": mark()}).cash

    standing = room.standing("ada", room.run(midnight + 12 * HOUR))
    tomorrow = room.standing("ada", room.run(midnight + 24 * HOUR))

    assert standing.day_opened_with == cash + 50_000
    assert standing.day_lowest == cash + 40_000
    assert (tomorrow.day_opened_with, tomorrow.day_lowest) == (None, None)


@pytest.mark.parametrize("left", [True, False], ids=["left", "paused"])
def test_who_has_paused_or_left_since_the_run_stands_aside(room: Room, left: bool) -> None:
    name = room.run()
    if left:
        assert room.books.unfollow("ada", "hodl-wave")
    else:
        PostgresPauses(room.database).pause(Pause("hodl-wave", "ada", NOON, "holidays", "ada"))

    standing = room.standing("ada", name)

    assert standing.paused == ("he does not follow it any more" if left else "holidays")
    assert room.standing("bob", name).paused is None


# ---------------------------------------------------------------- one account, one strategy


def test_an_account_is_traded_by_one_strategy_at_a_time(room: Room) -> None:
    with pytest.raises(InvalidInput, match="hodl-wave, which trades this account") as refused:
        room.books.follow(follower(strategy="high-freq"), at=NOON)
    assert refused.value.value == "high-freq"

    assert room.books.unfollow("ada", "hodl-wave")
    assert not room.books.unfollow("ada", "hodl-wave")
    room.books.follow(follower(strategy="high-freq"), at=NOON)

    assert room.books.follower("hodl-wave", "ada") is None
    assert [one.user_id for one in room.books.followers("hodl-wave")] == ["bob"]


def test_two_wishes_at_the_same_moment_leave_one(room: Room) -> None:
    room.books.open_account("eve", at=NOON, paper_money=MONEY)

    def wish(strategy: str) -> bool:
        try:
            room.books.follow(follower("eve", strategy=strategy), at=NOON)
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(4) as workers:
        granted = list(workers.map(wish, ["hodl-wave", "high-freq"] * 4))

    followed = [one for one in ("hodl-wave", "high-freq") if room.books.follower(one, "eve")]
    assert len(followed) == 1
    assert granted.count(True) == 4


def test_opening_an_account_twice_gives_no_second_deposit(room: Room) -> None:
    assert not room.books.open_account("ada", at=NOON, paper_money=MONEY)
    assert room.books.portfolio("ada", {}).cash == MONEY


# ---------------------------------------------------------------- as it was


def test_an_account_at_any_past_moment_is_a_replay_up_to_it(room: Room) -> None:
    prices = ("50000", "60000", "40000", "45000")
    fills = [buy("0.5", prices[0]), sell("0.5", prices[1]), buy("0.1", prices[2]), buy("0.2")]
    fills = [replace(one, at=NOON + 4 * n * HOUR) for n, one in enumerate(fills)]
    for one in fills:
        assert room.serve("ada", room.run(one.at), one)

    expected = Account(MONEY, MONEY)
    assert room.books.account("ada", as_of=NOON - 2 * HOUR) == Account()
    assert room.books.account("ada", as_of=NOON - HOUR) == expected
    for one in fills:
        assert room.books.account("ada", as_of=one.at - timedelta(microseconds=1)) == expected
        expected = expected.apply(one)
        assert room.books.account("ada", as_of=one.at) == expected
    assert room.books.account("bob", as_of=NOON + 40 * HOUR) == Account(MONEY, MONEY)


def test_what_was_booked_late_counts_from_when_it_was(room: Room) -> None:
    first, second = room.run(), room.run(NOON + 4 * HOUR)
    bought = replace(buy("1"), at=NOON + 4 * HOUR)
    sold = replace(sell("1"), at=NOON)  # of the run before, executed after
    assert room.serve("ada", second, bought)
    assert room.serve("ada", first, sold)

    assert room.books.account("ada", as_of=NOON + HOUR) == Account(MONEY, MONEY)
    both = Account(MONEY, MONEY).apply(bought).apply(sold)
    assert room.books.account("ada", as_of=NOON + 4 * HOUR) == both


def test_each_run_leaves_a_valuation(room: Room) -> None:
    for number in range(3):
        assert room.serve("ada", room.run(NOON + 4 * number * HOUR), buy("0.1"))

    found = room.books.valuations("ada", since=NOON + HOUR, until=NOON + 8 * HOUR)

    assert [one.at for one in found] == [NOON + 4 * HOUR, NOON + 8 * HOUR]
    assert found[0].execution_id == "hodl-wave:2025-09-08T16:00Z"
    before = Account(MONEY, MONEY).apply(buy("0.1"))
    assert (found[0].cash, found[0].fees) == (before.cash, before.fees)
    assert found[0].equity == before.portfolio({"BTC": mark()}).equity


# ---------------------------------------------------------------- the outbox


def test_a_user_is_told_of_a_look_once_and_only_if_he_has_an_account(room: Room) -> None:
    room.serve("ada", room.run(), buy())
    told = [scores_message(judgement())]

    assert room.books.tell("ada", "look", told)
    assert not room.books.tell("ada", "look", told)
    assert not room.books.tell("nobody", "look", told)

    assert [one.seq for one in room.outbox.since("ada", 0, 10)] == [1, 2, 3]
    assert room.executions.pending_users("look") == []


def test_the_outbox_hands_over_once_and_keeps_what_a_failed_relay_held(room: Room) -> None:
    room.serve("ada", room.run(), buy())

    with pytest.raises(RuntimeError, match="queue"), room.outbox.relaying(10):
        raise RuntimeError("the queue is gone")
    with room.outbox.relaying(10) as first:
        assert [(one.user_id, one.seq) for one in first] == [("ada", 1), ("ada", 2)]
        with PostgresOutbox(room.database).relaying(10) as rival:
            assert rival == []
    with room.outbox.relaying(10) as again:
        assert again == []

    assert [one.seq for one in room.outbox.since("ada", 1, 10)] == [2]
    assert room.outbox.since("ada", 0, 1)[0] == first[0]
    assert room.outbox.since("bob", 0, 10) == []
