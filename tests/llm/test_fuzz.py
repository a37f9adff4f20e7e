"""Whatever bytes a provider sends, the question is answered or fails as one of our errors."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from automoney.errors import ModelsUnavailable
from automoney.llm.budgets import Caps
from automoney.llm.counted import Counted
from automoney.llm.fallover import Fallover
from automoney.llm.provider import Provider
from automoney.llm.worst import most_tokens
from automoney.model_prices import PRICES
from automoney.ports import Answer as ModelAnswer
from tests.builders import NOON
from tests.fakes import FakeAlerts
from tests.llm.builders import SPENDER, question
from tests.llm.fakes import MemorySpending
from tests.llm.wire import CHAT, CONVERSE, KEY, bedrock, completion, converse, openai
from tests.sources.served import Answer, Served, StoredBreaker, spoken

BODIES = 400  # a provider
PRICE = PRICES["gpt-4.1-mini"]
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**30, "", "x" * 5_000, "\0\ud800", KEY),
    *([], {}, [[]], [None], {"": {}}, {"error": KEY}, {"message": 7}, float("nan")),
)
TYPES = ("application/json", "application/json", "text/html", "", "application/json; charset=x")
STATUSES = (200, 200, 200, 200, 201, 204, 301, 400, 401, 404, 418, 422, 429, 500, 503, 599)


def changed(body: Any, random: Random) -> Any:
    """`body` with one of its members, at any depth, replaced, dropped, or doubled."""
    if isinstance(body, dict) and body and random.random() < 0.8:
        name = random.choice(sorted(body))
        if random.random() < 0.15:
            return {key: value for key, value in body.items() if key != name}
        return {**body, name: changed(body[name], random)}
    if isinstance(body, list) and body and random.random() < 0.8:
        return [changed(body[0], random), *body[1:]] * random.choice((1, 1, 2))
    return random.choice(ODD)


def garbled(text: bytes, random: Random) -> bytes:
    """`text` with bytes cut out, turned, or put in."""
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        kind = random.randrange(3)
        cut = text[at + random.randint(0, 9) :] if kind == 0 else text[at:]
        more = random.randbytes(random.randint(1, 4)) if kind == 1 else b""
        text = text[:at] + more + cut
    return text


def odd_answer(good: Answer, random: Random) -> Answer:
    body = good.body
    for _ in range(random.randint(0, 3)):
        body = json.dumps(changed(json.loads(body), random)).encode()
    if random.random() < 0.3:
        body = garbled(body, random)
    if random.random() < 0.05:
        body = random.randbytes(random.randint(0, 200))
    status = random.choice(STATUSES)
    headers = {"Retry-After": random.choice(["1", "-5", "soon", "99999999999"])}
    return Answer(
        b"" if status == 204 else body,
        status,
        random.choice(TYPES),
        headers if random.random() < 0.2 else {},
    )


def models(provider: Provider, spending: MemorySpending) -> Fallover:
    # A breaker of its own each time: one that had opened would keep the rest from being asked.
    counted = Counted(
        provider,
        PRICE,
        Caps(run=Decimal(1_000), day=Decimal(1_000), user=Decimal(1_000)),
        spending,
        spending,
        StoredBreaker(),
        FakeAlerts(),
        lambda: NOON,
        timeout=timedelta(seconds=5),
        pause=timedelta(seconds=60),
    )
    return Fallover([counted], lambda: NOON, timedelta(seconds=9))


@pytest.mark.parametrize(
    ("made", "path", "good"),
    [(openai, CHAT, completion()), (bedrock, CONVERSE, converse())],
    ids=["openai", "bedrock"],
)
def test_any_bytes_give_an_answer_or_one_of_our_errors(
    served: Served,
    made: Callable[[Served], Provider],
    path: str,
    good: Answer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    random = Random(20_250_908)
    provider, spending = made(served), MemorySpending()
    outcomes: dict[str, int] = {"answered": 0, "failed": 0}
    for number in range(BODIES):
        served.give(path, odd_answer(good, random))
        asked = question(f"question {number}")
        most = most_tokens(asked)
        try:
            answer = models(provider, spending).ask(asked, SPENDER)
        except ModelsUnavailable as error:
            outcomes["failed"] += 1
            assert KEY not in spoken(error)
        else:
            outcomes["answered"] += 1
            assert isinstance(answer, ModelAnswer)
            answer.text.encode()
            assert answer.text.strip()
            assert 0 <= answer.cost <= PRICE.cost(most.input, most.output)
    assert min(outcomes.values()) > BODIES / 20, outcomes
    assert KEY not in caplog.text
    # Each call was settled, for no more than was put aside, and says what became of it.
    assert not spending.reserved
    assert len(spending.calls) == BODIES
    for call in spending.calls:
        assert KEY not in (call.error or "")
        assert (call.error is None) == (call.outcome == "ok")
