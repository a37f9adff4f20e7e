"""Ways to know the future that have been found in real backtests, each planted on purpose."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any

import pytest

from automoney.agents import facts, model_judge
from automoney.agents.rules import Rule
from automoney.errors import SourceUnavailable
from automoney.market.candles import Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.snapshot import Outlook, Snapshot
from automoney.ports import Candles
from automoney.schedule import Schedule
from automoney.stores.memory import readings as memory_readings
from automoney.stores.memory.readings import MemoryReadings
from automoney.trading.judgement import Judgement, Score
from automoney.trading.orders import Costs
from automoney.trading.standing import Standing as Account
from automoney.trading.strategies import Strategy
from automoney.trading.turn import Part, take_part
from automoney.workflows.indicating import Standing, outlook_of
from automoney.workflows.snapshots import Market
from infra.local.backtest import candle_history, series
from infra.local.backtest.closed_state import ClosedState
from infra.local.backtest.outlooks import RecordedOutlooks
from infra.local.backtest.sliding import SlidingFill
from infra.local.backtest.tape import RecordedTape
from infra.local.world.bars import Bars
from infra.local.world.clock import DAY, HOUR, Micros, micros

ZERO = Decimal(0)

Plant = Callable[[pytest.MonkeyPatch], None]


def candles_before_they_close(patch: pytest.MonkeyPatch) -> None:
    """A bar counts from its open plus nothing: the hour that begins at the slot is in it."""

    def known_at(bars: Bars, _: frozenset[Micros]) -> "array[int]":
        return array("q", [end - HOUR for end in bars.ends])

    patch.setattr(candle_history, "_known_at", known_at)


def the_week_as_it_ended(patch: pytest.MonkeyPatch) -> None:
    """The open week's close is that of its Sunday, where there is one."""
    honest = RecordedOutlooks.outlook

    @wraps(honest)
    def outlook(
        self: RecordedOutlooks, mark: Mark, timeframe: Timeframe, as_of: datetime
    ) -> Outlook:
        found = honest(self, mark, timeframe, as_of)
        days = self.stored[mark.asset, Timeframe.D1]
        sunday = days.columns.opened_before(micros(found.bar.close_time)) - 1
        return replace(found, bar=replace(found.bar, close=days[sunday].close))

    patch.setattr(RecordedOutlooks, "outlook", outlook)


def figures_on_the_day_they_are_about(patch: pytest.MonkeyPatch) -> None:
    """No publication lag: a month's inflation is known as the month begins."""

    def seen(readings: Sequence[Reading], _: Schedule) -> Iterator[Reading]:
        for one in readings:
            yield replace(one, available_at=one.period, vintage=one.period)

    patch.setattr(series, "_seen", seen)


def revised(patch: pytest.MonkeyPatch) -> None:
    """No peek: money figures that are revised by a percent, a month after they come out."""
    honest = series.stored_readings

    @wraps(honest)
    def stored_readings(*given: Any, **named: Any) -> MemoryReadings:
        found = honest(*given, **named)
        first = found.history(["m2"], None, since=_BEGINNING, as_of=_END).get("m2", ())
        found.put_readings(
            replace(one, value=one.value * 1.01, vintage=one.vintage + timedelta(days=30))
            for one in first
        )
        return found

    for place in ("backtest.market", "lookahead.rows"):
        patch.setattr(f"infra.local.{place}.stored_readings", stored_readings)


def figures_as_they_were_revised_later(patch: pytest.MonkeyPatch) -> None:
    """The newest vintage of a period, whenever it was seen."""
    revised(patch)
    patch.setattr(memory_readings, "known_at", lambda reading: reading.available_at)


def gaps_filled_from_both_sides(patch: pytest.MonkeyPatch) -> None:
    """Values past the newest are interpolated towards the next one."""
    honest = SlidingFill.over

    def over(readings: MemoryReadings) -> SlidingFill:
        fill = honest(readings)

        def peeking(one: Any, known: Sequence[Reading], *, as_of: datetime) -> Any:
            found = fill(one, known, as_of=as_of)
            whole = fill.lines.get((one.name, known[0].asset, known[0].source)) if known else None
            if whole is None or not found:
                return found
            index = whole.place[found[-1].period]
            more = whole.filled[index + 1 : index + 2]
            return (*found, *(next_one for next_one in more if next_one.filled))

        return peeking  # type: ignore[return-value]

    patch.setattr(SlidingFill, "over", over)


def fills_at_the_price_before(patch: pytest.MonkeyPatch) -> None:
    """An order is filled at the price that it was decided at."""

    def first_trade(self: RecordedTape, after: datetime) -> Mark:
        mark = self.before(after)
        if mark is None:
            raise SourceUnavailable("binance", "no trade")
        return mark

    patch.setattr(RecordedTape, "first_trade", first_trade)


def the_price_an_hour_later(patch: pytest.MonkeyPatch) -> None:
    """The mark is the close of the hour that begins at the slot."""
    honest = RecordedTape.before

    @wraps(honest)
    def before(self: RecordedTape, as_of: datetime) -> Mark | None:
        found = honest(self, as_of)
        index = self.bars.opened_before(micros(as_of))
        if found is None or index >= len(self.bars):
            return found
        return replace(found, price=candle_history.price(self.bars.close[index]))

    patch.setattr(RecordedTape, "before", before)


