"""From a source's row to candles that cannot be wrong in themselves.  Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from automoney.market.candles import Candle, Timeframe
from automoney.sources import fields


def candle(
    source: str,
    asset: str,
    timeframe: Timeframe,
    open_time: datetime,
    *,
    prices: Sequence[object],
    volume: Decimal | None,
) -> Candle:
    """One bar from `prices` as open, high, low, close, in any exact form.

    Raises SourceUnavailable for a bar that starts between two due times, for prices that no
    market has, and for a high below or a low above the other prices.
    """
    name = f"{asset} {timeframe.value} bar of {open_time:%Y-%m-%dT%H:%M}"
    if timeframe.open_time(open_time) != open_time:
        raise fields.refused(source, f"open time of {name}", str(open_time), "the start of a bar")
    first, high, low, last = checked(source, name, prices)
    return Candle(asset, timeframe, open_time, first, high, low, last, volume, source)


def checked(
    source: str, name: str, prices: Sequence[object]
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Open, high, low and close of the bar called `name`, refused as `candle` says."""
    first, high, low, last = (
        fields.price(source, f"{part} of {name}", value)
        for part, value in zip(("open", "high", "low", "close"), prices, strict=True)
    )
    if not low <= min(first, last) <= max(first, last) <= high:
        raise fields.refused(
            source,
            f"open, high, low, close of {name}",
            tuple(map(str, (first, high, low, last))),
            "a low that is lowest and a high that is highest",
        )
    return first, high, low, last


def in_order(candles: Iterable[Candle]) -> list[Candle]:
    """Oldest first, one a bar; of two for the same bar the later one in `candles` wins."""
    by_open = {candle.open_time: candle for candle in candles}
    return [by_open[open_time] for open_time in sorted(by_open)]
