"""Readings: one value of one series, with everything needed to know when it may be used.  Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from automoney.quickly import quickly_made


class Filled(StrEnum):
    """How a missing value was filled in (description 3.1.1); None on a value means it is real."""

    FORWARD = "forward_fill"
    INTERPOLATED = "linear_interpolation"
    LAST = "last_value"
    DEFAULT = "default"


@quickly_made
@dataclass(frozen=True, slots=True)
class Reading:
    """What `source` said about `series` for the period that starts at `period`.

    `available_at` is when the value could be known at the earliest (its publication, or a stated
    lag after the period); `vintage` is when we first saw this revision.  A run at a slot may use
    it only if `max(available_at, vintage) <= slot.at`.  `asset` is None for macro and sentiment.
    `proxy` marks a stand-in that is not quite the named metric.  `vintage_assumed` marks history
    that was loaded afterwards: nobody saw it then, so it is taken as seen when it was published.
    """

    series: str
    asset: str | None
    period: datetime
    value: float
    available_at: datetime
    vintage: datetime
    source: str
    filled: Filled | None = None
    anomalous: bool = False
    proxy: bool = False
    vintage_assumed: bool = False

    @property
    def real(self) -> bool:
        """Whether a source gave the value: one that is carried on is real too, and marked."""
        return self.filled in (None, Filled.LAST)
