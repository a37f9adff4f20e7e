"""What fetched bars change about known ones: corrections, gaps, and bars that only stood in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.market.revising import borrowed_since, days_of, merged, revise
from tests.builders import candle

MONDAY = datetime(2025, 9, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bar(hour: int, close: str = "50000", source: str = "binance") -> Candle:
    made = candle(MONDAY + hour * HOUR, close, timeframe=Timeframe.H1)
    return replace(made, source=source, volume=made.volume if source == "binance" else None)


def flat(hour: int, close: str = "50000", source: str = "binance") -> Candle:
    price = Decimal(close)
    return replace(
        bar(hour, close, source), high=price, low=price, volume=Decimal(0), filled=Filled.FORWARD
    )


def changes(known: list[Candle], *found: Candle) -> list[Candle]:
    return list(revise(known, found, preferred="binance"))


def test_only_what_is_new_or_differs_is_a_change() -> None:
    known = [bar(hour) for hour in range(5)]

    assert changes(known, *known) == []
    assert changes(known, bar(4), bar(5)) == [bar(5)]
    assert changes(known, bar(3, "50001"), bar(4), bar(5)) == [bar(3, "50001"), bar(5)]
    assert changes(known) == []
    assert changes([], bar(0), bar(1)) == [bar(0), bar(1)]


def test_the_last_of_several_for_a_bar_wins_in_any_order() -> None:
    assert changes([bar(0)], bar(2), bar(1, "49000"), bar(1, "50001")) == [bar(1, "50001"), bar(2)]


def test_gaps_are_filled_forward_from_what_is_known() -> None:
    assert changes([bar(0, "49000")], bar(3)) == [flat(1, "49000"), flat(2, "49000"), bar(3)]
    assert changes([], bar(0), bar(2)) == [bar(0), flat(1), bar(2)]


def test_a_real_bar_replaces_the_filled_one_and_never_the_other_way_round() -> None:
    known = [bar(0), flat(1), bar(2)]

    assert changes(known, bar(0), bar(2)) == []
    assert changes(known, bar(1, "50001")) == [bar(1, "50001")]
    assert changes([bar(0), bar(1, "50001"), bar(2)], bar(0), bar(2)) == []


def test_a_corrected_bar_changes_the_ones_filled_from_it() -> None:
    known = [bar(0), flat(1), flat(2), bar(3)]

    assert changes(known, bar(0, "50001")) == [bar(0, "50001"), flat(1, "50001"), flat(2, "50001")]


@pytest.mark.parametrize(
    ("known", "found", "wins"),
    [
        (bar(1), bar(1, "49999", "coingecko"), False),
        (bar(1, "49999", "coingecko"), bar(1), True),
        (bar(1, "49999", "coingecko"), bar(1, "49998", "coingecko"), True),
        (flat(1), bar(1, "49999", "coingecko"), True),
        (flat(1, source="coingecko"), bar(1), True),
    ],
)
def test_the_preferred_source_stands_above_others_and_any_above_a_filled_one(
    known: Candle, found: Candle, wins: bool
) -> None:
    assert changes([bar(0), known, bar(2)], found) == ([found] if wins else [])


def test_a_jump_is_flagged_against_the_bar_before_and_the_flag_stays() -> None:
    known = [bar(0), bar(1)]

    spike, back = changes(known, bar(2, "70000"), bar(3))
    assert (spike.anomalous, back.anomalous) == (True, True)
    assert changes([*known, spike, back], bar(2, "70000"), bar(3)) == []
    # read back without the bar before it, nobody could say again that it jumped
    assert changes([spike, back], bar(2, "70000"), bar(3), bar(4)) == [bar(4)]
    assert changes([*known, spike, back], bar(2, "50100")) == [bar(2, "50100")]


def test_what_was_borrowed_is_told_with_the_gap_before_it() -> None:
    assert borrowed_since([], "binance") is None
    assert borrowed_since([bar(0), flat(1), bar(2)], "binance") is None
    assert (
        borrowed_since([bar(0), bar(1, source="coingecko"), bar(2)], "binance") == bar(1).open_time
    )
    assert (
        borrowed_since([flat(0), bar(1), flat(2), flat(3), bar(4, source="coingecko")], "binance")
        == bar(2).open_time
    )


def test_merging_keeps_the_order() -> None:
    known = [bar(0), bar(2)]

    assert merged(known, [bar(1), bar(2, "1"), bar(3)]) == [bar(0), bar(1), bar(2, "1"), bar(3)]
    assert merged(known, [bar(3)]) == [*known, bar(3)]
    assert merged([], [bar(3)]) == [bar(3)]
    assert merged(known, []) == known


def four_hours(first: int, count: int) -> list[Candle]:
    return [
        replace(
            candle(MONDAY + 4 * HOUR * number, str(50_000 + number), timeframe=Timeframe.H4),
            source="coingecko",
            volume=None,
        )
        for number in range(first, first + count)
    ]


def test_six_bars_of_four_hours_make_a_day() -> None:
    (monday, tuesday) = days_of(four_hours(0, 14), since=MONDAY)

    assert (monday.open_time, monday.timeframe) == (MONDAY, Timeframe.D1)
    assert (monday.open, monday.close, monday.high, monday.low) == (
        *(Decimal(50_000), Decimal(50_005)),
        *(Decimal(50_015), Decimal(49_990)),
    )
    assert (monday.source, monday.volume, monday.filled) == ("coingecko", None, None)
    assert tuesday.close_time == MONDAY + timedelta(days=2)


def test_no_day_is_made_of_less_and_none_after_one_that_is_missing() -> None:
    bars = four_hours(0, 18)
    hole = [one for one in bars if one.open_time != MONDAY + 28 * HOUR]
    made_up = [
        replace(one, filled=Filled.FORWARD) if one.open_time == MONDAY else one for one in bars
    ]

    assert len(list(days_of(hole, since=MONDAY))) == 1
    assert list(days_of(made_up, since=MONDAY)) == []
    assert list(days_of(bars[1:], since=MONDAY)) == []
    assert len(list(days_of(bars, since=MONDAY + timedelta(days=1)))) == 2
    assert list(days_of([], since=MONDAY)) == []


_some_bars = st.lists(
    st.builds(
        bar,
        st.integers(0, 12),
        st.sampled_from(["40000", "50000", "50001", "70000"]),
        st.sampled_from(["binance", "coingecko"]),
    ),
    max_size=12,
)


@given(answers=st.lists(_some_bars, min_size=1, max_size=6))
def test_whatever_comes_the_bars_stay_whole_and_nothing_changes_twice(
    answers: list[list[Candle]],
) -> None:
    known: list[Candle] = []
    for answer in answers:
        best = {one.open_time: one.source == "binance" for one in known if not one.filled}
        change = changes(known, *answer)
        known = merged(known, change)

        assert [one.open_time for one in known] == [
            known[0].open_time + number * HOUR for number in range(len(known))
        ]
        assert changes(known, *answer) == []
        said = {one.open_time for one in answer}
        for one in known:
            assert not (one.open_time in said and one.filled)
            assert not best.get(one.open_time) or one.source == "binance"
            if one.filled:
                assert one.volume == 0
                assert not one.anomalous
