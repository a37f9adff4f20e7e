"""The technical view within days: the longer bars say which way, the shorter ones when."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import fmean, pstdev

import pytest

from automoney.agents import technical
from automoney.agents.intraday import RULES
from automoney.errors import DataMissing
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.indicators import IndicatorState
from automoney.market.snapshot import Indicators, Outlook, Snapshot
from tests.agents.builders import NOON

H1, H4 = Timeframe.H1, Timeframe.H4
UP = Indicators(ema21=49_000, ema55=48_000, macd_hist=200, atr14=500, rsi14=60)
DOWN = Indicators(ema21=51_000, ema55=52_000, macd_hist=-200, atr14=500, rsi14=40)


def bar(timeframe: Timeframe, close: str = "50000") -> Candle:
    price, at = Decimal(close), timeframe.open_time(NOON)
    return Candle("BTC", timeframe, at, price, price, price, price, Decimal(1), "coingecko")


def seen(indicators: Mapping[Timeframe, Indicators]) -> Snapshot:
    return Snapshot(
        "BTC",
        NOON,
        Mark("BTC", Decimal(50_000), NOON - timedelta(minutes=3), "binance"),
        next(iter(indicators)),
        {timeframe: Outlook(bar(timeframe), one) for timeframe, one in indicators.items()},
    )


def contributions(snapshot: Snapshot) -> dict[str, float]:
    return {factor.name: factor.contribution for factor in technical.judge(snapshot).factors}


def test_both_timeframes_up_is_a_buy_and_down_a_sell() -> None:
    up, down = (technical.judge(seen({H4: one, H1: one})) for one in (UP, DOWN))

    assert up.value > 60
    assert down.value < -60
    assert (up.sources, up.confidence, up.degraded) == (("coingecko",), 1, False)
    assert {factor.age_hours for factor in up.factors} == {0.05}


def test_the_finer_timeframe_holds_a_trend_back_or_times_it() -> None:
    agreeing, against = (seen({H4: UP, H1: one}) for one in (UP, DOWN))
    assert technical.judge(against).value < technical.judge(agreeing).value - 30

    dip, peak = (seen({H4: UP, H1: replace(UP, rsi14=rsi)}) for rsi in (25, 78))
    assert contributions(peak)["finer_stretch"] < 0 < contributions(dip)["finer_stretch"]


def test_distances_count_in_the_timeframe_s_own_ranges() -> None:
    wild = replace(UP, atr14=5_000)
    assert contributions(seen({H4: wild, H1: UP}))["trend"] == pytest.approx(
        contributions(seen({H4: UP, H1: UP}))["trend"] / 10, abs=0.01
    )


def test_what_has_no_history_or_no_width_is_absent() -> None:
    young = replace(UP, ema55=None)
    score = technical.judge(seen({H4: young, H1: replace(UP, atr14=0.0)}))
    assert [one.name for one in score.factors if one.value is None] == [
        *("trend", "averages", "finer_trend")
    ]
    assert technical.judge(seen({H4: UP})).confidence == 0.7  # there is nothing finer

    with pytest.raises(DataMissing):
        technical.judge(seen({H4: Indicators(), H1: Indicators()}))


def test_the_table_follows_the_leading_timeframe() -> None:
    assert technical.rules_for(seen({H4: UP, H1: UP})) is RULES
    assert technical.rules_for(seen({H1: UP})) is RULES
    assert technical.rules_for(seen({Timeframe.W1: UP, H4: UP})) is technical.RULES


def recorded(folder: Path) -> Iterator[Snapshot]:
    """Every twelfth of the first 30,000 recorded hours (to January of 2021), at its close."""
    hourly, four, opened = IndicatorState(), IndicatorState(), list[Candle]()
    with gzip.open(folder / "binance" / "BTCUSDT-1h.csv.gz", "rt") as file:
        for number, row in enumerate(islice(csv.DictReader(file), 30_000)):
            at = datetime.fromisoformat(row["open_time"])
            at = at if at.tzinfo else at.replace(tzinfo=NOON.tzinfo)
            first, high, low, last = (
                Decimal(row[name]) for name in ("open", "high", "low", "close")
            )
            hour = Candle("BTC", H1, at, first, high, low, last, None, "binance")
            if opened and H4.open_time(at) != H4.open_time(opened[0].open_time):
                four.update(*edges(opened))
                opened.clear()
            opened.append(hour)
            if number > 300 and number % 12 == 0:
                yield Snapshot(
                    "BTC",
                    hour.close_time,
                    Mark("BTC", hour.close, hour.close_time, "binance"),
                    H4,
                    {
                        H4: Outlook(hour, four.peek(*edges(opened))),
                        H1: Outlook(hour, hourly.peek(*edges([hour]))),
                    },
                )
            hourly.update(*edges([hour]))


def edges(hours: list[Candle]) -> tuple[float, float, float]:
    high, low = max(one.high for one in hours), min(one.low for one in hours)
    return float(high), float(low), float(hours[-1].close)


def test_on_record_it_uses_its_range_and_follows_the_days(market_data: Path) -> None:
    judged = [(technical.judge(one).value, float(one.mark.price)) for one in recorded(market_data)]
    scores = [score for score, _ in judged]

    assert len(judged) > 2_400
    assert 25 < pstdev(scores) < 60
    assert min(scores) < -75
    assert max(scores) > 75
    assert abs(fmean(scores)) < 15  # of no one mind over the years
    rising = [
        score for (score, now), (_, before) in zip(judged[6:], judged, strict=False) if now > before
    ]
    assert fmean(rising) > 15  # after three days up
