"""Snapshots of recorded days, cut to what could be known: real input for the judges."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.indicators import IndicatorState
from automoney.market.readings import Reading
from automoney.market.snapshot import Outlook, Snapshot

_DAY = timedelta(days=1)
_HISTORY = timedelta(days=500)

# Series, file, column, and the days from the period's start to when it is surely known.
_MACRO = (
    ("fed_funds", "FEDFUNDS", 36),
    ("m2", "M2SL", 58),
    ("us10y", "DGS10", 2),
    ("us2y", "DGS2", 2),
    ("cpi", "CPIAUCSL", 45),
    ("dollar_index", "DTWEXBGS", 8),
)
_ONCHAIN = {
    "BTC": (
        ("mvrv", "mvrv", False),
        ("nvt", "nvt_proxy", True),
        ("exchange_netflow", "exchange_netflow_btc", True),
        ("active_addresses", "active_addresses", False),
    ),
    "ETH": (("mvrv", "mvrv", False),),
}


def _at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _column(
    path: Path,
    column: str,
    name: str,
    *,
    known_after: timedelta,
    source: str,
    asset: str | None = None,
    proxy: bool = False,
) -> tuple[Reading, ...]:
    with path.open(newline="") as file:
        rows = [(_at(next(iter(row.values()))), row[column]) for row in csv.DictReader(file)]
    return tuple(
        Reading(
            series=name,
            asset=asset,
            period=period,
            value=float(text),
            available_at=period + known_after,
            vintage=period + known_after,
            source=source,
            proxy=proxy,
        )
        for period, text in rows
        if text
    )


def series(folder: Path, asset: str) -> dict[str, tuple[Reading, ...]]:
    """All recorded readings by series, oldest first."""
    found = {
        name: _column(
            folder / "macro" / f"{file}.csv",
            "value",
            name,
            known_after=timedelta(days=lag),
            source="fred",
        )
        for name, file, lag in _MACRO
    }
    for name, column, proxy in _ONCHAIN[asset]:
        found[name] = _column(
            folder / "onchain" / f"{asset.lower()}.csv",
            column,
            name,
            known_after=_DAY,
            source="coinmetrics",
            asset=asset,
            proxy=proxy,
        )
    found["fear_greed"] = _column(
        folder / "sentiment" / "fear_greed.csv",
        "value",
        "fear_greed",
        known_after=timedelta(0),
        source="alternative.me",
    )
    return found


def days(folder: Path, asset: str) -> list[Candle]:
    with gzip.open(folder / "binance" / f"{asset}USDT-1d.csv.gz", "rt", newline="") as file:
        return [
            Candle(
                asset=asset,
                timeframe=Timeframe.D1,
                open_time=_at(row["open_time"]),
                open=Decimal(row["open"]),
                high=Decimal(row["high"]),
                low=Decimal(row["low"]),
                close=Decimal(row["close"]),
                volume=Decimal(row["volume"]),
                source="binance",
            )
            for row in csv.DictReader(file)
        ]


def snapshots(
    folder: Path, asset: str, *, start: datetime, every: timedelta = timedelta(days=7)
) -> Iterator[Snapshot]:
    """A snapshot every so often from `start` to the end of the recording, each at midnight."""
    known = series(folder, asset)
    state, week = IndicatorState(), []
    due = start
    for day in days(folder, asset):
        week.append(day)
        open_week = next(aggregate(week, Timeframe.W1))
        if day.close_time >= due:
            due += every
            prices = (float(open_week.high), float(open_week.low), float(open_week.close))
            yield Snapshot(
                asset=asset,
                as_of=day.close_time,
                mark=Mark(asset, day.close, day.close_time, "binance"),
                timeframe=Timeframe.W1,
                outlooks={Timeframe.W1: Outlook(open_week, state.peek(*prices))},
                series={name: cut for name, all_of in known.items() if (cut := _cut(all_of, day))},
            )
        if day.close_time == open_week.close_time:
            state.update(float(open_week.high), float(open_week.low), float(open_week.close))
            week = []


def _cut(readings: Sequence[Reading], day: Candle) -> tuple[Reading, ...]:
    since, until = day.close_time - _HISTORY, day.close_time
    return tuple(
        reading for reading in readings if reading.period >= since and reading.available_at <= until
    )
