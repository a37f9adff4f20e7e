"""pandas-ta beside the incremental state, and what it takes for the two to differ."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from automoney.market.candles import Timeframe
from automoney.market.indicators import IndicatorState
from automoney.market.snapshot import Indicators
from infra.local import recompute
from infra.local.recompute import compare
from tests.builders import NOON, candle
from tests.market.recorded import recorded

MIDNIGHT = NOON - timedelta(hours=12)


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_recorded_days_agree(market_data: Path, asset: str) -> None:
    days = list(recorded(market_data, asset, Timeframe.D1))
    found = compare(asset, Timeframe.D1, days)
    assert (found.bars, found.agrees) == (len(days), True)
    assert found.worst is not None
    assert found.worst < 1e-10


def test_a_market_that_does_not_move_has_an_rsi_of_50_for_both() -> None:
    bars = [candle(MIDNIGHT + n * timedelta(days=1)) for n in range(80)]
    flat = [replace(bar, high=bar.close, low=bar.close) for bar in bars]
    assert compare("BTC", Timeframe.D1, flat).agrees


@pytest.mark.parametrize("count", [1, 2, 14, 20, 33, 34])
def test_too_few_bars_are_unknown_to_both(count: int) -> None:
    bars = [
        candle(MIDNIGHT + n * timedelta(days=1), str(Decimal(50_000) + n * (-1) ** n))
        for n in range(count)
    ]
    found = compare("BTC", Timeframe.D1, bars)
    assert found.agrees
    assert (found.worst is None) == (count < 15)  # ATR and RSI come first


@pytest.mark.parametrize(
    ("change", "worst"),
    [
        pytest.param(lambda value: value * (1 + 1e-8), 1e-8, id="a little off"),
        pytest.param(lambda value: None, float("inf"), id="unknown to one of them"),
    ],
)
def test_a_difference_is_named(
    market_data: Path, monkeypatch: pytest.MonkeyPatch, change: Any, worst: float
) -> None:
    class Off(IndicatorState):
        def update(self, high: float, low: float, close: float) -> Indicators:
            found = super().update(high, low, close)
            if found.atr14 is None or self.bars != 100:
                return found
            return replace(found, atr14=change(found.atr14))

    monkeypatch.setattr(recompute, "IndicatorState", Off)
    days = list(recorded(market_data, "BTC", Timeframe.D1))[:200]
    found = compare("BTC", Timeframe.D1, days)
    assert (found.of, found.agrees) == ("atr14", False)
    assert found.worst == pytest.approx(worst, rel=1e-3)
