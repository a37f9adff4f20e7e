"""Log each price that jumped by more than 20 %: it is kept, and somebody should look at it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from automoney.encoding import plain
from automoney.market.candles import Candle, Mark
from automoney.observability import logger


def log_jumped_marks(marks: Sequence[Mark], before: Mapping[str, Mark]) -> None:
    """One line for each anomalous mark; `before` has the last mark by asset."""
    for mark in marks:
        if mark.anomalous:
            last = before.get(mark.asset)
            _log(mark, "mark", mark.at, mark.price, before=last.price if last else None)


def log_jumped_bars(bars: Sequence[Candle], known: Sequence[Candle]) -> None:
    """One line for each anomalous bar; `known` are the bars before them, as they were."""
    if any(bar.anomalous for bar in bars):
        closes = {bar.close_time: bar.close for bar in (*known, *bars)}
        for bar in bars:
            if bar.anomalous:
                before = closes.get(bar.open_time)
                _log(bar, bar.timeframe.value, bar.open_time, bar.close, before=before)


def _log(
    jumped: Mark | Candle, what: str, at: datetime, price: Decimal, *, before: Decimal | None
) -> None:
    logger.warning(
        "price jumped",
        extra={
            "asset": jumped.asset,
            "source": jumped.source,
            "what": what,
            "at": plain(at),
            "price": plain(price),
            "previous": plain(before),
        },
    )