def indicators_with_the_open_day(patch: pytest.MonkeyPatch) -> None:
    """The day that is under way is taken in as if it were over."""
    honest = ClosedState.go_to

    @wraps(honest)
    def go_to(self: ClosedState, as_of: datetime, at: Micros) -> bool:
        return honest(self, as_of, at + DAY)

    patch.setattr(ClosedState, "go_to", go_to)


def the_mood_of_tomorrow(patch: pytest.MonkeyPatch) -> None:
    """The sentiment index counts from the day before."""
    honest = series._moods

    @wraps(honest)
    def moods(*given: Any) -> Iterator[Reading]:
        for one in honest(*given):
            yield replace(one, available_at=one.available_at - timedelta(days=1))

    patch.setattr(series, "_moods", moods)


def scaled_by_the_whole_series(patch: pytest.MonkeyPatch) -> None:
    """Values as a share of the largest there ever is."""
    honest = MemoryReadings.history

    @wraps(honest)
    def history(
        self: MemoryReadings, names: Sequence[str], asset: str | None, **when: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        found = {}
        for name, readings in honest(self, names, asset, **when).items():
            (line,) = self.lines[name, asset].values()
            largest = max(abs(one.value) for one in line.readings)
            found[name] = tuple(replace(one, value=one.value / largest) for one in readings)
        return found

    patch.setattr(MemoryReadings, "history", history)


def scaled_by_the_largest_in_the_file(patch: pytest.MonkeyPatch) -> None:
    """Values as a share of the largest of the series, worked out where the file is read."""
    honest = series._seen

    @wraps(honest)
    def seen(readings: Iterable[Reading], collected: Schedule) -> Iterator[Reading]:
        found = list(honest(readings, collected))
        largest: dict[str, float] = {}
        for one in found:
            largest[one.series] = max(abs(one.value), largest.get(one.series, 0.0))
        return (replace(one, value=one.value / largest[one.series]) for one in found)

    patch.setattr(series, "_seen", seen)


def buys_only_what_opens_higher(patch: pytest.MonkeyPatch) -> None:
    """An order is thought better of once its price is seen."""

    @wraps(take_part)
    def peeking(
        strategy: Strategy,
        judgement: Judgement,
        standing: Account,
        *,
        marks: Mapping[str, Mark],
        costs: Costs,
    ) -> Part:
        views = {
            asset: view if marks[asset].price > view.mark.price else replace(view, conviction=ZERO)
            for asset, view in judgement.views.items()
        }
        return take_part(
            strategy, replace(judgement, views=views), standing, marks=marks, costs=costs
        )

    for place in ("automoney.workflows.execute_orders", "infra.local.lookahead.checking"):
        patch.setattr(f"{place}.take_part", peeking)


def a_prompt_that_names_the_outcome(patch: pytest.MonkeyPatch) -> None:
    """A model is told what the price was a week later."""
    outcomes: dict[int, tuple[Snapshot, str]] = {}
    honest = Market._snapshot

    @wraps(honest)
    def snapshot(
        self: Market, mark: Mark, timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Snapshot:
        found = honest(self, mark, timeframes, as_of)
        later = self.marks.marks((mark.asset,), as_of=as_of + timedelta(days=7))
        outcomes[id(found)] = found, str(later[mark.asset].price)
        return found

    def told(by_rules: Score, rules: Sequence[Rule], seen: Snapshot) -> str:
        return f"{facts.told(by_rules, rules, seen)}\nA week later: {outcomes[id(seen)][1]}"

    patch.setattr(Market, "_snapshot", snapshot)
    patch.setattr(model_judge, "told", told)


def live_reads_past_the_slot(patch: pytest.MonkeyPatch) -> None:
    """A live run's own reads put the open bar together from four hours too much."""

    @wraps(outlook_of)
    def past(
        found: Standing, timeframe: Timeframe, mark: Mark, at: datetime, *, candles: Candles
    ) -> Outlook:
        return outlook_of(found, timeframe, mark, at + timedelta(hours=4), candles=candles)

    patch.setattr("automoney.workflows.outlooks.outlook_of", past)


_BEGINNING = datetime.fromisoformat("2010-01-01T00:00:00+00:00")
_END = datetime.fromisoformat("2100-01-01T00:00:00+00:00")

# Each with a piece of a slot that has to differ.
PEEKS: Mapping[str, tuple[Plant, str]] = {
    "a candle closed early": (candles_before_they_close, "outlook BTC 1w"),
    "the week's final close": (the_week_as_it_ended, "outlook ETH 1w"),
    "a reading without its lag": (figures_on_the_day_they_are_about, "series BTC cpi"),
    "a revised vintage": (figures_as_they_were_revised_later, "series BTC m2"),
    "interpolation with a future point": (gaps_filled_from_both_sides, "series BTC nvt"),
    "a fill before the slot": (fills_at_the_price_before, "fill BTC"),
    "the mark at the slot's end": (the_price_an_hour_later, "mark BTC"),
    "indicators with the open day": (indicators_with_the_open_day, "outlook BTC 1w"),
    "the sentiment of tomorrow": (the_mood_of_tomorrow, "series BTC fear_greed"),
    "normalisation with the whole series": (scaled_by_the_whole_series, "series BTC m2"),
    "normalisation where the file is read": (scaled_by_the_largest_in_the_file, "series BTC m2"),
    "an order thought better of": (buys_only_what_opens_higher, "decision BTC at any price"),
    "a prompt with the outcome": (a_prompt_that_names_the_outcome, "prompt BTC macro"),
    "a live read past the slot": (live_reads_past_the_slot, "outlook BTC 1w (read live)"),
}
