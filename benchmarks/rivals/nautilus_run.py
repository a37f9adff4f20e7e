"""The like strategy on nautilus_trader: `nautilus_run.py DATA FROM TO` prints what it took.

In its own environment, the way its documentation calls the fastest for data that fits in memory:
the low-level `BacktestEngine`, logging and risk checks bypassed, its compiled indicators.
"""
# mypy: disable-error-code="import-not-found,import-untyped,misc"

import json
import sys
import time
from typing import Any

import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import (
    AverageTrueRange,
    BollingerBands,
    ExponentialMovingAverage,
    MovingAverageConvergenceDivergence,
    RelativeStrengthIndex,
)
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from benchmarks.rivals import rule

_DUE = rule.EVERY * 3_600 * 10**9  # nanoseconds
_VENUE = Venue("BINANCE")
_INSTRUMENTS = {
    "BTC": TestInstrumentProvider.btcusdt_binance,  # 0.1 % fees
    "ETH": TestInstrumentProvider.ethusdt_binance,
}


class Asset:
    """What is known of one asset, and what is held of it."""

    def __init__(self, instrument: Any, bar_type: Any) -> None:
        self.instrument = instrument
        self.bar_type = bar_type
        self.fast = ExponentialMovingAverage(rule.FAST)
        self.slow = ExponentialMovingAverage(rule.SLOW)
        self.rsi = RelativeStrengthIndex(rule.RSI)
        self.macd = MovingAverageConvergenceDivergence(rule.MACD_FAST, rule.MACD_SLOW)
        self.bands = BollingerBands(rule.BANDS, rule.WIDTH)
        self.atr = AverageTrueRange(rule.ATR)
        self.close = 0.0
        self.held: Any = None

    @property
    def indicators(self) -> tuple[Any, ...]:
        return self.fast, self.slow, self.rsi, self.macd, self.bands, self.atr

    def score(self) -> float:
        """-1 (get out) to 1 (get in)."""
        half = self.bands.upper - self.bands.middle
        terms = (
            (self.fast.value / self.slow.value - 1) * rule.TREND_SCALE,
            self.rsi.value * 2 - 1,
            self.macd.value / (self.atr.value or 1),
            (self.close - self.bands.middle) / half if half else 0,
        )
        return sum(min(1, max(-1, term)) for term in terms) / len(terms)


class InAndOut(Strategy):
    """Half the account in an asset or nothing of it."""

    def __init__(self, assets: list[Asset]) -> None:
        super().__init__(StrategyConfig())
        self.assets = {asset.bar_type: asset for asset in assets}

    def on_start(self) -> None:
        self.account = self.portfolio.account(_VENUE)
        for bar_type, asset in self.assets.items():
            for indicator in asset.indicators:
                self.register_indicator_for_bars(bar_type, indicator)
            self.subscribe_bars(bar_type)

    def on_bar(self, bar: Any) -> None:
        asset = self.assets[bar.bar_type]
        asset.close = bar.close.as_double()
        if bar.ts_event % _DUE or not asset.slow.initialized:
            return
        score = asset.score()
        if asset.held is None and score > rule.BUY_ABOVE:
            cash = self.account.balance_free(USDT).as_double()
            worth = sum(float(one.held or 0) * one.close for one in self.assets.values())
            stake = min(rule.SHARE * (cash + worth), cash) * (1 - 2 * rule.FEE)
            asset.held = asset.instrument.make_qty(stake / asset.close)
            self._order(asset, OrderSide.BUY)
        elif asset.held is not None and score < rule.SELL_BELOW:
            self._order(asset, OrderSide.SELL)
            asset.held = None

    def _order(self, asset: Asset, side: Any) -> None:
        self.submit_order(self.order_factory.market(asset.instrument.id, side, asset.held))


def main(folder: str, since: str, until: str) -> None:
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    engine.add_venue(
        _VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(rule.MONEY, USDT)],
    )
    assets, candles = [], 0
    for name in rule.ASSETS:
        instrument = _INSTRUMENTS[name]()
        engine.add_instrument(instrument)
        bar_type = BarType.from_str(f"{instrument.id}-1-HOUR-LAST-EXTERNAL")
        file = f"{folder}/binance/{name}{rule.QUOTE}-1h.csv.gz"
        frame = pd.read_csv(file, parse_dates=["open_time"], index_col="open_time")
        opened = frame.index
        span = (opened >= pd.Timestamp(since, tz="UTC")) & (opened < pd.Timestamp(until, tz="UTC"))
        frame = frame[span]
        frame.index += pd.Timedelta(hours=1)  # a bar is known once it is over
        bars = BarDataWrangler(bar_type, instrument).process(frame)
        engine.add_data(bars, sort=False)
        candles += len(bars)
        assets.append(Asset(instrument, bar_type))
    engine.sort_data()
    engine.add_strategy(InAndOut(assets))
    began = time.process_time()
    engine.run()
    took = time.process_time() - began
    orders = len(engine.cache.orders_closed())
    print(json.dumps({"candles": candles, "seconds": took, "orders": orders}))


if __name__ == "__main__":
    main(*sys.argv[1:])
