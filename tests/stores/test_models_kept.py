"""What models answered and took is kept, found by hash, and added up."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

from automoney.ports import Grouping, Outcome, Spender, Used
from automoney.stores.database import Database
from automoney.stores.model_answers import PostgresModelAnswers
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from tests.builders import NOON
from tests.llm.builders import RUN, call, kept_answer, question

HOUR = timedelta(hours=1)


def test_an_answer_is_found_by_its_question_for_nothing(database: Database) -> None:
    spending, answers = PostgresSpending(database), PostgresModelAnswers(database)
    request = question().sha256
    assert answers.find(request) is None

    spending.keep(call("a", cost="0.01"), kept_answer())

    kept = answers.find(request)
    assert kept is not None
    assert kept.question == question()
    assert kept.question.sha256 == request
    assert kept.asked_at == NOON
    assert (kept.answer.text, kept.answer.stored) == ('{"score":12,"reasoning":"calm"}', True)
    assert (kept.answer.cost, kept.answer.input_tokens) == (Decimal(0), 100)
    assert answers.find(request, provider="openai", model="gpt-4.1-mini") == kept
    assert answers.find(request, provider="bedrock") is None


def test_the_first_answer_to_a_question_stays(database: Database) -> None:
    spending = PostgresSpending(database)
    first = spending.keep(call("a"), kept_answer("calm"))
    second = spending.keep(call("b"), kept_answer("alarmed", at=NOON + HOUR))
    assert first == second
    assert second.answer.text == "calm"


def test_usage_is_added_up_by_day_provider_user_and_run(database: Database) -> None:
    spending, usage = PostgresSpending(database), PostgresUsage(database)
    ada, eve = Spender(NOON, None, "ada"), Spender(NOON + 24 * HOUR, None, "eve")
    for name, cost, spender in (
        ("a", "0.01", Spender(NOON, RUN)),
        ("b", "0.02", Spender(NOON + HOUR, RUN)),
        ("c", "0.05", ada),
        ("d", "0.04", eve),
    ):
        spending.keep(call(name, cost=cost, spender=spender), kept_answer())
    spending.fail(call("e", provider="bedrock", outcome=Outcome.FAILED, spender=ada))
    totals = partial(usage.totals, since=NOON, until=NOON + 48 * HOUR)

    assert totals(Grouping.DAY) == [
        Used("2025-09-09", 1, 0, 100, 20, Decimal("0.04")),
        Used("2025-09-08", 4, 1, 400, 80, Decimal("0.08")),
    ]
    assert [(used.key, used.calls, used.cost) for used in totals(Grouping.USER)] == [
        ("ada", 2, Decimal("0.05")),
        ("eve", 1, Decimal("0.04")),
    ]
    assert [used.key for used in totals(Grouping.PROVIDER)] == [
        "openai/gpt-4.1-mini",
        "bedrock/gpt-4.1-mini",
    ]
    assert [(used.key, used.calls) for used in totals(Grouping.DAY_MODEL)] == [
        ("2025-09-09 openai/gpt-4.1-mini", 1),
        ("2025-09-08 openai/gpt-4.1-mini", 3),
        ("2025-09-08 bedrock/gpt-4.1-mini", 1),
    ]
    assert totals(Grouping.RUN) == [Used(RUN, 2, 0, 200, 40, Decimal("0.03"))]
    assert [used.calls for used in totals(Grouping.DAY, user_id="ada")] == [2]
    assert len(totals(Grouping.USER, limit=1)) == 1
    assert usage.totals(Grouping.DAY, since=NOON + 48 * HOUR, until=NOON + 72 * HOUR) == []


def test_a_run_s_calls_come_back_as_they_were(database: Database) -> None:
    spending = PostgresSpending(database)
    made = [
        call("a", cost="0.010500"),
        call("b", outcome=Outcome.FAILED),
        call("c", outcome=Outcome.UNUSABLE, spender=Spender(NOON, RUN, "ada")),
    ]
    spending.keep(made[0], kept_answer())
    for failed in made[1:]:
        spending.fail(failed)
    spending.keep(call("d", spender=Spender(NOON, "another run")), kept_answer())

    assert PostgresUsage(database).of_execution(RUN) == made
