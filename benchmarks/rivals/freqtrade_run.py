"""The like strategy on freqtrade: `freqtrade_run.py FOLDER FROM TO` prints what it took.

In its own environment, with its `Backtesting` class and its own data files in FOLDER.  It is given
the exchange's two markets, which it would otherwise ask the exchange for.
"""
# mypy: disable-error-code="import-not-found,import-untyped"

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.optimize.optimize_reports import generate_backtest_stats
from freqtrade.resolvers import ExchangeResolver

from benchmarks.rivals import rule

_PAIRS = {asset: f"{asset}/{rule.QUOTE}" for asset in rule.ASSETS}


def _market(asset: str) -> dict[str, Any]:
    """As ccxt describes one."""
    other_kinds = ("margin", "swap", "future", "option", "contract", "linear", "inverse")
    return {
        "id": f"{asset}{rule.QUOTE}",
        "symbol": _PAIRS[asset],
        "base": asset,
        "quote": rule.QUOTE,
        "type": "spot",
        "active": True,
        "spot": True,
        **dict.fromkeys(other_kinds, False),
        "contractSize": None,
        "taker": rule.FEE,
        "maker": rule.FEE,
        "precision": {"price": 0.01, "amount": 0.00001},
        "limits": {"amount": {"min": 0.00001, "max": None}, "cost": {"min": 10, "max": None}},
        "info": {},
    }


def _config(folder: Path, since: str, until: str) -> dict[str, Any]:
    pricing = {"price_side": "other", "use_order_book": False, "order_book_top": 1}
    return {
        "runmode": RunMode.BACKTEST,
        "strategy": "InAndOut",
        "strategy_path": str(Path(__file__).parent),
        "timeframe": "1h",
        "timerange": "-".join(day.replace("-", "") for day in (since, until)),
        "datadir": folder,
        "user_data_dir": folder,
        "dataformat_ohlcv": "feather",
        "trading_mode": "spot",
        "margin_mode": "",
        "stake_currency": rule.QUOTE,
        "stake_amount": "unlimited",
        "tradable_balance_ratio": 1.0,
        "dry_run": True,
        "dry_run_wallet": rule.MONEY,
        "max_open_trades": len(rule.ASSETS),
        "fee": rule.FEE,
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": {
            "name": "binance",
            "pair_whitelist": list(_PAIRS.values()),
            "enable_ws": False,
        },
        "pairlists": [{"method": "StaticPairList"}],
        "export": "none",
        "backtest_cache": "none",
    }


def _backtesting(config: dict[str, Any]) -> Any:
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    exchange._markets = {_PAIRS[asset]: _market(asset) for asset in rule.ASSETS}
    exchange._last_markets_refresh = 2**62  # never again
    backtesting = Backtesting(config, exchange)
    backtesting.progress = None  # nobody watches
    return backtesting


def main(folder: str, since: str, until: str) -> None:
    logging.disable(logging.CRITICAL)
    backtesting = _backtesting(_config(Path(folder), since, until))
    frames, span = backtesting.load_bt_data()
    first, end = (pd.Timestamp(day, tz="UTC") for day in (since, until))
    candles = sum(int(((f["date"] >= first) & (f["date"] < end)).sum()) for f in frames.values())
    began = time.process_time()
    begins, ends = backtesting.backtest_one_strategy(backtesting.strategylist[0], frames, span)
    took = time.process_time() - began
    report = generate_backtest_stats(
        frames, backtesting.all_bt_content, min_date=begins, max_date=ends
    )
    orders = 2 * report["strategy"]["InAndOut"]["total_trades"]
    print(json.dumps({"candles": candles, "seconds": took, "orders": orders}))


if __name__ == "__main__":
    main(*sys.argv[1:])
