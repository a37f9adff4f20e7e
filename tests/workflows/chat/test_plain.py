"""The rules' answers: right by the facts, and without a number that is not cited."""

from datetime import timedelta
from decimal import Decimal
from string import Formatter

import pytest

from automoney.agents import intraday, macro, onchain, technical
from automoney.agents.model_judge import EXPERTS
from automoney.market.series import SERIES
from automoney.ports import Pause
from automoney.trading.orders import Refused, Rule
from automoney.workflows.chat import chinese, english
from automoney.workflows.chat.conversation import Reply
from automoney.workflows.chat.fact import Kind
from automoney.workflows.chat.holding import hold
from tests.api.fakes_api import NOON, World
from tests.workflows.chat.rooms import RUN, a_world, ask, decision

QUESTIONS = (
    "Why did it not buy?",
    "What do the agents think?",
    "How is my portfolio?",
    "What did it trade?",
    "What is the price?",
    "How old is the data?",
    "What would it take to buy or sell?",
    "When does it run next?",
    "What are the fees?",
    "Take a fresh look",
    "help",
    "mumble",
    "DOGE?",
    "为什么没有买入？",
    "代理们怎么看？",
    "我的持仓",
    "最近的成交",
    "价格",
    "数据",
    "怎样才会买入",
    "下次运行",
    "手续费",
    "帮助",
    "天气",
    "狗狗币",
)


def loose(reply: Reply) -> list[object]:
    """What is said and not cited, or cited and not said."""
    held = hold(reply.answer, reply.citations)
    return [*held.uncited, *held.unused]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("user", ["ada", "bob"])
def test_every_number_of_every_answer_is_cited(question: str, user: str) -> None:
    reply = ask(a_world(), question, user=user)

    assert reply.answer
    assert loose(reply) == []
    assert reply.by == "rules"
    assert reply.cost == 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_before_anything_is_known_there_is_an_answer_too(question: str) -> None:
    reply = ask(World(), question, user="bob")

    assert reply.answer
    assert loose(reply) == []


@pytest.mark.parametrize("rule", [*Rule, None])
@pytest.mark.parametrize("question", ["Why?", "为什么？"])
def test_why_is_said_for_every_rule(rule: Rule | None, question: str) -> None:
    world = a_world()
    world.history.rows["decisions", "ada"] = [decision("BTC", rule)]

    reply = ask(world, f"{question} BTC")

    assert "+14.40" in reply.answer
    assert loose(reply) == []
    conviction = next(fact for fact in reply.citations if fact.name == "decision.conviction")
    assert (conviction.kind, conviction.id) == (Kind.DECISION, RUN)


@pytest.mark.parametrize("reason", Refused)
def test_an_order_that_was_refused_is_told_with_the_reason(reason: Refused) -> None:
    world = a_world()
    world.history.rows["decisions", "ada"] = [decision("BTC", "buy", "BUY", reason)]

    assert english.WORDS[reason] in ask(world, "why BTC?").answer
    assert chinese.WORDS[reason] in ask(world, "为什么 BTC?").answer


def test_why_names_the_decision_the_bounds_and_the_agents() -> None:
    reply = ask(a_world(), "Why did it not buy BTC?")

    assert reply.answer.startswith(
        "At 2025-11-05 12:00 UTC it neither bought nor sold BTC: the conviction of +14.40 lies"
        " between -20.00, where it sells, and +20.00, where it buys. The macro agent says +12.50"
        " and counts 50.0 %. The on-chain agent says +41.00, degraded, and counts 20.0 %."
    )
    kinds = {fact.kind for fact in reply.citations}
    assert kinds == {Kind.DECISION, Kind.STRATEGY, Kind.SCORE}


def test_scores_of_a_later_run_are_not_given_as_reasons_of_an_earlier_decision() -> None:
    world = a_world()
    world.judge(NOON + timedelta(hours=4), macro=-60)
    world.now += timedelta(hours=4)

    answer = ask(world, "why BTC?").answer

    before, after = answer.index("2025-11-05 12:00"), answer.index("run of 2025-11-05 16:00")
    assert before < after < answer.index("-60.00")


