"""`freqtrade_data.py DATA FOLDER`: the recorded candles as freqtrade's own feather files."""
# mypy: disable-error-code="import-not-found,import-untyped"

import sys
from pathlib import Path

import pandas as pd
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from benchmarks.rivals import rule


def main(data: str, folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    handler = get_datahandler(Path(folder), "feather")
    for asset in rule.ASSETS:
        file = f"{data}/binance/{asset}{rule.QUOTE}-1h.csv.gz"
        frame = pd.read_csv(file, parse_dates=["open_time"])
        frame = frame.rename(columns={"open_time": "date"})
        handler.ohlcv_store(f"{asset}/{rule.QUOTE}", "1h", frame, CandleType.SPOT)


if __name__ == "__main__":
    main(*sys.argv[1:])
