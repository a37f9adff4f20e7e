"""Indicators against TA-Lib, against exact arithmetic, and against themselves after a restore."""

import json
import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Timeframe
from automoney.market.indicators import IndicatorState, prices
from automoney.market.snapshot import Indicators
from tests.market.oracles import NAMES, Bar, Columns, by_pandas_ta, by_talib
from tests.market.recorded import recorded

BANDS = {"bb_upper", "bb_middle", "bb_lower"}


def run(bars: list[Bar]) -> list[Indicators]:
    state = IndicatorState()
    return [state.update(*bar) for bar in bars]


def assert_as(
    expected: Columns,
    found: list[Indicators],
    *,
    names: list[str] = NAMES,
    slack: float = 0.0,
    after: int = 0,
) -> None:
    """Within 1e-9 relative at every bar `after` so many, and unknown at exactly the same bars.

    `slack` is absolute, for what may cross zero: MACD is a difference of prices.
    """
    for name in names:
        for bar, wanted in enumerate(expected[name]):
            mine = getattr(found[bar], name)
            where = f"{name} at bar {bar}: {mine} and not {wanted}"
            assert bar < after or (mine is None) == (wanted is None), where
            if bar >= after and wanted is not None:
                assert math.isclose(mine, wanted, rel_tol=1e-9, abs_tol=slack), where


REAL = [
    pytest.param(asset, source, timeframe, id=f"{asset}-{timeframe}")
    for asset in ("BTC", "ETH")
    for source, timeframe in [
        (Timeframe.H1, Timeframe.H1),
        (Timeframe.H1, Timeframe.H4),
        (Timeframe.D1, Timeframe.D1),
        (Timeframe.D1, Timeframe.W1),
    ]
]


def real_bars(market_data: Path, asset: str, source: Timeframe, timeframe: Timeframe) -> list[Bar]:
    """Up to the newest 20,000, built of the candles that `source` names."""
    candles = recorded(market_data, asset, source)[-20_000:]
    return [prices(candle) for candle in aggregate(candles, timeframe)]


@pytest.mark.parametrize(("asset", "source", "timeframe"), REAL)
def test_real_bars_give_what_talib_gives(
    market_data: Path, asset: str, source: Timeframe, timeframe: Timeframe
) -> None:
    bars = real_bars(market_data, asset, source, timeframe)
    assert len(bars) > 400

    assert_as(by_talib(bars), run(bars), slack=1e-13 * bars[-1][2])


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_real_weeks_give_what_pandas_ta_gives(market_data: Path, asset: str) -> None:
    bars = real_bars(market_data, asset, Timeframe.D1, Timeframe.W1)
    found = run(bars)

    assert_as(by_pandas_ta(bars, through_talib=True), found)
    # Its own formulas seed MACD, RSI and ATR otherwise, which takes some hundred bars to fade.
    own = by_pandas_ta(bars, through_talib=False)
    assert_as(own, found, names=["ema21", "ema55", *BANDS])
    assert_as(own, found, names=["macd", "macd_signal", "macd_hist", "rsi14", "atr14"], after=380)


@pytest.mark.parametrize(("asset", "source", "timeframe"), REAL)
def test_a_state_restored_before_every_real_bar_goes_on_exactly(
    market_data: Path, asset: str, source: Timeframe, timeframe: Timeframe
) -> None:
    bars = real_bars(market_data, asset, source, timeframe)[-500:]
    state, restored = IndicatorState(), []
    for bar in bars:
        state = IndicatorState.load(json.loads(json.dumps(state.dump())))
        restored.append(state.update(*bar))

    assert restored == run(bars)
    assert state.bars == len(bars)


def a_bar(close: float, up: float, down: float) -> Bar:
    return close * (1 + up), close * (1 - down), close


@st.composite
def walks(draw: st.DrawFn) -> list[Bar]:
    """Up to 120 bars from any price level, with steps of up to a third, or none at all."""
    step = st.one_of(st.just(0.0), st.floats(-0.3, 0.3, allow_subnormal=False))
    reach = st.floats(0, 0.2, allow_subnormal=False)
    close = draw(st.floats(1e-2, 1e7))
    bars = []
    for change, up, down in draw(st.lists(st.tuples(step, reach, reach), min_size=1, max_size=120)):
        close *= 1 + change
        bars.append(a_bar(close, up, down))
    return bars


