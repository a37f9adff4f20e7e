"""What may be seen: by hand where the rule has an edge, and by changing the future at random."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.market.candles import Timeframe
from infra.local.world.as_of import (
    MILLISECOND,
    RollingDay,
    Trade,
    bar_in_progress,
    closed_range,
    last_trade,
    rolling_day,
    trades,
)
from infra.local.world.bars import DURATIONS, Bar, Bars, aggregate
from infra.local.world.clock import DAY, HOUR, MINUTE, Micros
from infra.local.world.ladder import Ladder

MONDAY = 20_346 * DAY  # 2025-09-15
NOON = MONDAY + 12 * HOUR


def hour(at: int, price: int, volume: int = 10) -> Bar:
    """An hour of Monday that opens at `price`, closes one higher, and reaches five both ways."""
    opened = MONDAY + at * HOUR
    return Bar(opened, opened + HOUR, price, price + 5, price - 5, price + 1, volume)


def hours(*bars: Bar, spans: tuple[tuple[Micros, Micros], ...] | None = None) -> Ladder:
    return Ladder.of("BTC", {Timeframe.H1: Bars.of(bars, spans)})


MORNING = hours(hour(8, 100), hour(9, 200), hour(10, 300), hour(13, 600))  # an outage at 11 and 12


@pytest.mark.parametrize(
    ("at", "price", "traded"),
    [
        pytest.param(8 * HOUR, None, None, id="at the first open time nothing is known yet"),
        pytest.param(8 * HOUR + 1, 100, 8 * HOUR, id="a moment later its open"),
        pytest.param(9 * HOUR - 1, 100, 8 * HOUR, id="to the end of the bar nothing but its open"),
        pytest.param(9 * HOUR, 101, 9 * HOUR - MILLISECOND, id="at an open time the last close"),
        pytest.param(9 * HOUR + 1, 200, 9 * HOUR, id="then the new open"),
        pytest.param(12 * HOUR, 301, 11 * HOUR - MILLISECOND, id="in an outage the last close"),
        pytest.param(99 * HOUR, 601, 14 * HOUR - MILLISECOND, id="after all the last close"),
    ],
)
def test_last_trade(at: Micros, price: int | None, traded: Micros | None) -> None:
    trade = last_trade(MORNING, MONDAY + at)
    if price is None or traded is None:
        assert trade is None
    else:
        assert trade is not None
        assert (trade.price, trade.at) == (price, MONDAY + traded)


def test_trades_are_opens_strictly_before_now() -> None:
    def prices(now: Micros, **bounds: Micros | None) -> list[int]:
        since, until = bounds.get("since"), bounds.get("until")
        return [trade.price for trade in trades(MORNING, now, since=since, until=until, limit=2)]

    assert prices(MONDAY + 10 * HOUR, since=MONDAY + 10 * HOUR) == []
    assert prices(MONDAY + 10 * HOUR + 1, since=MONDAY + 10 * HOUR) == [300]
    assert prices(MONDAY + 20 * HOUR, since=MONDAY + 11 * HOUR) == [600]
    assert prices(MONDAY + 20 * HOUR, since=0) == [100, 200]
    assert prices(MONDAY + 20 * HOUR) == [300, 600]
    assert prices(MONDAY + 20 * HOUR, until=MONDAY + 9 * HOUR) == [100, 200]
    assert prices(MONDAY + 20 * HOUR, since=MONDAY + 9 * HOUR, until=MONDAY + 9 * HOUR) == [200]


def test_an_open_bar_shows_closed_hours_and_the_open_of_the_one_in_progress() -> None:
    assert bar_in_progress(MORNING, Timeframe.H4, MONDAY + 10 * HOUR + 1) == Bar(
        MONDAY + 8 * HOUR, MONDAY + 12 * HOUR, 100, 300, 95, 300, 20
    )
    assert bar_in_progress(MORNING, Timeframe.H1, MONDAY + 10 * HOUR + 1) == Bar(
        MONDAY + 10 * HOUR, MONDAY + 11 * HOUR, 300, 300, 300, 300, 0
    )
    assert bar_in_progress(MORNING, Timeframe.H4, NOON) is None
    assert bar_in_progress(MORNING, Timeframe.H4, NOON + 30 * MINUTE) is None, "an outage"
    week = bar_in_progress(MORNING, Timeframe.W1, MONDAY + 3 * DAY)
    assert week == Bar(MONDAY, MONDAY + 7 * DAY, 100, 605, 95, 601, 40)
    assert bar_in_progress(MORNING, Timeframe.M5, MONDAY + 10 * HOUR + 1) is None, "not recorded"


def test_a_day_that_resumes_late_does_not_give_its_open_away() -> None:
    """The hours say that nothing was traded before ten, so the day's own open is not known yet."""
    late = [hour(10, 100), hour(11, 200)]
    yesterday = Bar(MONDAY - DAY, MONDAY, 50, 60, 40, 55, 1)
    last_hour = Bar(MONDAY - HOUR, MONDAY, 54, 55, 54, 55, 1)
    days = Bars.of([yesterday, *_bars(aggregate(Bars.of(late), DAY))])
    ladder = Ladder.of("BTC", {Timeframe.H1: Bars.of([last_hour, *late]), Timeframe.D1: days})
    trade = last_trade(ladder, MONDAY + 3 * HOUR)
    assert trade is not None
    assert trade.price == 55
    assert bar_in_progress(ladder, Timeframe.D1, MONDAY + 3 * HOUR) is None
    day = bar_in_progress(ladder, Timeframe.D1, MONDAY + 10 * HOUR + 1)
    assert day is not None
    assert (day.open, day.close, day.volume) == (100, 100, 0)


