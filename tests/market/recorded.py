"""Reading the recorded candles of Binance for the tests of this room."""

import csv
import gzip
from decimal import Decimal
from functools import cache
from pathlib import Path

from automoney.encoding import parse_utc
from automoney.market.candles import Candle, Timeframe


@cache
def recorded(market_data: Path, asset: str, timeframe: Timeframe) -> tuple[Candle, ...]:
    """All candles of `binance/{asset}USDT-{timeframe}.csv.gz`, oldest first."""
    path = market_data / "binance" / f"{asset}USDT-{timeframe.value}.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        return tuple(
            Candle(
                asset=asset,
                timeframe=timeframe,
                open_time=parse_utc(row["open_time"]),
                open=Decimal(row["open"]),
                high=Decimal(row["high"]),
                low=Decimal(row["low"]),
                close=Decimal(row["close"]),
                volume=Decimal(row["volume"]),
                source="binance",
            )
            for row in csv.DictReader(file)
        )
