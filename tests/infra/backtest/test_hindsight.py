"""What a model may have known better is counted, and what it answered is replayed for nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from automoney.agents.direct import DirectPanel
from automoney.agents.model_judge import model_judges
from automoney.errors import ModelsUnavailable
from automoney.llm.budgets import Caps
from automoney.llm.counted import Counted
from automoney.llm.fallover import Fallover
from automoney.llm.recorded import AnswersFolder
from automoney.model_prices import PRICES, Price
from automoney.ports import Answer, Grouping, Models, Question, Spender
from automoney.settings import Settings
from automoney.stores.breakers import PostgresBreaker
from automoney.stores.database import Database
from automoney.stores.model_answers import PostgresModelAnswers
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from automoney.trading.judgement import Score
from automoney.trading.orders import Costs
from automoney.trading.strategies import strategy_named
from infra.local.backtest.engine import Plan, Played, play
from infra.local.backtest.hindsight import Hindsight, Knowing, hindsight_of
from infra.local.backtest.market import RecordedMarket
from infra.local.cli import main
from infra.local.world.recording import Recording
from tests.builders import NOON
from tests.fakes import FakeAlerts
from tests.llm.wire import CHAT, completion, openai
from tests.sources.served import Asked, Served

BEGINS, DAYS, SLOTS = datetime(2020, 3, 1, tzinfo=UTC), 10, 6  # slots a day, of two assets each
ENDS = BEGINS + timedelta(days=DAYS)
FREE = Decimal(0)


def plan() -> Plan:
    return Plan(strategy_named("hodl-wave"), BEGINS, ENDS, Decimal(100_000), Costs())


def opinion(schema: Any, asked_about: str) -> str:
    """Says of each factor that the schema allows the same, a little of what it was asked."""
    names = schema["properties"]["factors"]["items"]["properties"]["name"]["enum"]
    said = len(asked_about) % 9 + 1
    return json.dumps(
        {
            "score": said * len(names),
            "confidence": 0.9,
            "reasoning": "All of it speaks for it.",
            "factors": [{"name": name, "contribution": said} for name in names],
        }
    )


@dataclass
class Oracles:
    """Meets `ports.Models`: which model answers is told by `of`, None for that none does."""

    of: Callable[[Question, Spender], str | None]
    asked: list[str] = field(default_factory=list)

    def ask(self, question: Question, spender: Spender) -> Answer:
        model = self.of(question, spender)
        if model is None:
            raise ModelsUnavailable("all of them are asleep")
        self.asked.append(model)
        assert question.schema is not None
        text = opinion(question.schema, question.text)
        return Answer(text, "openai", model, question.sha256, 1, 1, FREE, latency_ms=1)

    def probe(self, *, now: datetime) -> bool:
        return True


def judged_by(recording: Recording, models: Models, *, or_rules: bool = True) -> Played:
    judges = model_judges(models, clock=lambda: NOON, or_rules=or_rules)
    return play(plan(), RecordedMarket.of(recording), panel=DirectPanel(judges))


def scores_of(played: Played) -> Iterator[Score]:
    for run in played.runs:
        assert run.judgement is not None
        for view in run.judgement.views.values():
            yield from view.scores.values()


def known_until(day: date | None) -> Price:
    return Price(FREE, FREE, day)


@pytest.mark.parametrize(
    ("until", "days"),
    [
        pytest.param(date(2020, 2, 29), 0, id="before all of it"),
        pytest.param(date(2020, 3, 4), 4, id="in the middle: that day counts"),
        pytest.param(date(2020, 3, 31), DAYS, id="after all of it"),
        pytest.param(None, DAYS, id="nobody told"),
    ],
)
def test_decisions_up_to_what_the_model_knew_are_counted(
    months: Recording, until: date | None, days: int
) -> None:
    played = judged_by(months, Oracles(lambda *_: "oracle-1"))
    found = hindsight_of(played, {"oracle-1": known_until(until)})

    count, late = DAYS * SLOTS * 2, days * SLOTS * 2
    knowing = Knowing("openai/oracle-1", until, count, late)
    assert found == Hindsight(count, count, 0, late, (knowing,))
    assert f"{late} of {count} decisions may be a model's hindsight" in found.sentence
    assert ("nobody told" if until is None else str(until)) in found.sentence


def test_a_decision_of_two_models_counts_once_and_each_model_by_what_it_knew(
    months: Recording,
) -> None:
    def of(question: Question, _: Spender) -> str:
        return "old" if question.prompt.startswith("macro") else "eu.new"

    prices = {"old": known_until(date(2020, 2, 1)), "new": known_until(date(2020, 3, 5))}
    found = hindsight_of(judged_by(months, Oracles(of)), prices)

    count = DAYS * SLOTS * 2
    assert (found.by_models, found.hindsight) == (count, count // 2)
    assert [(one.model, one.hindsight) for one in found.models] == [
        ("openai/eu.new", count // 2),
        ("openai/old", 0),
    ]
    assert found.as_json()["models"][0] == {
        "model": "openai/eu.new",
        "known_until": "2020-03-05",
        "decisions": count,
        "hindsight_decisions": count // 2,
    }


def test_where_the_rules_stood_in_nobody_knew_better(months: Recording) -> None:
    found = hindsight_of(judged_by(months, Oracles(lambda *_: None)), PRICES)

    count = DAYS * SLOTS * 2
    assert found == Hindsight(count, by_models=0, fallen_back=count, hindsight=0)
    assert "No language model judged" in found.sentence
    assert f"In {count} the rules stood in for a model" in found.sentence


def test_a_backtest_of_a_served_model_is_replayed_for_nothing(
    recording: Recording,
    market_data: Path,
    served: Served,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`gpt-4o` knows until the end of October 2023, halfway through."""

    def answer(asked: Asked) -> Any:
        body = json.loads(asked.body)
        schema = body["response_format"]["json_schema"]["schema"]
        return completion(opinion(schema, body["messages"][1]["content"]))

    served.give(CHAT, answer)
    answers = PostgresModelAnswers(database)
    counted = Counted(
        openai(served, model="gpt-4o"),
        PRICES["gpt-4o"],
        Caps(run=Decimal(1), day=Decimal(10), user=Decimal(1)),
        PostgresSpending(database),
        answers,
        PostgresBreaker(database),
        FakeAlerts(),
        lambda: NOON,
        timeout=timedelta(seconds=30),
        pause=timedelta(seconds=60),
    )
    models = Fallover([counted], lambda: NOON, timedelta(seconds=60))
    judges = model_judges(models, clock=lambda: NOON, or_rules=False)
    span = datetime(2023, 10, 29, tzinfo=UTC), datetime(2023, 11, 4, tzinfo=UTC)
    here = Settings.parse({})
    costs = Costs(here.fee, here.slippage)
    asked_for = Plan(strategy_named("hodl-wave"), *span, here.paper_money, costs)
    live = play(asked_for, RecordedMarket.of(recording), panel=DirectPanel(judges))

    for request in {score.request for score in scores_of(live)}:
        kept = answers.find(request or "")
        assert kept is not None
        AnswersFolder(tmp_path).put(kept)

    def spent() -> Decimal:
        until = NOON + timedelta(days=1)
        totals = PostgresUsage(database).totals(Grouping.RUN, since=NOON, until=until)
        return sum((one.cost for one in totals), FREE)

    asked, paid = len(served.requests), spent()
    assert paid > 0
    words = ["backtest", "--data", str(market_data), "--from", "2023-10-29", "--to", "2023-11-04"]
    assert main([*words, "--models", f"recorded:{tmp_path}", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["decisions_sha256"] == live.decisions_sha256
    assert (len(served.requests), spent()) == (asked, paid), "nobody was asked or paid again"
    assert told["decisions"] == told["model_decisions"] == 6 * SLOTS * 2
    assert told["hindsight_decisions"] == 3 * SLOTS * 2
    assert told["fallen_back_decisions"] == 0
    assert told["models"][0]["known_until"] == "2023-10-31"

    assert main([*words, "--json"]) == 0
    by_rules = json.loads(capsys.readouterr().out)
    assert by_rules["decisions_sha256"] != live.decisions_sha256
    assert (by_rules["hindsight_decisions"], by_rules["model_decisions"]) == (0, 0)


def test_answers_that_are_nowhere_are_named(
    market_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backtest", "--data", str(market_data), "--from", "2023-10-29", "--to", "2023-11-04"]

    for given in ("recorded:/absent", "recorded:", "openai"):
        assert main([*words, "--models", given]) == 2
        assert f"--models was '{given}'" in capsys.readouterr().err
    assert main([*words, "--models", "state:/absent"]) == 2
    assert "--state was '/absent'" in capsys.readouterr().err
