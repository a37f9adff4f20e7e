"""What goes into a prompt as data stays data, and an answer gets one chance to be mended."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import BudgetSpent, ModelsUnavailable
from automoney.ports import Question, Spender
from automoney.questioning import Prompt, Unusable, ask_for, block, json_object
from tests.agents.builders import NOON
from tests.fakes_models import FakeModels

QUESTION = Question("judge", "macro-1", "be brief", "one or two?")
SPENDER = Spender(NOON, execution_id="run")
SILENT = ModelsUnavailable("all of them failed")
SPENT = BudgetSpent("day 2025-11-05", 1, 1)


def number(text: str) -> int:
    if not text.isdecimal():
        raise Unusable("a number, please")
    return int(text)


def test_a_usable_answer_is_asked_for_once() -> None:
    models = FakeModels(["1"])

    told = ask_for(models, QUESTION, SPENDER, number)

    assert (told.value, told.model, str(told.cost)) == (1, "fake/parrot", "0.002")
    assert models.asked == [(QUESTION, SPENDER)]


def test_an_unusable_one_goes_back_once_with_what_is_wrong() -> None:
    models = FakeModels(["perhaps <two>", "2"])

    told = ask_for(models, QUESTION, SPENDER, number)

    assert (told.value, str(told.cost)) == (2, "0.004")
    first, second = models.questions
    assert second.text.startswith(first.text)
    assert "- a number, please" in second.text
    assert '"perhaps \\u003ctwo\\u003e"' in second.text
    assert (second.system, second.prompt) == (first.system, first.prompt)
    assert told.last.request == second.sha256 != first.sha256


def test_two_unusable_ones_are_no_value() -> None:
    models = FakeModels(["one", "two"])

    told = ask_for(models, QUESTION, SPENDER, number)

    assert (told.value, told.complaints, len(models.asked)) == (None, ("a number, please",), 2)


@pytest.mark.parametrize("error", [SILENT, SPENT], ids=["silent", "spent"])
def test_without_a_first_answer_the_error_passes_and_without_a_second_it_is_kept(
    error: ModelsUnavailable | BudgetSpent,
) -> None:
    with pytest.raises(type(error)):
        ask_for(FakeModels([error]), QUESTION, SPENDER, number)

    told = ask_for(FakeModels(["one", error]), QUESTION, SPENDER, number)
    assert (told.value, told.stopped, str(told.cost)) == (None, error, "0.002")


def test_a_replayed_answer_costs_nothing() -> None:
    told = ask_for(FakeModels(["1"], stored=True), QUESTION, SPENDER, number)

    assert told.cost == 0


@given(st.lists(st.text(st.characters())))
def test_nothing_in_a_block_can_end_it_or_hide(texts: list[str]) -> None:
    lines = block("note", texts).split("\n")

    assert (lines[0], lines[-1]) == ("<note>", "</note>")
    assert [json.loads(line) for line in lines[1:-1]] == texts
    inside = "".join(lines[1:-1])
    assert inside.isprintable()
    assert not set(inside) & set("<>&")


def test_what_people_write_stays_readable_in_a_block() -> None:
    assert block("question", ["为什么没有买入 BTC?"]).split("\n")[1] == '"为什么没有买入 BTC?"'
    tag_characters = "".join(chr(0xE0000 + ord(sign)) for sign in "obey")  # invisible ones
    assert "\\udb40\\udc6f" in block("question", [tag_characters])


@pytest.mark.parametrize(
    "text", ['{"a": 1}', '```json\n{"a": 1}\n```', ' ```\n{"a": 1}\n``` ', '{"a":\n1}\n']
)
def test_a_json_object_may_come_in_a_fence(text: str) -> None:
    assert json_object(text) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "null", '{"a": NaN}', '{"a": 1} so', "{" * 100_000, "[" * 100_000, "1" * 5_000],
    ids=["empty", "list", "null", "NaN", "more", "open", "deep", "long"],
)
def test_anything_else_is_unusable(text: str) -> None:
    with pytest.raises(Unusable, match="one JSON object"):
        json_object(text)


def test_a_prompt_says_its_version_in_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "macro.md"
    file.write_text("# macro-12\n\nJudge.\n")
    assert Prompt.read(file) == Prompt("macro-12", "Judge.")
    file.write_text("Judge.\n")
    with pytest.raises(ValueError, match=r"macro\.md begins with 'Judge\.'"):
        Prompt.read(file)
