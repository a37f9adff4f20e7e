"""States by timeframe: what goes on, what has to be built anew, and the bar that is still open."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from automoney.errors import InvalidInput
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Timeframe
from automoney.market.indicators import IndicatorState, prices
from automoney.market.tracking import (
    TRACKED,
    Tracked,
    advance,
    built_from,
    outlook,
    rebuild,
    tracked_since,
)
from tests.builders import NOON, candle, mark
from tests.market.recorded import recorded

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MONDAY = datetime(2025, 9, 8, tzinfo=UTC)


def bars(timeframe: Timeframe, until: datetime, count: int) -> list[Candle]:
    """`count` closed bars, the last of which ends at `until`."""
    return [
        candle(
            until - timeframe.duration * back, str(50_000 + 37 * back % 1009), timeframe=timeframe
        )
        for back in reversed(range(1, count + 1))
    ]


def built(timeframe: Timeframe, found: Sequence[Candle], at: datetime = MONDAY) -> Tracked:
    state = rebuild(timeframe, found, revision=3, at=at)
    assert state is not None
    return state


@pytest.mark.parametrize("timeframe", TRACKED)
def test_bars_taken_in_one_at_a_time_make_the_state_that_all_at_once_make(
    timeframe: Timeframe,
) -> None:
    base = built_from(timeframe)
    stored = bars(base, MONDAY, 90)
    state = built(timeframe, stored[:20])
    for seen in range(20, 91):
        found = [bar for bar in stored[:seen] if bar.open_time >= state.until]
        carried_on = advance(Tracked.load(json.loads(json.dumps(state.dump()))), found)
        assert carried_on is not None
        state = carried_on

    assert state.dump() == built(timeframe, stored).dump()
    assert state.until == MONDAY


def test_a_week_is_closed_once_its_sunday_is_stored() -> None:
    days = bars(Timeframe.D1, MONDAY, 28)

    assert built(Timeframe.W1, days[:-1]).until == MONDAY - WEEK
    assert built(Timeframe.W1, days).until == MONDAY
    assert built(Timeframe.W1, days).indicators.bars == 4
    assert rebuild(Timeframe.W1, days[-6:-1], revision=0, at=MONDAY) is None
    assert rebuild(Timeframe.W1, [], revision=0, at=MONDAY) is None


def test_weeks_are_those_of_the_recorded_days(market_data: Path) -> None:
    days = recorded(market_data, "BTC", Timeframe.D1)
    state = IndicatorState()
    for week in aggregate(days, Timeframe.W1):
        if week.close_time <= days[-1].close_time:
            state.update(*prices(week))

    tracked = built(Timeframe.W1, days, at=days[-1].close_time)

    assert tracked.indicators.dump() == state.dump()


def test_bars_that_do_not_go_on_where_the_state_ends_are_not_taken_in() -> None:
    stored = bars(Timeframe.H1, MONDAY, 30)
    state = built(Timeframe.H1, stored[:20])

    assert advance(state, []) is state
    assert advance(state, stored[21:]) is None  # a gap
    assert advance(state, stored[18:]) is None  # seen before
    after = advance(state, stored[20:])
    assert after is not None
    assert (after.until, state.until) == (MONDAY, MONDAY - 10 * HOUR)


def test_a_state_fits_its_own_history_and_no_slot_before_it() -> None:
    state = built(Timeframe.H1, bars(Timeframe.H1, MONDAY, 30))

    assert state.fits(3, MONDAY)
    assert state.fits(3, MONDAY + DAY)
    assert not state.fits(4, MONDAY)
    assert not state.fits(2, MONDAY)
    assert not state.fits(3, MONDAY - timedelta(seconds=1))
    assert not state.fits(3, MONDAY + 60 * DAY)  # begun too long ago: those bars are purged
    assert not state.is_behind(MONDAY + timedelta(minutes=119))
    assert state.is_behind(MONDAY + 2 * HOUR)


@pytest.mark.parametrize(
    ("timeframe", "kept"), [(Timeframe.H1, 60 * DAY), (Timeframe.H4, 240 * DAY)]
)
def test_fine_states_begin_within_what_is_kept_and_far_enough_back(
    timeframe: Timeframe, kept: timedelta
) -> None:
    for hours in range(0, 24 * 70, 7):
        at = NOON + hours * HOUR
        since = tracked_since(timeframe, at)
        assert 1080 * timeframe.duration <= at - since < kept
        assert timeframe.open_time(since) == since

    stored = bars(timeframe, timeframe.open_time(NOON), 1440)
    state = built(timeframe, stored, at=NOON)
    earlier = built(timeframe, stored[360:], at=NOON)
    assert state.indicators.dump()["bars"] >= 1080
    figures, others = (one.indicators.peek(50_100, 49_900, 50_000) for one in (state, earlier))
    assert figures.ema55 == pytest.approx(others.ema55, rel=1e-9)


def test_days_and_weeks_take_in_all_there_is() -> None:
    assert tracked_since(Timeframe.D1, NOON) < datetime(2010, 1, 1, tzinfo=UTC)
    assert tracked_since(Timeframe.W1, NOON) == tracked_since(Timeframe.D1, NOON + WEEK)


@pytest.mark.parametrize(
    "damage",
    [
        {"until": None},
        {"until": "2025-09-08T00:30:00Z"},
        {"since": "2025-12-01T00:00:00Z"},
        {"since": "yesterday"},
        {"timeframe": "2h"},
        {"revision": "many"},
        {"revision": None},
        {"indicators": {}},
        {"indicators": None},
    ],
    ids=str,
)
def test_what_is_no_dump_is_refused(damage: dict[str, Any]) -> None:
    dump = built(Timeframe.H1, bars(Timeframe.H1, MONDAY, 30)).dump()
    Tracked.load(dump)

    with pytest.raises(InvalidInput):
        Tracked.load(dump | damage)
    for name in damage:
        with pytest.raises(InvalidInput):
            Tracked.load({other: value for other, value in dump.items() if other != name})


# ---------------------------------------------------------------- the open bar


def test_the_open_week_is_its_days_then_hours_then_the_mark() -> None:
    days = [*bars(Timeframe.D1, MONDAY, 14), replace(candle(MONDAY, "60000"), open=Decimal(50_500))]
    hours = bars(Timeframe.H1, MONDAY + DAY + 3 * HOUR, 10)
    spike = replace(hours[-2], high=Decimal(70_000), anomalous=True)
    state = built(Timeframe.W1, days[:14])

    found = outlook(
        state,
        Timeframe.W1,
        mark(price="40000"),
        days=days,
        hours=[*hours[:-2], spike, hours[-1]],
        at=MONDAY + DAY + 3 * HOUR,
    )

    week = found.bar
    assert (week.open_time, week.timeframe) == (MONDAY, Timeframe.W1)
    assert (week.open, week.high, week.low) == (Decimal(50_500), Decimal(70_000), Decimal(40_000))
    assert week.close == 40_000
    assert week.volume == 5 + 3 * 5  # Monday, and Tuesday's three hours
    assert week.anomalous
    assert found.indicators == state.indicators.peek(70_000, 40_000, 40_000)
    assert state.dump() == built(Timeframe.W1, days[:14]).dump()  # only peeked at


def test_what_closes_after_the_slot_is_not_in_the_open_bar() -> None:
    hours = bars(Timeframe.H1, MONDAY + 5 * HOUR, 5)
    state = built(Timeframe.H4, bars(Timeframe.H4, MONDAY, 5))
    later = replace(hours[2], high=Decimal(90_000))

    found = outlook(
        state,
        Timeframe.H4,
        mark(price="50000"),
        days=(),
        hours=[*hours[:2], later, *hours[3:]],
        at=MONDAY + 2 * HOUR + timedelta(minutes=30),
    )

    assert found.bar.open_time == MONDAY
    assert found.bar.high < 90_000
    assert found.bar.volume == 10


def test_an_open_hour_is_the_mark_alone() -> None:
    stored = bars(Timeframe.H1, MONDAY, 30)
    state = built(Timeframe.H1, stored)

    found = outlook(state, Timeframe.H1, mark(price="51000"), days=(), hours=stored, at=MONDAY)

    assert (found.bar.open_time, found.bar.volume) == (MONDAY, None)
    assert {found.bar.open, found.bar.high, found.bar.low, found.bar.close} == {Decimal(51_000)}


def test_before_any_bar_has_closed_there_is_a_bar_and_nothing_to_say_of_it() -> None:
    found = outlook(None, Timeframe.W1, mark(price="51000"), days=(), hours=(), at=NOON)

    assert found.bar.open_time == MONDAY
    assert found.indicators == IndicatorState().peek(1, 1, 1)


def test_a_part_without_volume_leaves_the_bar_without() -> None:
    hours = bars(Timeframe.H1, MONDAY + 2 * HOUR, 2)
    borrowed = replace(hours[1], volume=None, source="coingecko")
    state = built(Timeframe.D1, bars(Timeframe.D1, MONDAY, 5))

    found = outlook(
        state, Timeframe.D1, mark(), days=(), hours=[hours[0], borrowed], at=MONDAY + 3 * HOUR
    )

    assert found.bar.volume is None