@given(walks(), st.sets(st.integers(0, 119)))
@settings(max_examples=60, deadline=None)
def test_any_walk_with_any_restores_gives_what_talib_gives(
    bars: list[Bar], restores: set[int]
) -> None:
    state, found = IndicatorState(), []
    for number, bar in enumerate(bars):
        if number in restores:
            state = IndicatorState.load(json.loads(json.dumps(state.dump())))
        found.append(state.update(*bar))

    assert found == run(bars)
    # TA-Lib's own bands are not exact enough when nothing moves; they have their own test below.
    expected = by_talib(bars)
    names = [name for name in NAMES if name not in BANDS and name != "rsi14"]
    assert_as(expected, found, names=names, slack=1e-13 * max(high for high, _, _ in bars))
    assert_as(expected, found, names=["rsi14"], slack=1e-9)


def exact_bands(closes: list[float]) -> tuple[float, float, float]:
    """Worked out in fractions, so that only the square root is rounded."""
    mean = sum(map(Fraction, closes), Fraction(0)) / len(closes)
    variance = sum(((close - mean) ** 2 for close in map(Fraction, closes)), Fraction(0))
    width = 2 * math.sqrt(variance / len(closes))
    return float(mean) + width, float(mean), float(mean) - width


@given(
    st.floats(1e-2, 1e9),
    st.lists(st.floats(-1e-6, 1e-6, allow_subnormal=False), min_size=20, max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_bands_are_exact_even_where_the_price_hardly_moves(
    level: float, ripples: list[float]
) -> None:
    closes = [level * (1 + ripple) for ripple in ripples]

    for number, found in enumerate(run([(close, close, close) for close in closes])[19:]):
        upper, middle, lower = exact_bands(closes[number : number + 20])
        assert (found.bb_upper, found.bb_middle, found.bb_lower) == pytest.approx(
            (upper, middle, lower), rel=1e-14
        )
        assert found.bb_upper is not None and found.bb_lower is not None
        assert found.bb_upper - found.bb_lower == pytest.approx(
            upper - lower, rel=1e-9, abs=level * 1e-15
        )


def test_bands_do_not_drift_over_many_bars_at_a_large_price() -> None:
    state = IndicatorState()
    for bar in range(20_000):  # a crash from 1e12 down to prices that move by cents
        close = 1e12 if bar < 10_000 else 100 + bar % 2 / 100
        found = state.update(close, close, close)

    assert found.bb_upper == pytest.approx(100.005 + 2 * 0.005, rel=1e-12)
    assert found.bb_lower == pytest.approx(100.005 - 2 * 0.005, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "first_bar"),
    [
        ("ema21", 21),
        ("ema55", 55),
        ("rsi14", 15),
        ("macd", 34),
        ("macd_signal", 34),
        ("macd_hist", 34),
        ("bb_upper", 20),
        ("bb_middle", 20),
        ("bb_lower", 20),
        ("atr14", 15),
    ],
)
def test_an_indicator_is_unknown_until_it_has_seen_enough(name: str, first_bar: int) -> None:
    found = run([a_bar(100.0 + bar, 0.01, 0.01) for bar in range(60)])

    known = [getattr(indicators, name) is not None for indicators in found]
    assert known == [False] * (first_bar - 1) + [True] * (60 - first_bar + 1)


@pytest.mark.parametrize(
    ("closes", "rsi"),
    [
        pytest.param([7.0] * 14, None, id="13 changes are too few"),
        pytest.param([7.0] * 15, 50.0, id="nothing ever moved"),
        pytest.param([7.0 + bar for bar in range(15)], 100.0, id="all gains"),
        pytest.param([70.0 - bar for bar in range(15)], 0.0, id="all losses"),
        pytest.param([1.0, *([2.0, 1.0] * 7)], 50.0, id="as much up as down"),
        # gain and loss 7/14, then a gain of 3: (6.5 + 3)/14 against 6.5/14
        pytest.param([1.0, *([2.0, 1.0] * 7), 4.0], 100 * 9.5 / 16, id="smoothed as Wilder does"),
    ],
)
def test_rsi(closes: list[float], rsi: float | None) -> None:
    assert run([(close, close, close) for close in closes])[-1].rsi14 == pytest.approx(rsi)


def test_atr_counts_the_gap_from_the_close_before() -> None:
    bars = [(10.0, 10.0, 10.0), *[(10.0, 10.0, 10.0)] * 13, (24.0, 24.0, 24.0)]

    assert run(bars)[-1].atr14 == pytest.approx(1.0)  # one gap of 14 over 14 bars


@pytest.mark.parametrize("seen", [0, 1, 13, 14, 19, 20, 25, 26, 33, 34, 54, 55, 80])
def test_peeking_answers_like_an_update_and_changes_nothing(seen: int) -> None:
    state = IndicatorState()
    for bar in range(seen):
        state.update(*a_bar(100 + 5 * math.sin(bar), 0.01, 0.02))
    before = json.dumps(state.dump())

    peeked = [state.peek(120, 80, 110), state.peek(130, 70, 75)]

    assert json.dumps(state.dump()) == before
    assert state.bars == seen
    assert peeked[1] == state.update(130, 70, 75)
    assert peeked[0] != peeked[1] or seen < 14


@given(walks(), walks())
@settings(max_examples=60, deadline=None)
def test_peeking_never_disturbs(bars: list[Bar], open_bars: list[Bar]) -> None:
    state, found = IndicatorState(), []
    for number, bar in enumerate(bars):
        other = open_bars[number % len(open_bars)]
        assert state.peek(*other) == IndicatorState.load(state.dump()).update(*other)
        expected = state.peek(*bar)
        found.append(state.update(*bar))
        assert found[-1] == expected

    assert found == run(bars)


@pytest.mark.parametrize("bars", [1, 54, 55, 56, 90])
def test_what_is_found_is_frozen_in_warm_up_and_after(bars: int) -> None:
    found = run([(102.0, 99.0, 100.0 + bar % 2) for bar in range(bars)])[-1]

    assert type(found) is Indicators
    with pytest.raises(FrozenInstanceError):
        found.ema21 = 1.0  # type: ignore[misc]


def test_a_close_beyond_high_and_low_is_refused() -> None:
    for high, low, close in [(10, 9, 11), (10, 9, 8), (9, 10, 9.5)]:
        with pytest.raises(InvalidInput, match="within"):
            IndicatorState().update(high, low, close)


def test_the_state_does_not_grow() -> None:
    state = IndicatorState()
    for bar in range(500):
        state.update(*a_bar(12345.6789 + bar / 7, 0.01, 0.02))

    assert len(json.dumps(state.dump())) < 2000


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_price_that_is_no_number_is_refused_and_leaves_no_trace(bad: float, place: int) -> None:
    state = IndicatorState()
    for bar in range(30):
        state.update(*a_bar(100.0 + bar, 0.01, 0.02))
    before = state.dump()
    bar_prices = [101.0, 99.0, 100.0]
    bar_prices[place] = bad

    for method in (state.update, state.peek):
        with pytest.raises(InvalidInput, match="finite"):
            method(*bar_prices)
    assert state.dump() == before


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.pop(name)


def _with(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update(changes)


def _with_average(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["averages"].update({name: value})


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_without("bars"), id="no count"),
        pytest.param(_without("closes"), id="no closes"),
        pytest.param(_without("averages"), id="no averages"),
        pytest.param(_with(bars="many"), id="count is a word"),
        pytest.param(_with(bars=-1), id="count is negative"),
        pytest.param(_with(bars=math.inf), id="count is infinite"),
        pytest.param(_with(bars=29), id="of another bar"),
        pytest.param(_with(closes=[1.0]), id="too few closes"),
        pytest.param(_with(closes=None), id="closes are null"),
        pytest.param(_with(closes=[100.0] * 19 + [math.nan]), id="a close that is no number"),
        pytest.param(_with(closes=[100.0] * 19 + ["100"]), id="a close that is a word"),
        pytest.param(_with(averages={}), id="no average"),
        pytest.param(_with_average("ema21", [3, 100.0]), id="seeded too little"),
        pytest.param(_with_average("ema55", [55, 100.0]), id="seeded too early"),
        pytest.param(_with_average("slow", [26, math.nan]), id="a value that is no number"),
        pytest.param(_with_average("slow", [26, 10**400]), id="a value beyond all numbers"),
        pytest.param(_with_average("slow", [26, True]), id="a value that is a truth"),
        pytest.param(_with_average("move", [14, -1.0]), id="a size below 0"),
        pytest.param(_with_average("gain", [14]), id="a number missing"),
        pytest.param(_with_average("gain", [14, 1.0, None]), id="a number too many"),
        pytest.param(_with(bars=True), id="count is a truth"),
    ],
)
def test_a_spoilt_dump_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    state = IndicatorState()
    for bar in range(30):
        state.update(*a_bar(100.0 + bar, 0.01, 0.02))
    data = json.loads(json.dumps(state.dump()))
    assert IndicatorState.load(data).dump() == state.dump()
    spoil(data)

    with pytest.raises(InvalidInput, match="indicator state"):
        IndicatorState.load(data)


def test_what_others_keep_beside_the_state_is_passed_over() -> None:
    state = IndicatorState()
    state.update(3, 1, 2)

    assert IndicatorState.load({**state.dump(), "open_time": "2025-01-06"}).dump() == state.dump()


def test_prices_of_a_candle_come_as_update_takes_them() -> None:
    monday = datetime(2025, 1, 6, tzinfo=UTC)
    quoted = (Decimal("1.5"), Decimal("3.25"), Decimal(1), Decimal("2.5"))
    candle = Candle("BTC", Timeframe.W1, monday, *quoted, None, "binance")

    assert prices(candle) == (3.25, 1.0, 2.5)
