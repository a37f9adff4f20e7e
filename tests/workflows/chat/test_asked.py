"""What a question is about, in two languages, by the words in it."""

import pytest

from automoney.workflows.chat.asked import Asked, Language, Topic, understand

WATCHED = ("BTC", "ETH")


def asked(question: str) -> Asked:
    return understand(question, WATCHED)


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("Why did it not buy BTC?", "why"),
        ("explain your last decision", "why"),
        ("为什么没有买入比特币？", "why"),
        ("昨天为何卖出？", "why"),
        ("What do the agents think?", "agents"),
        ("Are you bullish on ether?", "agents"),
        ("代理们怎么看以太坊？", "agents"),
        ("How is my portfolio doing?", "portfolio"),
        ("what's my PnL", "portfolio"),
        ("Am I at a loss?", "portfolio"),
        ("我的盈亏是多少", "portfolio"),
        ("What did you trade this week?", "trades"),
        ("did it buy anything", "trades"),
        ("最近有什么成交", "trades"),
        ("What is the price of BTC?", "price"),
        ("how much is a bitcoin", "price"),
        ("What is bitcoin at?", "price"),
        ("比特币多少钱", "price"),
        ("How old is the data?", "data"),
        ("is the mvrv metric stale", "data"),
        ("数据有多新", "data"),
        ("What would it take to buy BTC?", "take"),
        ("When would it sell?", "take"),
        ("怎样才会买入", "take"),
        ("什么时候会卖", "take"),
        ("When is the next run?", "strategy"),
        ("is hodl-wave paused?", "strategy"),
        ("下次什么时候运行", "strategy"),
        ("What are the fees?", "costs"),
        ("手续费多少", "costs"),
        ("help", "help"),
        ("你好", "help"),
        ("How is my portfolio, and what is the price of ETH?", "portfolio price"),
        ("BTC?", "agents price"),
        ("asdf qwer", ""),
        ("今天天气如何", ""),
    ],
)
def test_the_topics_of_a_question(question: str, topics: str) -> None:
    assert asked(question).topics == tuple(map(Topic, topics.split()))


@pytest.mark.parametrize(
    ("question", "named", "unknown"),
    [
        ("why not BTC?", ("BTC",), ()),
        ("Bitcoin and Ethereum", ("BTC", "ETH"), ()),
        ("以太坊和比特币", ("BTC", "ETH"), ()),
        ("price of ether", ("ETH",), ()),
        ("something together", WATCHED, ()),
        ("and dogecoin?", (), ("DOGE",)),
        ("狗狗币怎么样", (), ("DOGE",)),
        ("BTC or SOL?", ("BTC",), ("SOL",)),
        ("follow this link to a ton of dots", WATCHED, ()),
        ("the price of $WIF", (), ("WIF",)),
        ("PEPEUSDT and BTC/USDT", ("BTC",), ("PEPE",)),
        ("what is my USDT worth", WATCHED, ()),
        ("bitcoin cash", (), ("BCH",)),
        ("bitcoin cash or bitcoin", ("BTC",), ("BCH",)),
    ],
)
def test_the_coins_of_a_question(
    question: str, named: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    assert (asked(question).assets, asked(question).unknown) == (named, unknown)


def test_an_asset_that_is_known_but_not_watched_is_unknown_here() -> None:
    found = understand("price of ETH", ("BTC",))
    assert (found.assets, found.unknown) == ((), ("ETH",))


@pytest.mark.parametrize(
    "question",
    [
        "Take a fresh look at BTC", "look again please", "re-run it", "analyse it now",
        "Run again!", "请重新评估一下", "再看一次", "刷新", "现在评估",
    ],
)  # fmt: skip
def test_words_that_ask_for_a_fresh_look(question: str) -> None:
    assert asked(question).fresh


@pytest.mark.parametrize(
    "question",
    ["Why did it run?", "How fresh is the data?", "what does it look like", "现在价格多少"],
)
def test_words_that_do_not(question: str) -> None:
    assert not asked(question).fresh


def test_the_language_is_that_of_the_question() -> None:
    assert asked("BTC 怎么样").language is Language.CHINESE
    assert asked("wie geht's?").language is Language.ENGLISH


def test_a_strategy_may_be_named() -> None:
    assert asked("when does HODL-Wave run").strategy_id == "hodl-wave"
    assert asked("when does hodl wave run").strategy_id == "hodl-wave"
    assert asked("when does it run").strategy_id is None
