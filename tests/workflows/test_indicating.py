"""No silent drift: whatever happened before, the indicators are those of what is stored."""

import asyncio
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from automoney.encoding import plain
from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.tracking import TRACKED, Tracked, built_from, rebuild, tracked_since
from automoney.schedule import Slot
from automoney.workflows.collect_prices import PriceCollector
from automoney.workflows.indicating import look, standing
from tests.fakes_market import FakeCache, FakeCandles, FakeMarks
from tests.workflows.exchanges import DAY, HOUR, LISTED, Exchange, StandIn, walk

HOURS = walk(9000)


def fresh(candles: FakeCandles, timeframe: Timeframe, at: datetime) -> Tracked | None:
    """The state built from nothing but the stored bars."""
    base = built_from(timeframe)
    bars = candles.closed("BTC", base, since=tracked_since(timeframe, at), by=at)
    return rebuild(timeframe, bars, revision=candles.revision("BTC", base), at=at)


def dumped(state: Tracked | None) -> dict[str, Any] | None:
    return state.dump() if state else None


# ---------------------------------------------------------------- any change of what is stored


@st.composite
def _puts(draw: st.DrawFn) -> list[Candle]:
    """A put of bars that are new, corrected, out of order, the same again, or after a gap."""
    timeframe = draw(st.sampled_from((Timeframe.H1, Timeframe.D1)))
    numbers = draw(st.lists(st.integers(0, 60), min_size=1, max_size=12))
    correction = draw(st.sampled_from((0, 0, 0, 1, 250)))
    found = []
    for number in numbers:
        bar = HOURS[number]
        length = timeframe.duration
        close = bar.close + correction
        found.append(
            replace(
                bar,
                timeframe=timeframe,
                open_time=timeframe.open_time(LISTED) + number * length,
                close=close,
                high=max(bar.high, close),
            )
        )
    return found


