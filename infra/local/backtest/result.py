"""The result of a backtest: what the strategy came to, and what doing without it would have."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from automoney.encoding import utc_text
from automoney.market.candles import Timeframe
from automoney.model_prices import PRICES, Price
from automoney.trading.account import Account
from infra.local.backtest.engine import Played
from infra.local.backtest.equity import Closes, daily, midnights
from infra.local.backtest.figures import Day, Figures, figures
from infra.local.backtest.hindsight import Hindsight, hindsight_of
from infra.local.backtest.holding import Course, Holding
from infra.local.backtest.market import RecordedMarket
from infra.local.backtest.spans import Span, spans

_VARYING = re.compile(r"\d[\d:., -]*\d|\d")


@dataclass(frozen=True, slots=True)
class Way:
    """One account's way through a span: its equity by day, and the figures."""

    days: Sequence[Day]
    figures: Figures
    course: Course


@dataclass(frozen=True, slots=True)
class Compared:
    """A span, with the strategy's way through it and those of the two benchmarks from its start."""

    span: Span
    strategy: Way
    buy_and_hold: Way
    dca: Way


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that is told of a backtest; `whole` compares all of it, `parts` its spans."""

    played: Played
    assets: tuple[str, ...]
    whole: Compared
    parts: Sequence[Compared]
    candles: int
    load_seconds: float
    hindsight: Hindsight

    def as_json(self) -> dict[str, Any]:
        """One plain object, as `./dev backtest --json` prints it."""
        plan, outcomes = self.played.plan, self.played.outcomes
        seconds = self.played.seconds
        return {
            "strategy": plan.strategy.id,
            "from": utc_text(plan.begins),
            "to": utc_text(plan.ends),
            "assets": list(self.assets),
            "slots": sum(outcomes[name] for name in outcomes if name != "unfilled"),
            "judged": outcomes["judged"],
            "aborted": self._given_up("aborted"),
            "skipped": self._given_up("skipped"),
            "unfilled": outcomes["unfilled"],
            **self.whole.strategy.figures.as_json(),
            "buy_and_hold": self.whole.buy_and_hold.figures.as_json(),
            "dca": self.whole.dca.figures.as_json(),
            "spans": [
                {
                    "name": part.span.name,
                    "from": utc_text(part.span.begins),
                    "to": utc_text(part.span.ends),
                    **part.strategy.figures.as_json(),
                    "buy_and_hold": part.buy_and_hold.figures.as_json(),
                    "dca": part.dca.figures.as_json(),
                }
                for part in self.parts
            ],
            "decisions_sha256": self.played.decisions_sha256,
            **self.hindsight.as_json(),
            "candles": self.candles,
            "seconds": round(seconds, 3),
            "processor_seconds": round(self.played.processor_seconds, 3),
            "load_seconds": round(self.load_seconds, 3),
            "candles_per_s": round(self.candles / seconds),
        }

    def _given_up(self, status: str) -> dict[str, Any]:
        """How many runs came to nothing, and why; figures in the reasons stand as `#`."""
        reasons = Counter(
            _VARYING.sub("#", run.reason or "") for run in self.played.runs if run.status == status
        )
        return {"count": reasons.total(), "reasons": dict(sorted(reasons.items()))}


def summed_up(
    played: Played,
    market: RecordedMarket,
    *,
    load_seconds: float,
    prices: Mapping[str, Price] = PRICES,
) -> Result:
    """Work out the figures of what was played, of both benchmarks, and of each span.

    `prices` tell what the models that judged may have known.
    """
    plan = played.plan
    assets = tuple(asset for asset in plan.strategy.assets if asset in market.assets)
    whole = Span("whole", plan.begins, plan.ends)
    closes = Closes(market.trades.tapes)
    compared = [
        _compared(played, market, closes, assets, one)
        for one in (whole, *spans(plan.begins, plan.ends))
    ]
    return Result(
        played,
        assets,
        compared[0],
        compared[1:],
        sum(_hours(market, asset, plan.begins, plan.ends) for asset in assets),
        load_seconds,
        hindsight_of(played, prices),
    )


def _compared(
    played: Played,
    market: RecordedMarket,
    closes: Closes,
    assets: tuple[str, ...],
    span: Span,
) -> Compared:
    plan = played.plan
    holding = Holding(plan.strategy, assets, plan.paper_money, plan.costs, market.trades)
    return Compared(
        span,
        _way(played.course, market, closes, span),
        _way(holding.buy_and_hold(span.begins), market, closes, span),
        _way(holding.dca(span.begins, span.ends), market, closes, span),
    )


def _way(course: Course, market: RecordedMarket, closes: Closes, span: Span) -> Way:
    days = daily(course, closes, midnights(span.begins, span.ends))
    before, after = course.before(span.begins), course.before(span.ends)
    return Way(
        days,
        figures(
            days,
            decisions=sum(1 for at in course.decided if span.begins <= at < span.ends),
            trades=sum(1 for fill in course.fills if span.begins <= fill.at < span.ends),
            start_equity=_worth(before, market, span.begins),
            final_equity=_worth(after, market, span.ends),
            fees_paid=after.fees - before.fees,
        ),
        course,
    )


def _worth(account: Account, market: RecordedMarket, at: datetime) -> Decimal:
    return account.portfolio(market.marks.marks(market.assets, as_of=at)).equity


def _hours(market: RecordedMarket, asset: str, begins: datetime, ends: datetime) -> int:
    """How many recorded hourly candles of the asset begin in the span."""
    return market.stored[asset, Timeframe.H1].recorded_between(begins, ends)