def test_only_days_recorded_leaves_the_open_of_today() -> None:
    days = [Bar(MONDAY + at * DAY, MONDAY + (at + 1) * DAY, 10 + at, 30, 5, 20, 7) for at in (0, 1)]
    ladder = Ladder.of("BTC", {Timeframe.D1: Bars.of(days)})
    now = MONDAY + DAY + 5 * HOUR
    assert bar_in_progress(ladder, Timeframe.D1, now) == Bar(
        MONDAY + DAY, MONDAY + 2 * DAY, 11, 11, 11, 11, 0
    )
    week = bar_in_progress(ladder, Timeframe.W1, now)
    assert week == Bar(MONDAY, MONDAY + 7 * DAY, 10, 30, 5, 11, 7)
    assert bar_in_progress(ladder, Timeframe.H1, now) is None


def test_the_rolling_day_ends_at_the_last_trade() -> None:
    bars = [hour(at, 100 + at) for at in range(48)]
    day = rolling_day(hours(*bars), MONDAY + 30 * HOUR + 1)
    assert day == RollingDay(
        open=106,
        high=134,
        low=101,
        volume=240,
        quote_volume=0,
        last=Trade(30, 130, MONDAY + 30 * HOUR),
        first_id=6,
        count=25,
    )
    at_open_time = rolling_day(hours(*bars), MONDAY + 30 * HOUR)
    assert at_open_time is not None
    assert (at_open_time.open, at_open_time.last.price, at_open_time.count) == (106, 130, 24)


