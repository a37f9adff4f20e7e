"""The language models' stores, asked as runs, chats and the usage page ask them."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial

from automoney.errors import BudgetSpent
from automoney.ports import Cap, Grouping, Outcome, Spender
from automoney.stores.database import Database
from automoney.stores.model_answers import PostgresModelAnswers
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from tests.llm.builders import call, kept_answer, question
from tests.scale.case import Case, keep
from tests.scale.growth import NOW

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)

_DAY = f"{NOW:%Y-%m-%d}"
_RUN = f"hodl-wave:{NOW:%Y-%m-%dT%H:%MZ}"


@_case("PostgresModelAnswers.find")
def _(database: Database, number: int) -> object:
    answers = PostgresModelAnswers(database)
    request = question().sha256
    return [answers.find(request), answers.find(request, provider="openai", model="gpt-4.1-mini")]


def _reserve(database: Database, number: int) -> None:
    caps = [Cap(f"day {_DAY}", Decimal(9)), Cap(_RUN, Decimal(9)), Cap("user ada", Decimal(9))]
    PostgresSpending(database).reserve(f"call {number}", Decimal("0.001"), caps, at=NOW)


@_case("PostgresSpending.reserve")
def _(database: Database, number: int) -> None:
    _reserve(database, number)
    with suppress(BudgetSpent):
        PostgresSpending(database).reserve(
            f"dear {number}", Decimal(2), [Cap(f"day {_DAY}", Decimal(1))], at=NOW
        )


@_case("PostgresSpending.keep")
def _(database: Database, number: int) -> None:
    _reserve(database, number)
    made = call(f"call {number}", cost="0.0005", spender=Spender(NOW, _RUN))
    PostgresSpending(database).keep(made, kept_answer(asked=question(f"question {number}")))


@_case("PostgresSpending.fail")
def _(database: Database, number: int) -> None:
    _reserve(database, number)
    spender = Spender(NOW, None, "user-7")
    failed = call(f"call {number}", outcome=Outcome.FAILED, spender=spender)
    PostgresSpending(database).fail(failed)


@_case("PostgresUsage.totals")
def _(database: Database, number: int) -> object:
    usage = PostgresUsage(database)
    since = NOW - timedelta(days=1)
    return [
        *(usage.totals(by, since=since, until=NOW) for by in Grouping),
        usage.totals(Grouping.DAY, since=since, until=NOW, user_id="user-7"),
    ]


@_case("PostgresUsage.of_execution")
def _(database: Database, number: int) -> object:
    return PostgresUsage(database).of_execution(_RUN)


@_case("PostgresUsage.purses")
def _(database: Database, number: int) -> object:
    return PostgresUsage(database).purses([f"day {_DAY}", _RUN])
