"""Judges and chat over real HTTP, in OpenAI's wire format, counted and kept in a real Postgres."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.agents.model_judge import EXPERTS, ModelJudge, model_judges
from automoney.errors import ModelsUnavailable
from automoney.llm.budgets import Caps
from automoney.llm.counted import Counted
from automoney.llm.fallover import Fallover
from automoney.llm.recorded import Recorded
from automoney.market.snapshot import Indicators
from automoney.model_prices import Price
from automoney.ports import Grouping
from automoney.stores.breakers import PostgresBreaker
from automoney.stores.database import Database
from automoney.stores.model_answers import PostgresModelAnswers
from automoney.stores.model_calls import PostgresUsage
from automoney.stores.spending import PostgresSpending
from automoney.trading.judgement import Score
from tests.agents.builders import daily, snapshot
from tests.api.fakes_api import WALL
from tests.builders import NOON
from tests.fakes import FakeAlerts
from tests.llm.wire import CHAT, completion, openai, refusal
from tests.sources.served import Answer, Asked, Served
from tests.workflows.chat.rooms import a_world, ask

SEEN = snapshot(
    {
        "mvrv": daily("mvrv", [1.5] * 200),
        "fed_funds": daily("fed_funds", [5.0] * 400),
        "fear_greed": daily("fear_greed", [20.0] * 3),
    },
    indicators=Indicators(rsi14=61.5, ema21=48_000.0),
)
DAY = timedelta(days=1)
RUN = "hodl-wave:2025-11-05T12:00Z"
PRICE = Price(Decimal("0.40"), Decimal("1.60"))


def live(served: Served, database: Database, cap: str = "1") -> Fallover:
    caps = Caps(run=Decimal(cap), day=Decimal(1), user=Decimal(cap))
    counted = Counted(
        openai(served),
        PRICE,
        caps,
        PostgresSpending(database),
        PostgresModelAnswers(database),
        PostgresBreaker(database),
        FakeAlerts(),
        lambda: NOON,
        timeout=timedelta(seconds=5),
        pause=timedelta(seconds=60),
    )
    return Fallover([counted], lambda: NOON, timedelta(seconds=9))


def judges(models: Fallover, *, or_rules: bool = False) -> Mapping[str, ModelJudge]:
    return model_judges(models, clock=lambda: NOON, or_rules=or_rules)


def judged(models: Fallover, *, or_rules: bool = False) -> dict[str, Score]:
    asked = judges(models, or_rules=or_rules)
    return {agent: judge(SEEN, RUN) for agent, judge in asked.items()}


def opinion(asked: Asked, **changes: Any) -> Answer:
    """Says of each factor that the schema allows that it is good."""
    body = json.loads(asked.body)
    schema = body["response_format"]["json_schema"]["schema"]
    names = schema["properties"]["factors"]["items"]["properties"]["name"]["enum"]
    said = {
        "score": 10 * len(names),
        "confidence": 0.5,
        "reasoning": "All of it speaks for it.",
        "factors": [{"name": name, "contribution": 10} for name in names],
        **changes,
    }
    return completion(json.dumps(said))


def test_every_agent_is_judged_by_the_model_and_a_replay_says_the_same_for_nothing(
    served: Served, database: Database
) -> None:
    served.give(CHAT, opinion)

    scores = judged(live(served, database))

    assert {score.model for score in scores.values()} == {"openai/gpt-4.1-mini"}
    for agent, score in scores.items():
        usable = sum(factor.value is not None for factor in score.factors)
        assert (score.agent, score.value, score.judge) == (agent, 10.0 * usable, "model")
    (used,) = PostgresUsage(database).totals(Grouping.RUN, since=NOON, until=NOON + DAY)
    assert (used.key, used.calls, used.cost) == (RUN, 3, 3 * PRICE.cost(130, 18))

    asked = len(served.requests)
    answers = PostgresModelAnswers(database)
    recorded = Fallover([Recorded(answers)], lambda: NOON, timedelta(seconds=9))
    assert judged(recorded) == scores
    assert judged(live(served, database)) == scores, "nor is what was answered asked again"
    assert len(served.requests) == asked


def test_a_mended_answer_replays_too(served: Served, database: Database) -> None:
    def sloppy(asked: Asked) -> Answer:
        text = json.loads(asked.body)["messages"][1]["content"]
        return opinion(asked) if "cannot be used" in text else opinion(asked, score=250)

    served.give(CHAT, sloppy)

    scores = judged(live(served, database))

    assert len(served.requests) == 6
    assert all(score.judge == "model" for score in scores.values())
    answers = PostgresModelAnswers(database)
    recorded = Fallover([Recorded(answers)], lambda: NOON, timedelta(seconds=9))
    assert judged(recorded) == scores


def test_nonsense_over_the_wire_leaves_the_judging_to_the_rules(
    served: Served, database: Database
) -> None:
    served.give(CHAT, completion("I would rather write a poem."))

    for agent, score in judged(live(served, database)).items():
        rules = EXPERTS[agent].judge(SEEN)
        assert score.fell_back
        assert (score.value, score.factors) == (rules.value, rules.factors)
        assert "its answers could not be used" in score.reasoning


def test_a_model_that_fails_stops_the_run_unless_the_rules_stand_in_the_order(
    served: Served, database: Database
) -> None:
    served.give(CHAT, refusal(500, "upstream"))

    with pytest.raises(ModelsUnavailable, match="500"):
        judged(live(served, database))
    scores = judged(live(served, database), or_rules=True)

    assert all(score.fell_back and score.request for score in scores.values())
    assert all("none answered" in score.reasoning for score in scores.values())


def test_an_answer_in_words_over_the_wire_is_held_against_the_facts(
    served: Served, database: Database
) -> None:
    def honest(asked: Asked) -> Answer:
        text = json.loads(asked.body)["messages"][1]["content"]
        rows = [json.loads(line) for line in text.split("\n") if line.startswith('{"ref"')]
        row = next(row for row in rows if row["what"] == "price of BTC in USDT")
        said = {"answer": f"比特币现价 {row['value']} USDT。", "facts": [row["ref"]]}
        return completion(json.dumps(said))

    served.give(CHAT, honest)
    world = replace(a_world(), models=live(served, database))

    reply = ask(world, "比特币多少钱？")

    assert (reply.answer, reply.by) == ("比特币现价 45,012.37 USDT。", "openai/gpt-4.1-mini")
    assert reply.cost == PRICE.cost(130, 18)
    (used,) = PostgresUsage(database).totals(Grouping.USER, since=WALL, until=WALL + DAY)
    assert (used.key, used.calls) == ("ada", 1)


def test_a_chat_over_the_cap_is_refused_before_anything_is_asked(
    served: Served, database: Database
) -> None:
    served.give(CHAT, completion())
    world = replace(a_world(), models=live(served, database, cap="0.0001"))

    reply = ask(world, "what is BTC at?")

    assert reply.spent is not None
    assert reply.spent.budget.startswith("user ada")
    assert reply.answer.startswith("BTC is at 45,012.37")
    assert served.requests == []
