"""Build longer bars out of shorter ones: hours into days, days into weeks.  Pure and exact."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from automoney.errors import InvalidInput
from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled


def aggregate(candles: Iterable[Candle], timeframe: Timeframe) -> Iterator[Candle]:
    """One candle per bar of `timeframe` that has any data, oldest first like the input.

    The input is one asset's, strictly ascending and no longer than `timeframe`; what is missing in
    it is left out, and a bar of which nothing is there does not appear.  The last candle is made
    from what there is, so it may still be open: the caller cuts by `close_time`.

    Volume is None if any part has none, source is `mixed` if the parts differ, `anomalous` holds
    if it does for any part, and `filled` only if all of it was filled forward.

    Raises InvalidInput for candles out of order, of another asset, or too long.
    """
    parts: list[Candle] = []
    # A million candles may pass here: what stays the same is looked up once.
    ends = until = length = None  # when bar and candle before end, and how long such a candle is
    for candle in candles:
        before = parts[-1] if parts else candle
        if length is None or candle.timeframe is not before.timeframe:
            length = _length(candle, timeframe)
        if candle.asset != before.asset:
            raise InvalidInput("asset", candle.asset, f"{before.asset}, like the candle before")
        opens = candle.open_time
        if until is not None and opens < until:
            expected = f"{until} or later, after the candle before"
            raise InvalidInput("open_time", opens, expected)
        until = opens + length
        if ends is None or opens >= ends:
            if parts:
                yield _joined(parts, timeframe)
                parts = []
            ends = timeframe.open_time(opens) + timeframe.duration
        parts.append(candle)
    if parts:
        yield _joined(parts, timeframe)


def _length(candle: Candle, timeframe: Timeframe) -> timedelta:
    length = candle.timeframe.duration
    if length > timeframe.duration:
        raise InvalidInput("timeframe", candle.timeframe.value, f"at most {timeframe.value}")
    return length


def _joined(parts: list[Candle], timeframe: Timeframe) -> Candle:
    first, last = parts[0], parts[-1]
    volumes = [part.volume for part in parts if part.volume is not None]
    return Candle(
        asset=first.asset,
        timeframe=timeframe,
        open_time=timeframe.open_time(first.open_time),
        open=first.open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=last.close,
        volume=sum(volumes, Decimal(0)) if len(volumes) == len(parts) else None,
        source=first.source if len({part.source for part in parts}) == 1 else "mixed",
        anomalous=any(part.anomalous for part in parts),
        filled=Filled.FORWARD if all(part.filled for part in parts) else None,
    )
