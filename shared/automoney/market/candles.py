"""Candles and the timeframes they cover.  Pure.

A bar is a closed-open interval of time stamped with its open; a candle is its prices and volume.
Weekly bars open on Monday 00:00 UTC, as Binance's do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from automoney.market.readings import Filled
from automoney.quickly import quickly_made

_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


class Timeframe(StrEnum):
    """How long a bar lasts; the value is Binance's own name for it."""

    M5 = "5m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"
    W1 = "1w"

    __hash__ = str.__hash__  # an enum's own is a call of Python's, and these are keys everywhere

    @property
    def duration(self) -> timedelta:
        return _DURATIONS[self]

    def open_time(self, moment: datetime) -> datetime:
        """When the bar that contains `moment` opened."""
        return moment - (moment - _MONDAY) % _DURATIONS[self]


_DURATIONS = {
    Timeframe.M5: timedelta(minutes=5),
    Timeframe.H1: timedelta(hours=1),
    Timeframe.H4: timedelta(hours=4),
    Timeframe.D1: timedelta(days=1),
    Timeframe.W1: timedelta(weeks=1),
}


@quickly_made
@dataclass(frozen=True, slots=True)
class Mark:
    """The price we value and fill at: quote currency per base, as traded at `at`."""

    asset: str
    price: Decimal
    at: datetime
    source: str
    anomalous: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Candle:
    """One bar's prices (quote per base) and volume (base units; None where the source has none)."""

    asset: str
    timeframe: Timeframe
    open_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    source: str
    anomalous: bool = False
    filled: Filled | None = None

    @property
    def close_time(self) -> datetime:
        """The first moment after the bar: when its close could be known."""
        return self.open_time + self.timeframe.duration
