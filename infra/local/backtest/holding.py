"""What doing without a strategy comes to: buy and hold, and buying a little every week.

Both pay the same costs, at the same first prices, with the sizing that everyone's orders have.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from automoney.errors import SourceUnavailable
from automoney.market.candles import Mark
from automoney.trading.account import Account, account_from
from automoney.trading.bookkeeping import deposit_entry
from automoney.trading.filling import fill
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Decision, Fill, Order, Rule
from automoney.trading.sizing import size
from automoney.trading.strategies import Strategy
from infra.local.backtest.tape import RecordedTrades

WEEK = timedelta(weeks=1)


@dataclass(slots=True)
class Course:
    """An account's way: how it stood from each of the times on, its fills, and when it decided."""

    times: list[datetime] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    decided: list[datetime] = field(default_factory=list)

    def note(self, at: datetime, account: Account) -> None:
        """From `at` on it stands like this."""
        self.times.append(at)
        self.accounts.append(account)

    def before(self, at: datetime) -> Account:
        """How it stood just before `at`; at its beginning, how it began."""
        return self.accounts[max(bisect_left(self.times, at) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Holding:
    """Buys `assets` in equal parts and never sells."""

    strategy: Strategy  # whose smallest order counts
    assets: Sequence[str]
    paper_money: Decimal
    costs: Costs
    trades: RecordedTrades

    def buy_and_hold(self, begins: datetime) -> Course:
        """All the money at the first price."""
        return self._buy([begins])

    def dca(self, begins: datetime, ends: datetime) -> Course:
        """Dollar-cost averaging: equal instalments every week from `begins` on, until `ends`."""
        weeks = -((begins - ends) // WEEK)
        return self._buy([begins + week * WEEK for week in range(max(weeks, 1))])

    def _buy(self, times: Sequence[datetime]) -> Course:
        account = account_from([deposit_entry(self.paper_money, times[0])])
        course = Course()
        course.note(times[0], account)
        for left, at in zip(range(len(times), 0, -1), times, strict=True):
            try:
                marks = {asset: self.trades.now(asset, at) for asset in self.assets}
            except SourceUnavailable:
                continue  # nobody trades: what was meant for this week is left for the others
            spend = account.cash / left / len(self.assets)
            for asset in self.assets:
                course.decided.append(at)
                order = self._order(account, asset, spend, marks)
                if order is not None:
                    course.fills.append(fill(order, marks[asset], self.costs))
                    account = account.apply(course.fills[-1])
            course.note(at, account)
        return course

    def _order(
        self, account: Account, asset: str, spend: Decimal, marks: dict[str, Mark]
    ) -> Order | None:
        portfolio = account.portfolio(marks)
        held = portfolio.weight(asset)
        wanted = Decision(
            asset,
            Signal.BUY,
            Decimal(100),
            weight=held,
            target_weight=min(held + spend / portfolio.equity, Decimal(1)),
            reasoning="bought whatever comes",
            rule=Rule.BUY,
        )
        found = size(self.strategy, wanted, portfolio, marks[asset], self.costs)
        return found if isinstance(found, Order) else None
