"""From settings to an answer: everything real, the providers on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from automoney import wiring
from automoney.encoding import canonical
from automoney.errors import ModelsUnavailable
from automoney.llm.recorded import AnswersFolder
from automoney.ports import Grouping, Models, Spender
from benchmarks.imports import ROOT
from tests.builders import NOON
from tests.llm.builders import RUN, kept_answer, question
from tests.llm.wire import BEDROCK_MODEL, CHAT, CONVERSE, KEY, SAID, completion, converse, refusal
from tests.sources.served import Served


@pytest.fixture
def environment(database_url: str, served: Served) -> Iterator[dict[str, str]]:
    yield {
        "AUTOMONEY_DATABASE_URL": database_url,
        "AUTOMONEY_OPENAI_URL": f"{served.url}/v1",
        "AUTOMONEY_OPENAI_KEY": KEY,
        "AUTOMONEY_BEDROCK_URL": served.url,
        "AUTOMONEY_BEDROCK_MODEL": BEDROCK_MODEL,
        "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
        "AWS_SECRET_ACCESS_KEY": KEY,
    }
    wiring.leave()
    wiring.use({})


def wired(environment: dict[str, str], order: str, **more: str) -> Models:
    wiring.use({**environment, "AUTOMONEY_MODELS": order, **more})
    wiring.migrate()
    models = wiring.models()
    assert models is not None
    return models


def now() -> Spender:
    return Spender(wiring.clock(), RUN)


def test_bedrock_fails_openai_answers_and_then_it_is_replayed(
    environment: dict[str, str], served: Served
) -> None:
    served.give(CHAT, completion())
    models = wired(environment, "bedrock,openai,rules")
    answer = models.ask(question(), now())
    assert (answer.provider, answer.model, answer.text) == ("openai", "gpt-4.1-mini", SAID)
    assert len(served.asked(CONVERSE)) == 1  # boto3 does not try again by itself
    ever = (NOON.replace(year=2020), NOON.replace(year=2100))
    by_provider = wiring.model_usage().totals(Grouping.PROVIDER, since=ever[0], until=ever[1])
    assert [(used.key, used.failed) for used in by_provider] == [
        ("openai/gpt-4.1-mini", 0),
        (f"bedrock/{BEDROCK_MODEL}", 1),
    ]

    served.forget()
    replayed = wired(environment, "recorded").ask(question(), now())
    assert (replayed.text, replayed.provider, replayed.stored) == (SAID, "openai", True)
    assert replayed.cost == Decimal(0)
    assert served.requests == []
    with pytest.raises(ModelsUnavailable, match="recorded: has no answer for judge"):
        wired(environment, "recorded").ask(question("another"), now())


def test_bedrock_answers(environment: dict[str, str], served: Served) -> None:
    served.give(CONVERSE, converse())
    models = wired(environment, "bedrock")
    assert models.ask(question(), now()).text == SAID
    assert models.probe(now=wiring.clock())


def test_a_folder_of_answers_needs_no_database(environment: dict[str, str], tmp_path: Path) -> None:
    AnswersFolder(tmp_path).put(kept_answer())
    wiring.use({"AUTOMONEY_MODELS": "recorded", "AUTOMONEY_MODEL_ANSWERS": str(tmp_path)})
    models = wiring.models()
    assert models is not None
    assert models.ask(question(), now()).text == kept_answer().answer.text


def test_a_model_that_is_down_is_probed_in_vain(
    environment: dict[str, str], served: Served
) -> None:
    served.give(CHAT, refusal(500, "oops"))
    assert not wired(environment, "openai,rules").probe(now=wiring.clock())


def test_where_the_rules_judge_there_is_no_model_and_nothing_is_imported_for_one() -> None:
    tell = (
        "import sys; from automoney import wiring; wiring.use({}); assert wiring.models() is None;"
        "print(sorted(name for name in sys.modules if 'automoney.llm' in name or name == 'httpx'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", tell],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"},
    )
    assert told.stdout.strip() == "[]"


def test_a_question_has_one_name_for_ever() -> None:
    """Stored answers are found by it: whoever changes its form loses them all."""
    assert question().sha256 == ("262c944a174031bdbc37692c915d7cfef5fa986ba4d2c8acd76f7a4e26409d5b")
    assert canonical(question()).startswith(b'{"max_tokens":500,"prompt":"macro-1"')
