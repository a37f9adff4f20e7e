"""A provider on a real server, counted in a real Postgres: money, records, being left alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from automoney.errors import BudgetSpent, SourceUnavailable
from automoney.llm.budgets import Caps
from automoney.llm.counted import Counted
from automoney.llm.provider import ModelFailed, Provider, Said
from automoney.llm.worst import most_tokens
from automoney.model_prices import Price
from automoney.ports import Call, Grouping, Outcome, Question, Spender
from automoney.stores.breakers import PostgresBreaker
from automoney.stores.database import Database
from automoney.stores.model_answers import PostgresModelAnswers
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from tests.builders import NOON
from tests.fakes import FakeAlerts
from tests.llm.builders import RUN, SPENDER, call, kept_answer, question
from tests.llm.wire import CHAT, SAID, completion, openai, refusal
from tests.sources.served import Answer, Served, as_json

PRICE = Price(Decimal("0.40"), Decimal("1.60"))
FREE = Price(Decimal(0), Decimal(0))
CAPS = Caps(run=Decimal("0.50"), day=Decimal(1), user=Decimal("0.25"))
DAY = "day 2025-09-08"
COST = PRICE.cost(130, 18)
SECOND = timedelta(seconds=1)
NOTHING = Decimal(0)


@dataclass
class Desk:
    """Makes `Counted`s that share a database, and a clock that a test can move."""

    database: Database
    now: datetime = NOON
    alerts: FakeAlerts = field(default_factory=FakeAlerts)

    def counted(
        self, provider: Provider, price: Price = PRICE, caps: Caps = CAPS, timeout: float = 5
    ) -> Counted:
        return Counted(
            provider,
            price,
            caps,
            PostgresSpending(self.database),
            PostgresModelAnswers(self.database),
            PostgresBreaker(self.database),
            self.alerts,
            lambda: self.now,
            timeout=timedelta(seconds=timeout),
            pause=timedelta(seconds=60),
        )

    def calls(self, run: str = RUN) -> list[Call]:
        return PostgresUsage(self.database).of_execution(run)

    def taken(self, budget: str = DAY) -> tuple[Decimal, Decimal]:
        """Dollars spent and put aside."""
        purses = PostgresUsage(self.database).purses([budget])
        return (purses[0].spent, purses[0].reserved) if purses else (Decimal(0), Decimal(0))


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@dataclass
class Scripted:
    """A provider that does what it is told."""

    does: Callable[[], Said]
    name: str = "openai"
    model: str = "gpt-4.1-mini"

    def ask(self, question: Question, *, seconds: float) -> Said:
        return self.does()


def raising(error: BaseException) -> Scripted:
    def does() -> Said:
        raise error

    return Scripted(does)


def most(asked: Question) -> Decimal:
    tokens = most_tokens(asked)
    return PRICE.cost(tokens.input, tokens.output)


def test_an_answer_is_paid_recorded_and_kept(desk: Desk, served: Served) -> None:
    served.give(CHAT, completion())

    answer = desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)

    assert (answer.text, answer.provider, answer.model) == (SAID, "openai", "gpt-4.1-mini")
    assert (answer.input_tokens, answer.output_tokens, answer.cost) == (130, 18, COST)
    assert (answer.stored, answer.estimated, answer.request) == (False, False, question().sha256)
    assert desk.taken() == desk.taken(f"run {RUN}") == (COST, NOTHING)
    (made,) = desk.calls()
    assert (made.outcome, made.cost, made.purpose, made.error) == (Outcome.OK, COST, "judge", None)
    kept = PostgresModelAnswers(desk.database).find(question().sha256)
    assert kept is not None
    assert kept.answer.text == SAID


def test_what_was_answered_is_not_asked_again(desk: Desk, served: Served) -> None:
    served.give(CHAT, completion(), completion("another"))
    first = desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)
    again = desk.counted(openai(served)).ask(question(), Spender(NOON, "a later run"), seconds=0)
    assert (again.text, again.stored, again.cost) == (first.text, True, NOTHING)
    assert len(served.requests) == 1
    assert desk.taken() == (COST, NOTHING)


def test_another_model_has_not_answered_it_yet(desk: Desk, served: Served) -> None:
    served.give(CHAT, completion("by the small one"), completion("by the large one"))
    desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)
    answer = desk.counted(openai(served, model="gpt-4.1")).ask(question(), SPENDER, seconds=9)
    assert (answer.text, answer.stored) == ("by the large one", False)


def test_who_asks_at_the_same_time_goes_by_the_answer_that_is_kept(desk: Desk) -> None:
    """So that a replay decides as both did."""

    def does() -> Said:
        PostgresSpending(desk.database).keep(call("another's"), kept_answer("calm"))
        return Said("alarmed", None)

    answer = desk.counted(Scripted(does)).ask(question(), SPENDER, seconds=9)

    assert (answer.text, answer.stored) == ("calm", True)
    assert len(desk.calls()) == 2


def test_who_does_not_count_is_taken_at_the_most(desk: Desk, served: Served) -> None:
    served.give(CHAT, completion(usage=None))
    answer = desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)
    assert answer.estimated
    assert answer.cost == most(question())
    assert desk.calls()[0].estimated


def test_a_free_model_needs_no_money_but_is_counted(desk: Desk, served: Served) -> None:
    served.give(CHAT, completion(usage={"prompt_tokens": 90_000, "completion_tokens": 9}))
    nothing = Caps(Decimal(0), Decimal(0), Decimal(0))
    answer = desk.counted(openai(served), FREE, nothing).ask(question(), SPENDER, seconds=9)
    assert answer.cost == 0
    assert PostgresUsage(desk.database).purses([DAY]) == []
    (used,) = PostgresUsage(desk.database).totals(
        Grouping.PROVIDER, since=NOON, until=NOON + SECOND
    )
    assert (used.calls, used.input_tokens, used.cost) == (1, 90_000, Decimal(0))


@pytest.mark.parametrize(
    ("spender", "budget"),
    [
        (SPENDER, f"run {RUN}"),
        (Spender(NOON, None, "ada"), "user ada 2025-09-08"),
        (Spender(NOON, "a look", "ada"), "run a look"),
        (Spender(NOON), DAY),
    ],
)
def test_over_a_cap_no_request_leaves(
    desk: Desk, served: Served, spender: Spender, budget: str
) -> None:
    little = Decimal("0.0001")
    caps = Caps(run=little, day=Decimal(1), user=little)
    if spender.execution_id is None and spender.user_id is None:
        caps = Caps(run=Decimal(1), day=little, user=Decimal(1))
    with pytest.raises(BudgetSpent, match=f"the budget of {budget} is spent: 0 of 0.0001 dollars"):
        desk.counted(openai(served), caps=caps).ask(question(), spender, seconds=9)
    assert served.requests == []
    assert desk.calls() == []


def test_a_probe_has_its_own_budget(desk: Desk, served: Served) -> None:
    served.give(CHAT, completion("ok", usage={"prompt_tokens": 20, "completion_tokens": 1}))
    nothing = Caps(Decimal(0), Decimal(0), Decimal(0))
    asked = question(purpose="probe", schema=None, max_tokens=16)
    for _ in range(2):  # and an earlier answer says nothing of today
        assert desk.counted(openai(served), caps=nothing).alive(asked, now=NOON, seconds=9)
    assert len(served.requests) == 2
    assert desk.taken("probe 2025-09-08") == (2 * PRICE.cost(20, 1), NOTHING)


@pytest.mark.parametrize(
    ("given", "outcome", "cost"),
    [
        (refusal(500, "oops"), Outcome.FAILED, Decimal(0)),
        (Answer(b"{}", delay=3), Outcome.FAILED, most(question())),
        (completion(finish="length"), Outcome.UNUSABLE, COST),
        (completion(usage=None, finish="length"), Outcome.UNUSABLE, most(question())),
        (
            completion(usage={"prompt_tokens": 10**7, "completion_tokens": 18}),
            Outcome.UNUSABLE,
            most(question()),
        ),
        (
            completion(finish="length", usage={"prompt_tokens": 130, "completion_tokens": 10**7}),
            Outcome.UNUSABLE,
            most(question()),
        ),
        (as_json([]), Outcome.FAILED, most(question())),
    ],
)
def test_a_failure_counts_for_what_it_may_have_cost(
    desk: Desk, served: Served, given: Answer, outcome: Outcome, cost: Decimal
) -> None:
    served.give(CHAT, given)
    with pytest.raises(ModelFailed) as caught:
        desk.counted(openai(served), timeout=1).ask(question(), SPENDER, seconds=9)
    (made,) = desk.calls()
    assert (made.outcome, made.cost, made.error) == (outcome, cost, caught.value.reason)
    assert desk.taken() == (cost, NOTHING)


def test_who_asks_to_be_left_alone_is(desk: Desk, served: Served) -> None:
    served.give(CHAT, refusal(429, "slow down", headers={"Retry-After": "90"}), completion())
    with pytest.raises(ModelFailed):
        desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)

    desk.now += 89 * SECOND
    with pytest.raises(SourceUnavailable, match="left alone until 2025-09-08T12:01:30Z") as caught:
        desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)
    assert caught.value.retry_after == 1
    assert len(served.requests) == 1
    assert desk.taken() == (NOTHING, NOTHING)

    desk.now += SECOND
    assert desk.counted(openai(served)).ask(question(), SPENDER, seconds=9).text == SAID


@pytest.mark.parametrize("status", [429, 503, 529])
def test_who_does_not_say_how_long_is_left_alone_for_a_minute(
    desk: Desk, served: Served, status: int
) -> None:
    served.give(CHAT, refusal(status, "overloaded"))
    with pytest.raises(ModelFailed):
        desk.counted(openai(served)).ask(question(), SPENDER, seconds=9)
    until = PostgresBreaker(desk.database).open_until("model:openai")
    assert until == NOON + 60 * SECOND


def test_who_fails_three_times_in_a_row_is_left_alone(desk: Desk, served: Served) -> None:
    served.give(CHAT, refusal(500, "oops"))
    counted = desk.counted(openai(served))
    for number in range(3):
        with pytest.raises(ModelFailed, match="answered 500"):
            counted.ask(question(str(number)), SPENDER, seconds=9)
    with pytest.raises(SourceUnavailable, match="left alone"):
        counted.ask(question(), SPENDER, seconds=9)


def test_the_fifth_failure_in_a_row_pages_somebody_once(desk: Desk) -> None:
    failing = desk.counted(raising(ModelFailed("openai", "answered 500", status=500)))
    for number in range(8):
        desk.now += 61 * SECOND
        with pytest.raises(ModelFailed):
            failing.ask(question(str(number)), SPENDER, seconds=9)
        assert len(desk.alerts.paged) == (number >= 4)
    assert desk.alerts.paged == [
        "openai failed 5 times in a row: The last call of gpt-4.1-mini: answered 500"
    ]


def test_an_alarm_that_does_not_go_out_stops_nothing(desk: Desk) -> None:
    class Mute(FakeAlerts):
        def page(self, subject: str, detail: str) -> None:
            super().page(subject, detail)
            raise SourceUnavailable("alerts topic", "gone")

    desk.alerts = Mute()
    failing = desk.counted(raising(ModelFailed("openai", "answered 500", status=500)))
    for number in range(5):
        desk.now += 61 * SECOND
        with pytest.raises(ModelFailed, match="answered 500"):
            failing.ask(question(str(number)), SPENDER, seconds=9)
    assert len(desk.alerts.paged) == 1


def test_what_our_haste_cut_off_is_not_its_failure(desk: Desk, served: Served) -> None:
    served.give(CHAT, Answer(b"{}", delay=3))
    with pytest.raises(ModelFailed):
        desk.counted(openai(served), timeout=5).ask(question(), SPENDER, seconds=1)
    assert desk.calls()[0].outcome is Outcome.UNUSABLE


def test_with_no_time_left_it_is_not_asked(desk: Desk, served: Served) -> None:
    with pytest.raises(SourceUnavailable, match="no time was left"):
        desk.counted(openai(served)).ask(question(), SPENDER, seconds=0.9)
    assert served.requests == []


def test_a_call_ends_in_time_whatever_it_waits_for(desk: Desk, served: Served) -> None:
    """Each byte of a drip comes within the client's own limit, which a provider may have alone."""
    served.give(CHAT, Answer(b" " * 100, drip=0.1))
    patient = openai(served)
    counted = desk.counted(Scripted(lambda: patient.ask(question(), seconds=60)), timeout=1)
    with pytest.raises(ModelFailed, match=r"no whole answer within 1\.0 s"):
        counted.ask(question(), SPENDER, seconds=9)


