"""What a question is about, by the words in it: ours to decide, no model has a say.  Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from automoney.market.assets import ASSETS
from automoney.trading.strategies import STRATEGIES


class Topic(StrEnum):
    """In the order in which they are answered."""

    TAKE = "take"  # what would it take to buy, or to sell
    WHY = "why"  # why did it do what it did
    AGENTS = "agents"  # what do the agents think
    TRADES = "trades"
    PORTFOLIO = "portfolio"
    PRICE = "price"
    DATA = "data"  # how old is what
    STRATEGY = "strategy"  # which, when next, paused or not
    COSTS = "costs"
    HELP = "help"


class Language(StrEnum):
    ENGLISH = "en"
    CHINESE = "zh"


@dataclass(frozen=True, slots=True)
class Asked:
    """`topics` is empty if no word was understood; `unknown` names coins that nobody watches.

    `assets` are those named, in the order of the watched ones; all of them if none is, and none if
    only others are.
    `strategy_id` is None if none is named.  `fresh` says that the words ask for a fresh look.
    """

    language: Language
    topics: tuple[Topic, ...]
    assets: tuple[str, ...]
    unknown: tuple[str, ...]
    strategy_id: str | None
    fresh: bool


_WORDS: Mapping[Topic, tuple[str, str]] = MappingProxyType(
    {
        Topic.TAKE: (
            r"what (would|will|does) it (take|need)|what (is|else is|'s) (missing|needed)"
            r"|when (would|will|does) (it|you|the strategy) (next )?(buy|sell)|how (far|close)\b"
            r"|(needed|needs?|have) to (happen|rise|fall|buy|sell)|before it (buys|sells)"
            r"|trigger|threshold",
            r"怎(么)?样才|什么情况下|什么条件|什么时候(才)?(会|能)?(买|卖)|何时(才)?(会|能)?(买|卖)"
            r"|还差|需要(什么|多少)|触发|门槛|阈值",
        ),
        Topic.WHY: (
            r"\bwhy\b|\breasons?\b|\bhow come\b|\bexplain|what made\b|last decision",
            r"为什么|为何|为啥|原因|理由|怎么没|解释|决定|决策",
        ),
        Topic.AGENTS: (
            r"\bagents?\b|\bjudges?\b|\bscores?\b|\bopinions?\b|\bthink\b|\bviews?\b|outlook"
            r"|\bmacro\b|on-?chain|\btechnical|conviction|bullish|bearish",
            r"代理|智能体|评分|打分|分数|得分|看法|怎么看|观点|宏观|链上|技术面|信心|看涨|看跌|认为",
        ),
        Topic.TRADES: (
            r"\btrades?\b|\btraded\b|\bbought\b|\bsold\b|\bfills?\b|\borders?\b"
            r"|did (it|you|we) (buy|sell)",
            r"交易|成交|买了|卖了|买过|卖过|订单",
        ),
        Topic.PORTFOLIO: (
            r"portfolio|holdings?\b|\bhold\b|\bpnl\b|p&l|\bprofits?\b|\bloss(es)?\b|\bworth\b"
            r"|equity|\bbalance|\bcash\b|\bmy money\b|\bpositions?\b|how am i doing|\breturns?\b",
            r"组合|持仓|仓位|持有|盈亏|收益|利润|亏损|资产|余额|现金|我有多少|账户|净值|赚|赔",
        ),
        Topic.PRICE: (
            r"\bprices?\b|how much (is|does|are)|\bquotes?\b|trading at"
            r"|what('s| is) [a-z ]{1,20} (at|worth)\b",
            r"价格|多少钱|现价|行情|报价|币价",
        ),
        Topic.DATA: (
            r"\bdata\b|\bages?\b|how old|\bstale\b|fresh(ness)?\b|\bsources?\b|up to date"
            r"|\breadings?\b|\bmetrics?\b",
            r"数据|新鲜|过期|来源|指标|更新",
        ),
        Topic.STRATEGY: (
            r"strateg|next run|\bwhen\b|schedule|how often|\bweights?\b|\bpaused?\b|\bresumed?\b"
            r"|\bfollow",
            r"策略|下次|下一次|何时|什么时候|多久|计划|权重|暂停|恢复|跟随",
        ),
        Topic.COSTS: (
            r"\bfees?\b|\bcosts?\b|slippage|commissions?\b|\bcharges?\b",
            r"手续费|费用|费率|滑点|成本|花费",
        ),
        Topic.HELP: (
            r"\bhelp\b|what can (you|i)|what do you (do|know)|\bhello\b|\bhi\b",
            r"帮助|能做什么|怎么用|会什么|可以问|你好",
        ),
    }
)
# Who asks for one of these uses words of the others without meaning them.
_SWALLOWS: Mapping[Topic, frozenset[Topic]] = MappingProxyType(
    {
        Topic.TAKE: frozenset({Topic.WHY, Topic.AGENTS, Topic.TRADES, Topic.STRATEGY}),
        Topic.WHY: frozenset({Topic.AGENTS, Topic.TRADES, Topic.STRATEGY}),
        Topic.COSTS: frozenset({Topic.PRICE, Topic.TRADES}),
        Topic.DATA: frozenset({Topic.STRATEGY}),
        Topic.TRADES: frozenset({Topic.STRATEGY}),
        Topic.PORTFOLIO: frozenset({Topic.STRATEGY}),
    }
)
_MOST_TOPICS = 3

_FRESH = re.compile(
    r"\bfresh (look|run|view|judgement|scores?)\b|\b(look|judge|check|analy[sz]e|run)( it| them)?"
    r" (again|now|afresh)\b|\bre-?(run|evaluate|analy[sz]e)\b|\bnew (look|run|analysis)\b"
    r"|重新(评估|分析|判断|运行|看|跑)|再(看|评估|分析|跑|判断)一?(次|下|遍)|刷新|(立即|现在|马上)(评估|分析|运行|判断)"
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ALIASES = {
    "BTC": ("xbt", "比特币", "大饼"),
    "ETH": ("ether", "以太坊", "以太币", "以太"),
}
_OTHERS = {
    "ADA": ("cardano", "艾达币"),
    "AVAX": ("avalanche",),
    "BCH": ("bitcoin cash", "比特现金"),
    "BNB": ("binance coin", "币安币"),
    "DOGE": ("dogecoin", "狗狗币"),
    "DOT": ("polkadot", "波卡"),
    "LINK": ("chainlink",),
    "LTC": ("litecoin", "莱特币"),
    "MATIC": ("polygon",),
    "PEPE": (),
    "SHIB": ("shiba", "shiba inu", "柴犬币"),
    "SOL": ("solana",),
    "TON": ("toncoin",),
    "TRX": ("tron", "波场"),
    "XMR": ("monero", "门罗币"),
    "XRP": ("ripple", "瑞波币"),
}
_TICKER = re.compile(r"\$([A-Za-z]{2,6})\b|\b([A-Z]{2,6})[-/]?USDT?\b")


def understand(question: str, watched: Collection[str]) -> Asked:
    """What `question` asks for; `watched` are the assets that there is data of."""
    text = question.lower()
    language = Language.CHINESE if _CHINESE.search(text) else Language.ENGLISH
    named, unknown = _coins(question, watched)
    fresh = _FRESH.search(text) is not None
    topics = _topics(text)
    if not topics and (named or fresh):
        # Nothing but a name, or to look again: what there is to say in short.
        topics = (Topic.AGENTS, Topic.PRICE)
    return Asked(
        language=language,
        topics=topics,
        assets=named or (() if unknown else tuple(watched)),
        unknown=unknown,
        strategy_id=_strategy(text),
        fresh=fresh,
    )


def _topics(text: str) -> tuple[Topic, ...]:
    found = [
        topic
        for topic, (english, chinese) in _WORDS.items()
        if re.search(english, text) or re.search(chinese, text)
    ]
    swallowed = frozenset().union(*(_SWALLOWS.get(topic, frozenset()) for topic in found))
    return tuple(topic for topic in found if topic not in swallowed)[:_MOST_TOPICS]


def _strategy(text: str) -> str | None:
    for strategy in STRATEGIES.values():
        if _says(text, (strategy.id, strategy.id.replace("-", " "), strategy.name.lower())):
            return strategy.id
    return None


def _coins(question: str, watched: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Watched assets that are named, and what else looks like a coin."""
    text = question.lower()
    names = {
        code: (code.lower(), asset.name.lower(), *_ALIASES.get(code, ()))
        for code, asset in ASSETS.items()
    } | {code: (code.lower(), *names) for code, names in _OTHERS.items() if code not in ASSETS}
    # A short ticker may be a word as well ("link", "dot", "ton"): of those only capitals count.
    found = {
        code
        for code, words in names.items()
        if _says(text, words[1:])
        or (_says(text, words[:1]) if code in ASSETS else _says(question, (code,)))
    }
    if "BCH" in found and not re.search(r"bitcoin(?! cash)|\bbtc\b|比特币", text):
        found.discard("BTC")
    found |= {(one[1] or one[2]).upper() for one in _TICKER.finditer(question)}
    known = tuple(asset for asset in watched if asset in found)
    return known, tuple(sorted(found - set(watched)))


def _says(text: str, words: Iterable[str]) -> bool:
    """Whether any of the words is in the text, whole if it is of Latin letters."""
    return any(
        re.search(rf"(?<![a-zA-Z0-9]){re.escape(word)}(?![a-zA-Z0-9])", text)
        if word.isascii()
        else word in text
        for word in words
    )
