"""The newest price of an asset with its indicators, as it stands in the cache.  Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from automoney.encoding import plain
from automoney.market.candles import Mark, Timeframe
from automoney.market.snapshot import Outlook
from automoney.market.tracking import TRACKED


def latest_price(mark: Mark, outlooks: Mapping[Timeframe, Outlook], at: datetime) -> dict[str, Any]:
    """What `MarketCache.put_latest` keeps of one asset at the slot `at`.

    `indicators` and `week` are the weekly ones.  `timeframes` has the others' indicators by name,
    null for a timeframe that `outlooks` lacks because its bars are missing.
    """
    weekly = outlooks[Timeframe.W1]
    return {
        "asset": mark.asset,
        "price": plain(mark.price),
        "at": plain(mark.at),
        "timestamp": plain(at),
        "source": mark.source,
        "isAnomaly": mark.anomalous,
        "indicators": plain(weekly.indicators),
        "week": plain(weekly.bar),
        "timeframes": {
            timeframe.value: plain(outlooks[timeframe].indicators)
            if timeframe in outlooks
            else None
            for timeframe in TRACKED
            if timeframe is not Timeframe.W1
        },
    }
