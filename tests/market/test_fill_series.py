"""The rules of the description, 3.1, for readings: fill and say so, and never look ahead."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.market.cleaning import fill_series
from automoney.market.readings import Filled, Reading
from automoney.market.series import Series, series_named

START = datetime(2025, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)
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
    assert not between.vintage_assumed
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


@pytest.mark.parametrize("assumed", [(True, False), (False, True), (True, True)])
def test_what_is_interpolated_from_an_assumed_vintage_has_one_too(
    assumed: tuple[bool, bool],
) -> None:
    ends = [
        reading(MVRV, day, 1.0, vintage_assumed=one)
        for day, one in zip((0, 2), assumed, strict=True)
    ]
    filled = fill_series(MVRV, ends, as_of=at(9))

    assert [one.vintage_assumed for one in filled] == [assumed[0], True, assumed[1]]


def test_an_assumed_vintage_survives_being_carried_on_and_a_default_has_none() -> None:
    carried = fill_series(CPI, [reading(CPI, 0, 300.0, vintage_assumed=True)], as_of=at(200))
    defaulted = fill_series(GREED, [reading(GREED, 0, 20.0, vintage_assumed=True)], as_of=at(9))

    assert [(one.filled, one.vintage_assumed) for one in carried] == [(Filled.LAST, True)]
    assert [(one.filled, one.vintage_assumed) for one in defaulted] == [
        (None, True),
        (Filled.DEFAULT, False),
    ]


readings_of = st.lists(
    st.tuples(st.integers(0, 40), st.floats(0, 100), st.integers(0, 60), st.integers(0, 60)),
    max_size=25,
)


def of_rows(series: Series, rows: list[tuple[int, float, int, int]]) -> list[Reading]:
    """From (day, value, days until it is published, days until we see it)."""
    return [
        reading(
            series,
            day,
            value,
            available_at=at(day + lag),
            vintage=at(day + seen),
            anomalous=value > 90,
            proxy=value > 80,
            vintage_assumed=value > 70,
        )
        for day, value, lag, seen in rows
    ]


@given(readings_of, st.sampled_from([MVRV, CPI, GREED]), st.integers(0, 110))
@settings(max_examples=100, deadline=None)
def test_filling_looks_at_nothing_ahead_and_filling_again_changes_nothing(
    rows: list[tuple[int, float, int, int]], series: Series, now: int
) -> None:
    readings = of_rows(series, rows)
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


@given(
    readings_of, readings_of, st.sampled_from([MVRV, CPI, GREED]), st.integers(0, 110), st.data()
)
@settings(max_examples=100, deadline=None)
def test_nothing_that_comes_later_and_no_order_makes_a_difference(
    rows: list[tuple[int, float, int, int]],
    later: list[tuple[int, float, int, int]],
    series: Series,
    now: int,
    data: st.DataObject,
) -> None:
    readings = of_rows(series, rows)
    ahead = [one for one in of_rows(series, later) if max(one.available_at, one.vintage) > at(now)]
    filled = fill_series(series, readings, as_of=at(now))

    shuffled = data.draw(st.permutations([*readings, *ahead]))
    assert fill_series(series, shuffled, as_of=at(now)) == filled


@given(readings_of, st.integers(0, 110))
@settings(max_examples=100, deadline=None)
def test_as_many_days_are_interpolated_as_are_missing_and_marks_are_kept(
    rows: list[tuple[int, float, int, int]], now: int
) -> None:
    filled = fill_series(MVRV, of_rows(MVRV, rows), as_of=at(now))
    real = [one for one in filled if one.filled is None]

    if real:
        span = (real[-1].period - real[0].period) // DAY + 1
        assert len(filled) == span
    for before, after in pairwise(real):
        between = [one for one in filled if before.period < one.period < after.period]
        low, high = sorted((before.value, after.value))
        for one in between:
            assert one.filled is Filled.INTERPOLATED
            assert low - 1e-9 <= one.value <= high + 1e-9
            assert one.anomalous is (before.anomalous or after.anomalous)
            assert one.proxy is (before.proxy or after.proxy)
            assert one.vintage_assumed is (before.vintage_assumed or after.vintage_assumed)
