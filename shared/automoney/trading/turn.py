"""One follower's part of a run: what the judgement means for him, decided, ordered and filled.

Pure, and all of it: a live run, a backtest and a check of a receipt call the same function.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automoney.market.candles import Mark
from automoney.quickly import quickly_made
from automoney.trading.account import Account
from automoney.trading.deciding import decide
from automoney.trading.filling import fill
from automoney.trading.judgement import Judgement, Signal
from automoney.trading.orders import Costs, Decision, Fill, Order, Rejection
from automoney.trading.portfolio import Portfolio
from automoney.trading.sizing import size
from automoney.trading.standing import Standing
from automoney.trading.strategies import Strategy

__all__ = ["Part", "Standing", "take_part"]


@quickly_made
@dataclass(frozen=True, slots=True)
class Part:
    """What came of it.  `before` is valued at the judgement's marks, `portfolio` at the fills'.

    Decisions come in the order of the judgement's views.  Each BUY or SELL among them has either a
    fill or a rejection; those come in the order they were tried in, sells first.
    """

    before: Portfolio
    decisions: Sequence[Decision]
    fills: Sequence[Fill]
    rejections: Sequence[Rejection]
    after: Account
    portfolio: Portfolio


def take_part(
    strategy: Strategy,
    judgement: Judgement,
    standing: Standing,
    *,
    marks: Mapping[str, Mark],
    costs: Costs,
) -> Part:
    """Decide on every asset, then sell before buying.

    Args:
        strategy: the judgement's.
        judgement: its views' marks are what the decisions are made at.
        standing: the follower's.
        marks: the first price after the slot of each asset of the judgement: what orders are
            filled at.  For anything else that he holds, the last price known at the slot: it is
            only valued.
        costs: those of the installation, if the follower has none of his own.

    Raises:
        DataMissing: something held has no mark.
    """
    account, views = standing.account, judgement.views
    before = account.portfolio({**marks, **{asset: view.mark for asset, view in views.items()}})
    paid = standing.guards.costs or costs
    decisions = [
        decide(strategy, view, before, standing, at=judgement.slot_at) for view in views.values()
    ]
    fills: list[Fill] = []
    rejections: list[Rejection] = []
    wanted = [decision for decision in decisions if decision.signal is not Signal.HOLD]
    for decision in sorted(wanted, key=lambda decision: decision.signal is not Signal.SELL):
        mark = marks[decision.asset]
        found = size(strategy, decision, account.portfolio(marks), mark, paid)
        if isinstance(found, Order):
            fills.append(fill(found, mark, paid))
            account = account.apply(fills[-1])
        else:
            rejections.append(found)
    return Part(before, decisions, fills, rejections, account, account.portfolio(marks))