@settings(deadline=None)
@given(
    puts=st.lists(_puts(), min_size=1, max_size=8),
    looks=st.lists(st.integers(0, 70 * 24), min_size=9, max_size=9),
    keeps=st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_any_sequence_of_puts_ends_with_the_indicators_of_a_fresh_rebuild(
    puts: list[list[Candle]], looks: list[int], keeps: list[bool]
) -> None:
    candles, cache = FakeCandles(), FakeCache()
    for put, hours, kept in zip([*puts, []], looks, keeps, strict=False):
        candles.put(put)
        for at in (LISTED + hours * HOUR, LISTED + 70 * DAY):
            for timeframe in TRACKED:
                state = standing("BTC", timeframe, at, candles=candles, cache=cache).state

                assert dumped(state) == dumped(fresh(candles, timeframe, at))
                if state is not None and kept:  # saved, and restored the next time
                    cache.put_state("BTC", timeframe, state.dump())


@pytest.mark.parametrize("timeframe", [Timeframe.H1, Timeframe.H4])
def test_purging_what_is_no_longer_kept_changes_no_figure(timeframe: Timeframe) -> None:
    candles, cache = FakeCandles(), FakeCache()
    long = 1440 * timeframe.duration
    first = timeframe.open_time(LISTED)
    for number, bar in enumerate(HOURS[:3000]):
        opened = first + number * timeframe.duration
        candles.put([replace(bar, timeframe=timeframe, open_time=opened)])
        if number % 50 == 0:
            at = opened + timeframe.duration
            candles.purge(timeframe, before=at - long)
            state = standing("BTC", timeframe, at, candles=candles, cache=cache).state
            assert state is not None
            assert state.dump() == dumped(fresh(candles, timeframe, at))
            cache.put_state("BTC", timeframe, state.dump())


@pytest.mark.parametrize(
    "spoiled",
    [{"until": "2024-01-04T05:00:01Z"}, {"indicators": {"bars": "NaN"}}, {"nothing": "here"}],
    ids=str,
)
def test_a_cached_state_that_is_nonsense_is_built_anew(spoiled: dict[str, Any]) -> None:
    candles, cache, at = FakeCandles(), FakeCache(), LISTED + 40 * HOUR
    candles.put(HOURS[:40])
    good = fresh(candles, Timeframe.H1, at)
    assert good is not None
    cache.put_state("BTC", Timeframe.H1, good.dump() | spoiled if "nothing" not in spoiled else {})

    found = standing("BTC", Timeframe.H1, at, candles=candles, cache=cache).state

    assert dumped(found) == good.dump()


def test_a_state_of_another_timeframe_is_not_taken_for_this_one() -> None:
    candles, cache, at = FakeCandles(), FakeCache(), LISTED + 43 * HOUR
    candles.put(HOURS[:43])
    hourly = fresh(candles, Timeframe.H1, at)
    assert hourly is not None
    cache.put_state("BTC", Timeframe.H4, hourly.dump())

    assert standing("BTC", Timeframe.H4, at, candles=candles, cache=cache).state is None


def test_nothing_is_said_of_an_open_bar_when_more_than_it_is_missing() -> None:
    candles, cache = FakeCandles(), FakeCache()
    candles.put(HOURS[:40])
    exchange = Exchange(HOURS)

    def seen(hours: int) -> Any:
        exchange.now = LISTED + hours * HOUR
        price = exchange.mark("BTC")
        return look(price, Timeframe.H1, exchange.now, candles=candles, cache=cache)

    assert seen(40) is not None
    assert seen(41) is not None
    assert seen(42) is None
    exchange.now = LISTED + 42 * HOUR
    assert (
        look(exchange.mark("BTC"), Timeframe.D1, exchange.now, candles=candles, cache=cache) is None
    )


# ---------------------------------------------------------------- any life of a collector


class CollectorsLife(RuleBasedStateMachine):
    """A collector whose exchange corrects, hides, breaks down; that dies and loses its cache."""

    @initialize()
    def begin(self) -> None:
        self.hours = list(HOURS)
        self.exchange, self.stand_in = Exchange(self.hours), StandIn(self.hours)
        self.candles, self.cache = FakeCandles(), FakeCache()
        self.at = LISTED + 30 * DAY
        self.start_anew()
        self.tick(0)

    @rule()
    def start_anew(self) -> None:
        self.noticed = True
        self.collector = PriceCollector(
            (self.exchange, self.stand_in),
            ("BTC",),
            candles=self.candles,
            marks=FakeMarks(),
            cache=self.cache,
            history=40 * DAY,
        )

    @rule(hours=st.sampled_from((0, 1, 1, 1, 2, 5, 24, 24 * 6)))
    def tick(self, hours: int) -> None:
        self.at += hours * HOUR
        self.exchange.now = self.stand_in.now = self.at
        slot = Slot(self.at)
        for source in self.collector.sources:
            try:
                found = asyncio.run(self.collector.collect(source, slot))
            except SourceUnavailable:
                continue
            last_day = self.candles.last_open("BTC", Timeframe.D1)
            self.collector.cache(self.collector.validate(found, slot), slot)
            self.noticed |= last_day != self.candles.last_open("BTC", Timeframe.D1)
            self.check_what_is_shown(found.data.marks[0])
            return

    def check_what_is_shown(self, price: Mark) -> None:
        """What the collector carries on in memory says what a rebuild would."""
        for timeframe in TRACKED:
            if timeframe not in (Timeframe.H1, Timeframe.H4) and not self.noticed:
                continue  # its days were changed behind its back, and no day has closed since
            found = look(price, timeframe, self.at, candles=self.candles, cache=FakeCache())
            shown = self.cache.shown("BTC")
            if timeframe is Timeframe.W1:
                assert found is None or shown["indicators"] == plain(found.indicators)
            else:
                assert shown["timeframes"][timeframe] == (found and plain(found.indicators))

    @rule(down=st.booleans(), standing_in=st.booleans())
    def break_down(self, down: bool, standing_in: bool) -> None:
        self.exchange.down = "timed out" if down else None
        self.stand_in.down = None if standing_in else "429"

    @rule(back=st.integers(1, 60), by=st.sampled_from((1, 300)))
    def correct(self, back: int, by: int) -> None:
        number = (self.at - LISTED) // HOUR - back
        bar = self.hours[number]
        close = bar.close + by
        self.hours[number] = replace(bar, close=close, high=max(bar.high, close))

    @rule(back=st.integers(-8, 30), count=st.integers(0, 9))
    def hide(self, back: int, count: int) -> None:
        newest = LISTED + (self.at - LISTED) // HOUR * HOUR
        self.exchange.hidden = {newest - (back + more) * HOUR for more in range(count)}

    @rule()
    def lose_the_cache(self) -> None:
        self.cache.kept.clear()

    @rule(back=st.integers(0, 45))
    def somebody_else_corrects(self, back: int) -> None:
        opened = Timeframe.D1.open_time(self.at) - back * DAY
        days = self.candles.bars.get(("BTC", Timeframe.D1), {})
        if opened in days:
            self.candles.put([replace(days[opened], close=days[opened].close + Decimal("0.01"))])
            self.noticed = False

    @invariant()
    def what_the_cache_holds_is_what_is_stored(self) -> None:
        """Also after a change that the collector has not noticed: the revision tells."""
        for timeframe in TRACKED:
            state = standing(
                "BTC", timeframe, self.at, candles=self.candles, cache=self.cache
            ).state
            assert dumped(state) == dumped(fresh(self.candles, timeframe, self.at))

    @invariant()
    def stored_bars_are_whole(self) -> None:
        for (_, timeframe), bars in self.candles.bars.items():
            opens = sorted(bars)
            assert len(opens) == 1 + (opens[-1] - opens[0]) // timeframe.duration


CollectorsLife.TestCase.settings = settings(deadline=None, max_examples=12, stateful_step_count=25)
TestCollectorsLife = CollectorsLife.TestCase
