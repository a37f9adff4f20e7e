from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.market.candles import Timeframe
from infra.local.world.bars import (
    DURATIONS,
    Bar,
    Bars,
    aggregate,
    completed,
    eight_decimals,
    floor,
    scaled,
    shortest,
)
from infra.local.world.clock import DAY, HOUR, MINUTE, moment
from infra.local.world.recording import Recording


@pytest.mark.parametrize(
    ("text", "wire", "short"),
    [
        ("4261.48", "4261.48000000", "4261.48"),
        ("3850", "3850.00000000", "3850"),
        ("0.00000001", "0.00000001", "0.00000001"),
        ("0", "0.00000000", "0"),
        ("1.5e-3", "0.00150000", "0.0015"),
        ("115685.630000000012", "115685.63000000", "115685.63"),
    ],
)
def test_numbers_on_the_wire(text: str, wire: str, short: str) -> None:
    assert eight_decimals(scaled(text)) == wire
    assert shortest(scaled(text)) == short


@given(st.decimals(0, 10**9, places=8))
def test_no_digit_is_lost(number: Decimal) -> None:
    assert Decimal(eight_decimals(scaled(f"{number:f}"))) == number


def test_weeks_open_on_monday_and_days_at_midnight() -> None:
    at = 20_352 * DAY + 5 * HOUR  # 2025-09-21, a Sunday
    assert moment(floor(at, DURATIONS[Timeframe.W1])).isoformat() == "2025-09-15T00:00:00+00:00"
    assert floor(at, DAY) == at - 5 * HOUR
    assert floor(at, 4 * HOUR) == at - HOUR


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_hours_add_up_to_the_recorded_days_exactly(recorded: Recording, asset: str) -> None:
    given = recorded.ladders[asset].given
    added, days = aggregate(given[Timeframe.H1], DAY), given[Timeframe.D1]
    assert len(added) == len(days) == 2958
    assert added.columns == days.columns


def test_missing_hours_come_from_five_minutes_and_recorded_ones_stay() -> None:
    fives = Bars.of(
        Bar(at * 5 * MINUTE, (at + 1) * 5 * MINUTE, 10 + at, 20 + at, 5, 11 + at, 1)
        for at in range(24)
    )
    own = Bars.of([Bar(HOUR, 2 * HOUR, 1, 2, 1, 2, 7)])
    both = completed(own, fives, HOUR)
    assert [both[index] for index in range(len(both))] == [
        Bar(0, HOUR, 10, 31, 5, 22, 12),
        Bar(HOUR, 2 * HOUR, 1, 2, 1, 2, 7),
    ]
