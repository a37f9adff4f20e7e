"""Users, their books and what they are told, asked as the product asks."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

from automoney.messages import decision_message, portfolio_message, scores_message, trade_message
from automoney.ports import Follower
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.history import PostgresHistory
from automoney.stores.outbox import PostgresOutbox
from automoney.trading.guards import Guards
from automoney.trading.judgement import execution_id
from automoney.trading.orders import Costs
from tests.builders import buy, decision, judgement, mark, part, view
from tests.scale.case import Case, keep
from tests.scale.growth import NOW, STRATEGY, USERS

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)

_WAITING = execution_id(STRATEGY, NOW)  # every follower has yet to execute this one
_MONTH = timedelta(days=30)


def _user(number: int) -> str:
    """One of those that follow the strategy: who ends in 7 follows another."""
    number = 1 + number % USERS
    return f"user-{number - 1 if number % 10 == 7 else number}"


@_case("PostgresBooks.open_account")
def _(database: Database, number: int) -> bool:
    return PostgresBooks(database).open_account(
        f"new-{number}", at=NOW, paper_money=Decimal(100_000)
    )


@_case("PostgresBooks.start_over")
def _(database: Database, number: int) -> bool:
    return PostgresBooks(database).start_over(
        _user(number), at=NOW - timedelta(days=400), paper_money=Decimal(1_000)
    )


@_case("PostgresBooks.follow")
def _(database: Database, number: int) -> None:
    guards = Guards(
        Decimal("0.4"), Decimal("0.05"), frozenset({"BTC"}), Costs(Decimal(0), Decimal(0))
    )
    PostgresBooks(database).follow(Follower(_user(number), STRATEGY, guards), at=NOW)


@_case("PostgresBooks.unfollow")
def _(database: Database, number: int) -> None:
    books, name = PostgresBooks(database), f"gone-{number}"
    books.open_account(name, at=NOW, paper_money=Decimal(100_000))
    books.follow(Follower(name, STRATEGY, Guards(Decimal(1))), at=NOW)
    assert books.unfollow(name, STRATEGY)


@_case("PostgresBooks.followers")
def _(database: Database, number: int) -> object:
    return PostgresBooks(database).followers(STRATEGY)


@_case("PostgresBooks.follower")
def _(database: Database, number: int) -> object:
    return PostgresBooks(database).follower(STRATEGY, _user(number))


@_case("PostgresBooks.trading")
def _(database: Database, number: int) -> None:
    with PostgresBooks(database).trading(_user(number), _WAITING) as desk:
        assert desk is not None


@_case("PostgresBooks.trading_together")
def _(database: Database, number: int) -> None:
    with PostgresBooks(database).trading_together([_user(number)], _WAITING) as desks:
        assert list(desks) == [_user(number)]


@_case("PostgresBooks.tell")
def _(database: Database, number: int) -> None:
    made = judgement(view("BTC"), view("ETH"), strategy=STRATEGY, at=NOW)
    assert PostgresBooks(database).tell(_user(number), f"look-{number}", [scores_message(made)])


@_case("PostgresBooks.portfolio")
def _(database: Database, number: int) -> object:
    return PostgresBooks(database).portfolio(_user(number), {"BTC": mark("BTC")})


@_case("PostgresBooks.account")
def _(database: Database, number: int) -> None:
    books = PostgresBooks(database)
    assert books.account(_user(number), as_of=NOW).held
    books.account(_user(number), as_of=NOW - _MONTH)


@_case("PostgresBooks.valuations")
def _(database: Database, number: int) -> None:
    found = PostgresBooks(database).valuations(_user(number), since=NOW - _MONTH, until=NOW)
    assert len(found) > 100


@_case("PostgresDesk.standing")
def _(database: Database, number: int) -> None:
    with PostgresBooks(database).trading(_user(number), _WAITING) as desk:
        assert desk is not None
        standing = desk.standing()
    assert standing.last_traded
    assert standing.day_opened_with is not None


@_case("PostgresDesk.record")
def _(database: Database, number: int) -> None:
    made = judgement(view("BTC"), view("ETH"), strategy=STRATEGY, at=NOW)
    with PostgresBooks(database).trading(_user(number), _WAITING) as desk:
        assert desk is not None
        done = part(desk.standing().account, buy("0.1"), buy("0.1", "4000", "ETH"))
        messages = [
            scores_message(made),
            decision_message(made, decision()),
            *(trade_message(made, one) for one in done.fills),
            portfolio_message(made, done.portfolio, NOW),
        ]
        desk.record(done, messages, receipt=b"{}")


@_case("PostgresOutbox.relaying")
def _(database: Database, number: int) -> None:
    with PostgresOutbox(database).relaying(100) as messages:
        assert messages


@_case("PostgresOutbox.since")
def _(database: Database, number: int) -> object:
    return PostgresOutbox(database).since(_user(number), 50, 100)


@_case("PostgresOutbox.last_seq")
def _(database: Database, number: int) -> object:
    return PostgresOutbox(database).last_seq(_user(number))


@_case("PostgresHistory.decisions")
def _(database: Database, number: int) -> None:
    history = PostgresHistory(database)
    _, more = history.decisions(_user(number), limit=50, cursor=None)
    assert more is not None
    history.decisions(_user(number), limit=50, cursor=more)


@_case("PostgresHistory.trades")
def _(database: Database, number: int) -> None:
    history = PostgresHistory(database)
    _, more = history.trades(_user(number), limit=20, cursor=None)
    assert more is not None
    history.trades(_user(number), limit=20, cursor=more)


@_case("PostgresHistory.equity")
def _(database: Database, number: int) -> None:
    history = PostgresHistory(database)
    _, more = history.equity(_user(number), limit=20, cursor=None)
    assert more is not None
    history.equity(_user(number), limit=20, cursor=more)
