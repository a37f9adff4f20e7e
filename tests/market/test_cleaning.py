"""The rules of the description, 3.1, for prices: flag and keep, fill and say so."""

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
    flag_jumps,
    flag_mark,
)
from automoney.market.readings import Filled
from tests.market.recorded import recorded

START = datetime(2025, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


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


@given(
    st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=20),
    st.none() | st.integers(1, 400),
)
@settings(deadline=None)
def test_flagging_keeps_every_bar_and_every_flag_and_is_done_once(
    rows: list[tuple[int, bool]], previous: int | None
) -> None:
    bars = [bar(number, str(close), anomalous=odd) for number, (close, odd) in enumerate(rows)]
    before = None if previous is None else Decimal(previous)
    flagged = flag_jumps(bars, before)

    assert [replace(one, anomalous=False) for one in flagged] == [
        replace(one, anomalous=False) for one in bars
    ]
    assert all(
        after.anomalous or not one.anomalous for one, after in zip(bars, flagged, strict=True)
    )
    assert flag_jumps(flagged, before) == flagged
    # A bar is judged by the close before it alone: what comes later changes nothing.
    assert all(flag_jumps(bars[:count], before) == flagged[:count] for count in range(len(bars)))


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


@given(st.permutations([bar(0), bar(1), bar(0, asset="ETH"), bar(0, timeframe=Timeframe.D1)]))
@settings(deadline=None)
def test_of_different_bars_the_order_makes_no_difference(given_: list[Candle]) -> None:
    assert drop_duplicates(given_) == drop_duplicates(sorted(given_, key=str))
    assert set(drop_duplicates(given_)) == set(given_)


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


@given(st.sets(st.integers(0, 60), min_size=1, max_size=15), st.integers(0, 90))
@settings(deadline=None)
def test_as_many_bars_are_filled_in_as_are_missing_and_each_says_so(
    numbers: set[int], now: int
) -> None:
    bars = [bar(number, str(100 + number), anomalous=number % 3 == 0) for number in sorted(numbers)]
    until = START + now * HOUR + HOUR / 2  # in the middle of a bar, which is open then
    filled = fill_forward(bars, until=until)

    last = max(*numbers, now - 1)
    assert [one.open_time for one in filled] == [
        START + number * HOUR for number in range(min(numbers), last + 1)
    ]
    assert [one for one in filled if one.filled is None] == bars
    for before, one in pairwise(filled):
        if one.filled:
            assert one == flat(round((one.open_time - START) / HOUR), str(before.close))
    assert fill_forward(filled, until=until) == filled


@given(st.sets(st.integers(0, 40), min_size=1, max_size=12), st.integers(0, 40))
@settings(deadline=None)
def test_filling_bars_knows_nothing_of_what_comes_later(numbers: set[int], now: int) -> None:
    bars = [bar(number, str(100 + number)) for number in sorted(numbers)]
    until = START + now * HOUR
    known = [one for one in bars if one.close_time <= until]

    by_then = [one for one in fill_forward(bars, until=until) if one.close_time <= until]
    assert by_then == list(fill_forward(known, until=until))


def test_the_real_outages_are_filled_and_nothing_else_changes(market_data: Path) -> None:
    hours = recorded(market_data, "BTC", Timeframe.H1)[:10_000]
    filled = fill_forward(hours, until=hours[-1].close_time)

    assert tuple(bar for bar in filled if bar.filled is None) == hours
    assert {after.open_time - before.open_time for before, after in pairwise(filled)} == {HOUR}
    longest = datetime(2018, 2, 8, 1, tzinfo=UTC)  # the exchange was down for 33 hours
    made_up = {bar.open_time for bar in filled if bar.filled}
    assert made_up >= {longest + number * HOUR for number in range(33)}
    assert fill_forward(filled, until=hours[-1].close_time) == filled