def test_who_does_not_follow_is_told_so_and_sees_no_other_users_data() -> None:
    reply = ask(a_world(), "Why, and how is my portfolio, and my trades?", user="bob")

    assert "You do not follow HODL-Wave" in reply.answer
    assert "no account yet" in reply.answer
    assert "45,022" not in reply.answer
    assert "0.5 BTC" not in reply.answer


def test_a_portfolio_is_told_with_every_holding() -> None:
    reply = ask(a_world(), "How is my portfolio?")

    assert "worth 102,506.18 USDT, of which 80,000.00 is cash" in reply.answer
    assert "You hold 0.5 BTC, worth 22,506.18 USDT (22.0 %)" in reply.answer
    cited = {fact.name: fact.value for fact in reply.citations}
    assert cited["equity"] == Decimal("102506.185")


def test_what_it_takes_is_the_distance_and_each_agents_own_way() -> None:
    reply = ask(a_world(), "What would it take to sell BTC?")

    # conviction 26.45 = 0.5 * 12.5 + 0.2 * 41 + 0.3 * 40
    assert "it has to fall by 46.45 from +26.45 to -20.00" in reply.answer
    assert "If only the macro score moved, it would have to fall by 92.9." in reply.answer
    assert "technical score moved" not in reply.answer, "it cannot fall by 154.84 from 40"


def test_data_are_told_with_age_and_whether_they_are_stale() -> None:
    answer = ask(a_world(), "How old is the data on ETH?").answer

    assert "ETH is at 3,200.50 USDT, 2 min old, from binance." in answer
    assert "MVRV: 1.31 (9 days old, stale)." in answer
    assert "federal funds rate: 4.33 (20 days old)." in answer
    assert "Fear & Greed: 50 (filled in, not the source's own)." in answer


def test_a_pause_is_told_with_its_reason() -> None:
    world = a_world()
    world.pauses.pause(Pause("hodl-wave", None, NOON, "no model answers", "engine"))
    world.pauses.pause(Pause("hodl-wave", "ada", NOON, "holidays", "ada"))

    answer = ask(world, "When does it run next?").answer

    assert "It is paused as a whole: no model answers." in answer
    assert "You have paused it for yourself: holidays." in answer


def test_an_unknown_coin_is_named_and_the_watched_ones_too() -> None:
    assert ask(a_world(), "price of DOGE").answer == (
        "Nothing is known about DOGE. Watched are: BTC, ETH."
    )
    both = ask(a_world(), "price of DOGE and BTC").answer
    assert both.startswith("Nothing is known about DOGE.")
    assert "BTC is at 45,012.37 USDT" in both


# ---------------------------------------------------------------- the tables of words


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    assert english.SENTENCES.keys() == chinese.SENTENCES.keys()
    for name, sentence in english.SENTENCES.items():
        assert places(sentence) == places(chinese.SENTENCES[name]), name


def test_no_sentence_holds_a_number() -> None:
    for table in (english.SENTENCES, chinese.SENTENCES):
        for sentence in table.values():
            assert not hold(Formatter().vformat(sentence, (), _Blank()), ()).uncited


class _Blank(dict[str, str]):
    def __missing__(self, _: str) -> str:
        return ""


@pytest.mark.parametrize("table", [english.WORDS, chinese.WORDS], ids=["en", "zh"])
def test_every_series_factor_and_agent_has_a_name(table: dict[str, str]) -> None:
    tables = (
        macro.RULES,
        onchain.RULES_BY_Z,
        onchain.RULES_BY_RATIO,
        technical.RULES,
        intraday.RULES,
    )
    factors = {rule.name for rules in tables for rule in rules}

    assert {*SERIES, *factors, *EXPERTS} <= table.keys()
