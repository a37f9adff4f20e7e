"""A model's answer may hold no number that it does not cite, however it is written."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.questioning import Unusable
from automoney.workflows.chat.asked import Language
from automoney.workflows.chat.checking import read_answer, referred, row
from automoney.workflows.chat.fact import Fact, Kind, Unit
from automoney.workflows.chat.holding import hold

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)


def fact(value: Decimal | datetime | str, unit: Unit, what: str = "it") -> Fact:
    return Fact(Kind.SCORE, "x", what, value, unit, NOON, "hodl-wave:2025-11-05T12:00Z", "BTC")


PRICE = fact(Decimal("45012.37"), Unit.MONEY)
SCORE = fact(Decimal("-12.5"), Unit.POINTS)
SHARE = fact(Decimal("0.1474"), Unit.SHARE)
AGE = fact(Decimal("620.3"), Unit.AGE)
YIELD = fact(Decimal("4.11"), Unit.NUMBER, "10-year treasury yield, percent")
NEXT = fact(datetime(2025, 11, 5, 16, tzinfo=UTC), Unit.TIME)
ALL = (PRICE, SCORE, SHARE, AGE, YIELD, NEXT)


@pytest.mark.parametrize(
    "text",
    [
        "BTC is at 45,012.37 USDT.",
        "RSI(14) and EMA21 of M2 say little.",
        "BTC is at 45012 USDT, about 45 thousand or 45k.",
        "比特币约 4.5万 USDT。",
        "The score of -12.50 is negative; it fell by 12.5 points.",
        "You hold 14.7 %, or 14.74 percent, or 0.147 of it.",
        "The 10-year yield of 4.1% is 26 d old.",
        "On 2025-11-05 at 12:00 it ran; next at 2025-11-05 16:00 UTC.",
        "One agent is against it, two are not.",
        "三个代理中有一个反对。",
        "Nothing to count here.",
        "４５，０１２ in other digits",
    ],
)
def test_what_the_facts_say_may_be_said(text: str) -> None:
    assert hold(text, ALL).uncited == ()


@pytest.mark.parametrize(
    "text",
    [
        "BTC is at 1,000,000 USDT.",
        "BTC is at 46 thousand.",
        "BTC is at 45012.37 million.",
        "BTC is at 45.012.370",
        "BTC is at 45 012 370",
        "BTC is at 4e9",
        "BTC is at 4^11, or 4 x 10",
        "The score is +12.5.",
        "You hold 15 %.",
        "It is at 10, 14 or 100.",
        "You hold 1474 %.",
        "In 2025 it rose.",
        "It runs at 17:00.",
        "It runs at 12:05.",
        "A million dollars.",
        "You have five BTC.",
        "twenty-five",
        "一百万美元",
        "涨了三倍",
        "您有五个比特币",
        "百分之五",
        "١٠٠ coins",
        "1️⃣0️⃣0️⃣",
        "10²",
        "½",
        "005",
        "BTC1000000",
    ],
)
def test_what_they_do_not_say_may_not(text: str) -> None:
    assert hold(text, ALL).uncited


@given(st.decimals(-(10**7), 10**7, places=4, allow_nan=False))
def test_a_number_of_another_size_is_never_taken_for_a_fact(number: Decimal) -> None:
    close = any(
        abs(abs(number) - value) <= Decimal("0.0001")
        for value in map(Decimal, ("45012.37", "12.5", "0.1474", "0.147", "620.3", "26", "4.11"))
    ) or abs(number) in (10, Decimal("14.7"))
    assert close or hold(f"it is {abs(number):.4f} now", ALL).uncited


FACTS = referred(ALL)
GOOD = {"answer": "BTC is at 45,012.37.", "facts": ["f1"]}


def test_a_good_answer_names_its_facts() -> None:
    said = read_answer(json.dumps(GOOD), FACTS, Language.ENGLISH)

    assert (said.text, said.facts) == ("BTC is at 45,012.37.", (PRICE,))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"facts": ["f2"]}, "none of the facts you cite: 45,012.37"),
        ({"facts": []}, "none of the facts you cite"),
        ({"facts": ["f1", "f5", "f2"]}, "cited, but are not in the answer: f5, f2"),
        ({"facts": ["f99"]}, "a reference that was not given"),
        ({"facts": [1]}, "a reference that was not given"),
        ({"facts": "f1"}, "facts has to be a list"),
        ({"answer": ""}, "1 to 2000 characters"),
        ({"answer": "\u200b \u202e"}, "1 to 2000 characters"),
        ({"answer": "x" * 2001}, "1 to 2000 characters"),
        ({"answer": 7}, "has to be"),
        ({"order": "BUY"}, "has to be"),
        ({"answer": "See https://example.com"}, "no links"),
    ],
)
def test_anything_else_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(Unusable, match=complaint):
        read_answer(json.dumps({**GOOD, **changes}), FACTS, Language.ENGLISH)


def test_a_chinese_question_gets_a_chinese_answer() -> None:
    with pytest.raises(Unusable, match="in Chinese"):
        read_answer(json.dumps(GOOD), FACTS, Language.CHINESE)


def test_a_model_is_told_values_and_no_ids() -> None:
    assert row("f1", PRICE) == {
        "ref": "f1",
        "asset": "BTC",
        "what": "it",
        "value": "45,012.37",
        "at": "2025-11-05 12:00",
    }
