"""Short ways to write snapshots by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Filled, Reading
from automoney.market.snapshot import Indicators, Outlook, Snapshot

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def daily(
    name: str,
    values: Sequence[float],
    *,
    every: timedelta = DAY,
    source: str = "test",
    proxy: bool = False,
    filled: Filled | None = None,
) -> tuple[Reading, ...]:
    """`values` oldest first, the newest for yesterday, each known a day after its period began."""
    newest = NOON.replace(hour=0) - DAY
    return tuple(
        Reading(
            series=name,
            asset=None,
            period=period,
            value=value,
            available_at=period + DAY,
            vintage=period + DAY,
            source=source,
            filled=filled,
            proxy=proxy,
        )
        for back, value in zip(range(len(values) - 1, -1, -1), values, strict=True)
        for period in (newest - back * every,)
    )


def snapshot(
    series: Mapping[str, tuple[Reading, ...]] | None = None,
    *,
    stale: Sequence[str] = (),
    indicators: Indicators | None = None,
    close: str = "50000",
    asset: str = "BTC",
) -> Snapshot:
    price = Decimal(close)
    opened = Timeframe.W1.open_time(NOON)
    week = Candle(asset, Timeframe.W1, opened, price, price, price, price, Decimal(1), "binance")
    return Snapshot(
        asset=asset,
        as_of=NOON,
        mark=Mark(asset, price, NOON - timedelta(minutes=3), "binance"),
        timeframe=Timeframe.W1,
        outlooks={Timeframe.W1: Outlook(week, indicators or Indicators())},
        series=series or {},
        stale=frozenset(stale),
    )
