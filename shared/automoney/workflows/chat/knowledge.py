"""What is known when a question comes: read once, from the stores that the API reads too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.errors import DataMissing
from automoney.market.assets import ASSETS
from automoney.market.candles import Mark
from automoney.ports import Books, Executions, Follower, History, Pause, Pauses
from automoney.trading.judgement import Judgement
from automoney.trading.orders import Costs
from automoney.trading.portfolio import Portfolio
from automoney.trading.strategies import HODL_WAVE, STRATEGIES, Strategy
from automoney.workflows.chat.asked import Asked
from automoney.workflows.market_view import MarketView
from automoney.workflows.pausing import pause_in_force
from automoney.workflows.pricing import Pricing

_DECISIONS = 20  # rows looked through for the newest of each asset
_TRADES = 3


@dataclass(frozen=True, slots=True)
class Known:
    """`now` is the market's time.  Rows and readings are the plain JSON of their own routes.

    `readings` are by asset, group and series.  `portfolio` is None if it cannot be valued, since
    something held has no price.  `decisions` and `trades` are newest first.
    """

    now: datetime
    watched: tuple[str, ...]
    strategy: Strategy
    follower: Follower | None
    judgement: Judgement | None
    marks: Mapping[str, Mark]
    readings: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]
    portfolio: Portfolio | None
    decisions: Sequence[Mapping[str, Any]]
    trades: Sequence[Mapping[str, Any]]
    paused: Pause | None
    own_pause: Pause | None
    costs: Costs


@dataclass(frozen=True, slots=True)
class Library:
    """Where all of it is read."""

    assets: tuple[str, ...]
    costs: Costs
    executions: Executions
    books: Books
    history: History
    pricing: Pricing
    view: MarketView
    pauses: Pauses

    def read(self, asked: Asked, user_id: str, now: datetime) -> Known:
        """What there is on the question, of the market and of this user alone."""
        strategy, follower = self._strategy(asked, user_id)
        marks = self.pricing.known(ASSETS, as_of=now)
        decisions, _ = self.history.decisions(user_id, limit=_DECISIONS, cursor=None)
        trades, _ = self.history.trades(user_id, limit=_TRADES, cursor=None)
        return Known(
            now=now,
            watched=self.assets,
            strategy=strategy,
            follower=follower,
            judgement=self.executions.latest(strategy.id),
            marks=marks,
            readings={asset: self.view.groups(asset, now) for asset in asked.assets},
            portfolio=self._portfolio(user_id, marks),
            decisions=[row for row in decisions if row["strategyId"] == strategy.id],
            trades=trades,
            paused=pause_in_force(strategy, self.pauses),
            own_pause=self.pauses.current(strategy.id, user_id),
            costs=(follower and follower.guards.costs) or self.costs,
        )

    def _strategy(self, asked: Asked, user_id: str) -> tuple[Strategy, Follower | None]:
        """The one that is named, else the one that he follows, else the first one of the house."""
        followed = {
            strategy.id: follower
            for strategy in STRATEGIES.values()
            if (follower := self.books.follower(strategy.id, user_id)) is not None
        }
        name = asked.strategy_id or next(iter(followed), HODL_WAVE.id)
        return STRATEGIES[name], followed.get(name)

    def _portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio | None:
        try:
            return self.books.portfolio(user_id, marks)
        except DataMissing:
            return None