def test_five_minutes_take_over_where_they_were_recorded() -> None:
    start = MONDAY + 9 * HOUR
    fives = [
        Bar(at, at + 5 * MINUTE, 1000 + index, 1000 + index, 1000 + index, 1000 + index, 1)
        for index, at in enumerate(range(start, start + HOUR + 20 * MINUTE, 5 * MINUTE))
    ]
    ladder = Ladder.of(
        "BTC",
        {
            Timeframe.M5: Bars.of(fives),
            Timeframe.H1: Bars.of([hour(8, 100), hour(9, 200), hour(10, 300), hour(11, 400)]),
        },
    )
    opens = [(at - MONDAY) // MINUTE for at in ladder.tape.bars.opens]
    # the hour from 10:00 is only half covered: it is left to the five minutes that there are
    assert opens == [480, *range(540, 620, 5), 660]
    partial = bar_in_progress(ladder, Timeframe.H4, start + 12 * MINUTE)
    assert partial is not None
    assert (partial.open, partial.high, partial.close, partial.volume) == (100, 1002, 1002, 12)


def _bars(bars: Bars) -> list[Bar]:
    return [bars[index] for index in range(len(bars))]


PRICES = st.integers(1, 10**6)


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[Ladder, Ladder, Micros]:
    """Two worlds that agree on everything that can be known at a moment, and on nothing else."""
    now = (
        MONDAY
        - DAY
        + draw(st.one_of(st.integers(0, 3 * DAY), st.integers(0, 72).map(lambda it: it * HOUR)))
    )
    fives_from = MONDAY + draw(st.integers(0, 30)) * HOUR
    fives_to = fives_from + draw(st.integers(0, 40)) * 30 * MINUTE
    outage = MONDAY + draw(st.integers(-10, 50)) * HOUR
    seed = draw(st.randoms(use_true_random=False))

    def bar(opened: Micros, duration: Micros) -> Bar:
        low, start, end, high = sorted(seed.randrange(1, 10**6) for _ in range(4))
        if seed.random() < 0.5:
            start, end = end, start
        return Bar(opened, opened + duration, start, high, low, end, seed.randrange(10**6))

    def traded(at: Micros) -> bool:
        return not outage <= at < outage + 3 * HOUR

    given = {
        Timeframe.M5: [
            bar(at, 5 * MINUTE) for at in range(fives_from, fives_to, 5 * MINUTE) if traded(at)
        ],
        Timeframe.H1: [
            bar(at, HOUR) for at in range(MONDAY - DAY, MONDAY + 2 * DAY, HOUR) if traded(at)
        ],
        Timeframe.D1: [bar(at, DAY) for at in range(MONDAY - 3 * DAY, MONDAY + 2 * DAY, DAY)],
    }
    first = Ladder.of("BTC", {frame: Bars.of(bars) for frame, bars in given.items()})
    known_opens = {
        (at, end)
        for at, end in zip(first.tape.bars.opens, first.tape.bars.ends, strict=True)
        if at < now
    }
    other: dict[Timeframe, Bars] = {}
    for frame, bars in given.items():
        changed = []
        for old in bars:
            if old.end <= now:
                changed.append(old)
                continue
            new = bar(old.opened, old.end - old.opened)
            if (old.opened, old.end) in known_opens:
                new = replace(
                    new, open=old.open, high=max(old.open, new.high), low=min(old.open, new.low)
                )
            changed.append(new)
        other[frame] = Bars.of(changed)
    return first, Ladder.of("BTC", other), now


@settings(max_examples=25, deadline=None)
@given(_worlds())
def test_nothing_that_is_shown_depends_on_the_future(
    worlds: tuple[Ladder, Ladder, Micros],
) -> None:
    one, other, now = worlds

    def seen(ladder: Ladder) -> list[object]:
        shown: list[object] = [last_trade(ladder, now), rolling_day(ladder, now)]
        shown.append(trades(ladder, now, since=0, until=None, limit=10_000))
        for frame, bars in ladder.bars.items():
            first, stop = closed_range(bars, now, since=None, until=None, limit=10_000)
            shown.append([bars[index] for index in range(first, stop)])
            shown.append(bar_in_progress(ladder, frame, now))
        return shown

    assert seen(one) == seen(other)
    trade = last_trade(one, now)
    assert trade is None or trade.at < now
    for frame in one.bars:
        current = bar_in_progress(one, frame, now)
        if current is not None:
            assert current.opened < now < current.end
            assert current.opened % DURATIONS[frame] == (4 * DAY) % DURATIONS[frame]
