"""Runs, users and their books, asked as the product asks."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

from automoney.messages import decision_message, portfolio_message, scores_message, trade_message
from automoney.ports import Follower
from automoney.schedule import Slot
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.history import PostgresHistory
from automoney.stores.outbox import PostgresOutbox
from automoney.trading.judgement import Signal, execution_id
from automoney.trading.orders import Decision
from tests.builders import buy, judgement, mark, view
from tests.scale.case import Case, keep
from tests.scale.growth import NOW, STRATEGY, USERS

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)

_WAITING = execution_id(STRATEGY, NOW)  # every follower has yet to execute this one


@_case("PostgresExecutions.find")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).find(_WAITING)


@_case("PostgresExecutions.record")
def _(database: Database, number: int) -> object:
    at = NOW + timedelta(hours=4 * number)
    made = judgement(view("BTC"), view("ETH"), strategy=STRATEGY, at=at)
    return PostgresExecutions(database).record(made, fence=1_000_000 + number, inputs={"seen": 1})


@_case("PostgresExecutions.record_failure")
def _(database: Database, number: int) -> None:
    slot = Slot(NOW + timedelta(hours=4 * number, minutes=1))
    PostgresExecutions(database).record_failure(
        STRATEGY, slot, fence=1_000_000 + number, status="aborted", reason="no price"
    )


@_case("PostgresExecutions.fences")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).fences()


@_case("PostgresExecutions.last_scores")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).last_scores(STRATEGY, "BTC", before=NOW)


@_case("PostgresExecutions.pending_users")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).pending_users(_WAITING)


@_case("PostgresExecutions.unfinished")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).unfinished(STRATEGY, up_to=NOW)


@_case("PostgresExecutions.latest")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).latest(STRATEGY)


@_case("PostgresExecutions.fill_marks")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).fill_marks(_WAITING)


@_case("PostgresExecutions.fix_fill_mark")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).fix_fill_mark(_WAITING, mark("BTC", at=NOW))


def _user(number: int) -> str:
    return f"user-{1 + number % USERS}"


@_case("PostgresBooks.open_account")
def _(database: Database, number: int) -> bool:
    return PostgresBooks(database).open_account(
        f"new-{number}", at=NOW, paper_money=Decimal(100_000)
    )


@_case("PostgresBooks.follow")
def _(database: Database, number: int) -> None:
    follower = Follower(_user(number), STRATEGY, Decimal("0.4"))
    PostgresBooks(database).follow(follower, at=NOW)


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


@_case("PostgresBooks.portfolio")
def _(database: Database, number: int) -> object:
    return PostgresBooks(database).portfolio(_user(number), {"BTC": mark("BTC")})


@_case("PostgresDesk.account")
def _(database: Database, number: int) -> object:
    with PostgresBooks(database).trading(_user(number), _WAITING) as desk:
        assert desk is not None
        return desk.account()


@_case("PostgresDesk.record")
def _(database: Database, number: int) -> None:
    made = judgement(view("BTC"), view("ETH"), strategy=STRATEGY, at=NOW)
    decisions = [
        Decision(asset, Signal.BUY, Decimal(40), Decimal(0), Decimal("0.3"), "up")
        for asset in ("BTC", "ETH")
    ]
    fills = [buy("0.1"), buy("0.1", "4000", "ETH")]
    with PostgresBooks(database).trading(_user(number), _WAITING) as desk:
        assert desk is not None
        after = desk.account()
        for one in fills:
            after = after.apply(one)
        portfolio = after.portfolio({"BTC": mark("BTC"), "ETH": mark("ETH", "4000")})
        messages = [
            scores_message(made),
            *(decision_message(made, one) for one in decisions),
            *(trade_message(made, one) for one in fills),
            portfolio_message(made, portfolio, NOW),
        ]
        desk.record(decisions, fills, messages, after=after)


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
    _, more = history.decisions(_user(number), limit=50, before=None)
    assert more is not None
    history.decisions(_user(number), limit=50, before=more)


@_case("PostgresHistory.trades")
def _(database: Database, number: int) -> None:
    history = PostgresHistory(database)
    _, more = history.trades(_user(number), limit=20, before=None)
    assert more is not None
    history.trades(_user(number), limit=20, before=more)


@_case("PostgresHistory.execution")
def _(database: Database, number: int) -> object:
    return PostgresHistory(database).execution(_WAITING)