class Killed(BaseException):
    """The function is gone in the middle of the call."""


def test_a_killed_call_stays_counted_and_its_retry_takes_it_over(
    desk: Desk, served: Served
) -> None:
    served.give(CHAT, completion())
    for _ in range(2):
        with pytest.raises(Killed):
            desk.counted(raising(Killed())).ask(question(), SPENDER, seconds=9)
        assert desk.taken() == (NOTHING, most(question()))

    retried = desk.counted(openai(served)).ask(question(), Spender(NOON + SECOND, RUN), seconds=9)

    assert retried.text == SAID
    assert desk.taken() == (COST, NOTHING)


def test_fifty_runs_at_once_never_pass_a_dollar(desk: Desk, served: Served) -> None:
    """Each asks six questions; what the server bills is below the cap, and so is what we count."""
    threads = 50
    dear = Price(Decimal(20), Decimal(80))
    caps = Caps(run=Decimal("0.20"), day=Decimal(1), user=Decimal(1))
    served.give(CHAT, completion())
    counted, ready = desk.counted(openai(served), dear, caps), Barrier(threads)

    def run(number: int) -> int:
        ready.wait()
        refused = 0
        for asset in ("BTC", "ETH"):
            for agent in ("macro", "onchain", "technical"):
                asked = question(f"{number} {asset} {agent}")
                try:
                    counted.ask(asked, Spender(NOON, f"run {number}"), seconds=9)
                except BudgetSpent:
                    refused += 1
        return refused

    with ThreadPoolExecutor(threads) as pool:
        refused = sum(pool.map(run, range(threads)))

    spent, reserved = desk.taken()
    assert reserved == 0
    assert spent == len(served.requests) * dear.cost(130, 18)
    assert spent <= 1
    assert len(served.requests) + refused == threads * 6
    assert refused > 0

    # What the runs at once had put aside is free again, and is used up to the last call.
    with pytest.raises(BudgetSpent, match=DAY):
        for number in range(threads * 6):
            counted.ask(question(f"later {number}"), Spender(NOON, f"later {number}"), seconds=9)
    spent, _ = desk.taken()
    tokens = most_tokens(question("later 99"))
    assert 1 - dear.cost(tokens.input, tokens.output) < spent <= 1
