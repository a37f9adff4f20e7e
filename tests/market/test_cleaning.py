"""The cleaning rules of the description, 3.1: flag and keep, fill and say so, never look ahead."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.cleaning import (
    check_candle,
    drop_duplicates,
    fill_forward,
    fill_series,
    flag_jumps,
    flag_mark,
)
from automoney.market.readings import Filled, Reading
from automoney.market.series import Series, series_named
from tests.market.recorded import recorded

START = datetime(2025, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def bar(number: int, close: str = "100", **changes: object) -> Candle:
    """The hour that opens `number` hours after START, all its prices at `close`."""
    price = Decimal(close)
    candle = Candle(
        "BTC",
        Timeframe.H1,
        START + number * HOUR,
        price,
        price,
        price,
        price,
        Decimal(5),
        "binance",
    )
    return replace(candle, **changes)  # type: ignore[arg-type]  # the test names real fields


# ---------------------------------------------------------------- check_candle


def changed(changes: Mapping[str, object]) -> Candle:
    return replace(bar(0), **changes)  # type: ignore[arg-type]  # the test names real fields


def test_every_recorded_day_is_a_possible_candle(market_data: Path) -> None:
    days = recorded(market_data, "BTC", Timeframe.D1) + recorded(market_data, "ETH", Timeframe.D1)
    for day in days:
        check_candle(day)
    assert len(days) == 2 * 2958


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="all prices the same"),
        pytest.param({"volume": None}, id="a source without volume"),
        pytest.param({"volume": Decimal(0)}, id="nothing traded"),
        pytest.param({"high": Decimal(130), "low": Decimal(70)}, id="a range"),
    ],
)
def test_a_possible_candle_passes(changes: Mapping[str, object]) -> None:
    check_candle(changed(changes))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[(name, text) for name in ("open", "high", "low", "close") for text in ("0", "-1")],
        *[(name, text) for name in ("open", "high", "low", "close") for text in ("NaN", "inf")],
        ("low", "100.01"),
        ("high", "99.99"),
        ("volume", "-0.1"),
        ("volume", "NaN"),
        ("volume", "Infinity"),
    ],
)
def test_an_impossible_candle_is_refused_by_the_field_at_fault(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as error:
        check_candle(changed({field: Decimal(value)}))
    assert error.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"open": Decimal(101)}, "high"),
        ({"close": Decimal(101)}, "high"),
        ({"open": Decimal(99)}, "low"),
        ({"close": Decimal(99)}, "low"),
    ],
)
def test_open_and_close_lie_between_low_and_high(changes: Mapping[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        check_candle(changed(changes))
    assert error.value.field == field


# ---------------------------------------------------------------- flag_jumps, flag_mark


@pytest.mark.parametrize(
    ("previous", "closes", "anomalous"),
    [
        pytest.param("100", ["120"], [False], id="20 % up is not more than 20 %"),
        pytest.param("100", ["120.00000001"], [True], id="just above"),
        pytest.param("100", ["80"], [False], id="20 % down"),
        pytest.param("100", ["79.99999999"], [True], id="just below"),
        pytest.param(None, ["1000", "1000"], [False, False], id="nothing to compare with"),
        pytest.param("100", ["100", "130", "100"], [False, True, True], id="a spike and back"),
        pytest.param("100", ["130", "131"], [True, False], id="a jump that stays"),
        pytest.param("100", [], [], id="no candles"),
    ],
)
def test_a_jump_is_flagged_and_kept(
    previous: str | None, closes: list[str], anomalous: list[bool]
) -> None:
    candles = [bar(number, close) for number, close in enumerate(closes)]
    flagged = flag_jumps(candles, None if previous is None else Decimal(previous))

    assert [candle.anomalous for candle in flagged] == anomalous
    assert [replace(candle, anomalous=False) for candle in flagged] == candles


def test_a_flag_that_the_source_set_stays() -> None:
    assert flag_jumps([bar(0, anomalous=True)], Decimal(100))[0].anomalous


def test_the_crash_of_march_2020_is_flagged_and_stays_in(market_data: Path) -> None:
    days = recorded(market_data, "BTC", Timeframe.D1)
    flagged = flag_jumps(days, None)

    assert [day.close for day in flagged] == [day.close for day in days]
    assert datetime(2020, 3, 12, tzinfo=UTC) in {day.open_time for day in flagged if day.anomalous}
    assert sum(day.anomalous for day in flagged) < 20


@pytest.mark.parametrize(
    ("previous", "price", "anomalous"),
    [
        (None, "5", False),
        ("100", "120", False),
        ("100", "120.01", True),
        ("100", "80", False),
        ("100", "79.99", True),
    ],
)
def test_a_mark_is_judged_by_the_one_before(
    previous: str | None, price: str, anomalous: bool
) -> None:
    before = None if previous is None else Mark("BTC", Decimal(previous), START, "binance")
    mark = Mark("BTC", Decimal(price), START + HOUR, "binance")

    assert flag_mark(mark, before) == replace(mark, anomalous=anomalous)


def test_a_mark_is_not_judged_by_another_assets() -> None:
    mark = Mark("BTC", Decimal(100), START, "binance")
    with pytest.raises(InvalidInput, match="a mark of BTC"):
        flag_mark(mark, replace(mark, asset="ETH"))


# ---------------------------------------------------------------- drop_duplicates


def test_the_last_of_two_candles_for_one_bar_wins_and_all_are_sorted() -> None:
    week = bar(0, timeframe=Timeframe.W1)
    ether = bar(0, asset="ETH")
    given_ = [bar(2), ether, bar(0, "100"), week, bar(1), bar(0, "101")]

    assert drop_duplicates(given_) == (bar(0, "101"), bar(1), bar(2), week, ether)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=20))
@settings(deadline=None)
def test_one_candle_a_bar_is_left(pairs: list[tuple[int, int]]) -> None:
    kept = drop_duplicates(bar(number, str(close)) for number, close in pairs)

    assert kept == tuple(bar(number, str(close)) for number, close in sorted(dict(pairs).items()))
    assert drop_duplicates(kept) == kept


# ---------------------------------------------------------------- fill_forward


def flat(number: int, close: str) -> Candle:
    return bar(number, close, volume=Decimal(0), filled=Filled.FORWARD)


@pytest.mark.parametrize(
    ("candles", "until", "expected"),
    [
        pytest.param([], 9 * HOUR, [], id="nothing to carry on"),
        pytest.param([bar(0)], HOUR, [bar(0)], id="nothing missing"),
        pytest.param(
            [bar(0, "100"), bar(3, "110")],
            4 * HOUR,
            [bar(0, "100"), flat(1, "100"), flat(2, "100"), bar(3, "110")],
            id="a gap inside",
        ),
        pytest.param(
            [bar(0, "100")], 3 * HOUR, [bar(0), flat(1, "100"), flat(2, "100")], id="up to until"
        ),
        pytest.param(
            [bar(0)], 2 * HOUR + HOUR / 2, [bar(0), flat(1, "100")], id="not the open bar"
        ),
        pytest.param([bar(0), bar(1)], HOUR, [bar(0), bar(1)], id="what is later stays"),
        pytest.param(
            [bar(0, "100", anomalous=True, high=Decimal(120))],
            2 * HOUR,
            [bar(0, "100", anomalous=True, high=Decimal(120)), flat(1, "100")],
            id="flat at the close, and not odd itself",
        ),
    ],
)
def test_missing_bars_are_flat_at_the_last_close(
    candles: list[Candle], until: timedelta, expected: list[Candle]
) -> None:
    assert fill_forward(candles, until=START + until) == tuple(expected)


@pytest.mark.parametrize(
    ("candles", "field"),
    [
        ([bar(1), bar(0)], "open_time"),
        ([bar(1), bar(1)], "open_time"),
        ([bar(0), bar(1, open_time=START + HOUR * 1.5)], "open_time"),
        ([bar(0), bar(1, asset="ETH")], "candle"),
        ([bar(0), bar(1, timeframe=Timeframe.H4)], "candle"),
    ],
)
def test_bars_that_do_not_follow_each_other_are_refused(candles: list[Candle], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        fill_forward(candles, until=START)
    assert error.value.field == field


def test_the_real_outages_are_filled_and_nothing_else_changes(market_data: Path) -> None:
    hours = recorded(market_data, "BTC", Timeframe.H1)[:10_000]
    filled = fill_forward(hours, until=hours[-1].close_time)

    assert tuple(bar for bar in filled if bar.filled is None) == hours
    assert {after.open_time - before.open_time for before, after in pairwise(filled)} == {HOUR}
    longest = datetime(2018, 2, 8, 1, tzinfo=UTC)  # the exchange was down for 33 hours
    made_up = {bar.open_time for bar in filled if bar.filled}
    assert made_up >= {longest + number * HOUR for number in range(33)}
    assert fill_forward(filled, until=hours[-1].close_time) == filled


# ---------------------------------------------------------------- fill_series

MVRV = series_named("mvrv")
CPI = series_named("cpi")
YIELD = series_named("us10y")
GREED = series_named("fear_greed")


def reading(series: Series, day: float, value: float, **changes: object) -> Reading:
    """Of the day `day` days after START, published a day later (sentiment: at once)."""
    period = START + day * DAY
    known = period if series.group == "sentiment" else period + DAY
    made = Reading(
        series=series.name,
        asset="BTC" if series.per_asset else None,
        period=period,
        value=value,
        available_at=known,
        vintage=known,
        source="recorded",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the test names real fields


def at(day: float) -> datetime:
    return START + day * DAY


def shown(readings: tuple[Reading, ...]) -> list[tuple[float, float, Filled | None]]:
    return [((each.period - START) / DAY, each.value, each.filled) for each in readings]


def test_onchain_days_between_two_known_ones_are_interpolated() -> None:
    known = [reading(MVRV, 0, 1.0), reading(MVRV, 4, 3.0), reading(MVRV, 5, 2.0)]

    assert shown(fill_series(MVRV, known, as_of=at(9))) == [
        (0, 1.0, None),
        (1, 1.5, Filled.INTERPOLATED),
        (2, 2.0, Filled.INTERPOLATED),
        (3, 2.5, Filled.INTERPOLATED),
        (4, 3.0, None),
        (5, 2.0, None),  # and nothing for days 6 to 8: that would be a guess
    ]


def test_an_interpolated_day_is_known_once_both_its_ends_are() -> None:
    ends = [
        reading(MVRV, 0, 1.0, proxy=True, vintage=at(7)),
        reading(MVRV, 2, 3.0, anomalous=True, source="other"),
    ]
    between = fill_series(MVRV, ends, as_of=at(7))[1]

    assert (between.available_at, between.vintage) == (at(3), at(7))
    late = fill_series(MVRV, [replace(ends[0], available_at=at(6)), ends[1]], as_of=at(7))[1]
    assert late.available_at == at(6)
    assert (between.proxy, between.anomalous) == (True, True)
    assert between.asset == "BTC"
    assert shown(fill_series(MVRV, ends, as_of=at(6.9))) == [(2, 3.0, None)]


@pytest.mark.parametrize(
    ("late", "seen"),
    [
        pytest.param({"available_at": at(5)}, at(4.99), id="published later"),
        pytest.param({"vintage": at(5)}, at(4.99), id="first seen later"),
    ],
)
@pytest.mark.parametrize("series", [MVRV, CPI, GREED], ids=lambda series: series.name)
def test_what_was_not_known_yet_is_not_used(
    series: Series, late: dict[str, datetime], seen: datetime
) -> None:
    readings = [reading(series, 0, 1.0), reading(series, 4, 9.0, **late)]
    without = fill_series(series, readings[:1], as_of=seen)

    assert fill_series(series, readings, as_of=seen) == without
    assert 9.0 in [each.value for each in fill_series(series, readings, as_of=at(5))]


def test_the_newest_revision_known_at_the_time_counts() -> None:
    first = reading(CPI, 0, 300.0)
    revised = replace(first, value=301.5, vintage=at(40))

    for readings in ([first, revised], [revised, first]):
        assert fill_series(CPI, readings, as_of=at(39))[-1].value == 300.0
        assert fill_series(CPI, readings, as_of=at(40))[-1].value == 301.5


@pytest.mark.parametrize(
    ("days", "as_of", "filled"),
    [
        # Days 0 to 4 are Monday to Friday; each is published at the next midnight.
        pytest.param([0, 1, 2, 3, 4, 7], 8, None, id="the day's value is there"),
        pytest.param([0, 1, 2, 3, 4, 7], 10.9, None, id="it may be a weekend"),
        pytest.param([0, 1, 2, 3, 4, 7], 11, Filled.LAST, id="but no weekend is longer"),
        pytest.param([0, 31, 59], 60 + 30, None, id="a month's value until the next is due"),
        pytest.param([0, 31, 59], 60 + 31, Filled.LAST, id="a month's value carried on"),
        pytest.param([0], 1, None, id="a single value"),
        pytest.param([0], 12, Filled.LAST, id="a single value, until it is stale"),
    ],
)
def test_macro_invents_nothing_and_says_when_it_carries_the_last_value_on(
    days: list[int], as_of: float, filled: Filled | None
) -> None:
    known = [reading(YIELD, day, 4.0 + day / 100) for day in days]

    result = fill_series(YIELD, known, as_of=at(as_of))

    assert result == (*known[:-1], replace(known[-1], filled=filled))


@pytest.mark.parametrize(
    ("days", "as_of", "defaulted"),
    [
        pytest.param([8, 9], 9.5, False, id="today's is there"),
        pytest.param([7, 8], 9.5, True, id="today's is missing"),
        pytest.param([7, 8], 9, True, id="today's is missing at its very start"),
        pytest.param([0, 1], 9.5, True, id="missing for days: only today counts as neutral"),
        pytest.param([], 9.5, True, id="never had any"),
    ],
)
def test_sentiment_missing_today_is_neutral(days: list[int], as_of: float, defaulted: bool) -> None:
    known = [reading(GREED, day, 20.0) for day in days]
    neutral = reading(
        GREED,
        9,
        50.0,
        available_at=at(as_of),
        vintage=at(as_of),
        source="default",
        filled=Filled.DEFAULT,
    )

    result = fill_series(GREED, known, as_of=at(as_of))

    assert result == ((*known, neutral) if defaulted else tuple(known))


def test_sentiment_is_not_missing_before_it_usually_comes_out() -> None:
    lag = timedelta(hours=8)
    known = [reading(GREED, day, 20.0, available_at=at(day) + lag) for day in (6, 7)]
    late = reading(GREED, 8, 20.0, available_at=at(8) + 3 * lag)

    assert fill_series(GREED, known, as_of=at(8) + lag / 2) == tuple(known)
    assert fill_series(GREED, known, as_of=at(8) + lag)[-1].filled is Filled.DEFAULT
    # One that came late does not make the next one's absence look normal.
    assert fill_series(GREED, [*known, late], as_of=at(9) + lag)[-1].filled is Filled.DEFAULT


def test_sentiment_published_on_the_evening_before_still_counts_for_its_day() -> None:
    known = [reading(GREED, day, 20.0, available_at=at(day - 0.1)) for day in (6, 7, 8)]

    assert fill_series(GREED, known, as_of=at(8.95)) == tuple(known)


def test_a_value_that_was_carried_on_is_an_ordinary_one_again_when_the_next_has_come() -> None:
    known = [reading(CPI, 0, 300.0), reading(CPI, 31, 301.0)]
    carried = fill_series(CPI, known, as_of=at(70))
    newer = reading(CPI, 59, 302.0, available_at=at(71))

    assert carried[-1].filled is Filled.LAST
    assert fill_series(CPI, [*carried, newer], as_of=at(71)) == (*known, newer)


def test_readings_of_something_else_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"reading\.series"):
        fill_series(MVRV, [reading(CPI, 0, 1.0)], as_of=at(9))
    with pytest.raises(InvalidInput, match=r"reading\.asset"):
        fill_series(MVRV, [reading(MVRV, 0, 1.0), reading(MVRV, 1, 1.0, asset="ETH")], as_of=at(9))
    with pytest.raises(InvalidInput, match=r"series\.fill"):
        fill_series(replace(MVRV, fill=Filled.FORWARD), [], as_of=at(9))


readings_of = st.lists(
    st.tuples(st.integers(0, 40), st.floats(0, 100), st.integers(0, 60), st.integers(0, 60)),
    max_size=25,
)


@given(readings_of, st.sampled_from([MVRV, CPI, GREED]), st.integers(0, 110))
@settings(max_examples=100, deadline=None)
def test_filling_looks_at_nothing_ahead_and_filling_again_changes_nothing(
    rows: list[tuple[int, float, int, int]], series: Series, now: int
) -> None:
    readings = [
        reading(series, day, value, available_at=at(day + lag), vintage=at(day + seen))
        for day, value, lag, seen in rows
    ]
    filled = fill_series(series, readings, as_of=at(now))

    assert all(max(each.available_at, each.vintage) <= at(now) for each in filled)
    periods = [each.period for each in filled]
    assert periods == sorted(set(periods))
    known = [each for each in readings if max(each.available_at, each.vintage) <= at(now)]
    assert fill_series(series, known, as_of=at(now)) == filled
    assert {each.period for each in known} <= set(periods)
    real = {(each.period, each.value) for each in known}
    made_up = (Filled.INTERPOLATED, Filled.DEFAULT)
    assert all((each.period, each.value) in real for each in filled if each.filled not in made_up)
    assert fill_series(series, filled, as_of=at(now)) == filled
