"""What is known of the series, not asked for again before anything can have changed."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from automoney.stores.memory.readings import MemoryReadings
from automoney.workflows.series_as_of import Known, SeriesAsOf
from infra.local.backtest.sliding import SlidingFill

_DAY = timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RememberedSeries:
    """Meets `snapshots.SeriesReader`: what `series` says, which holds until the next of `moments`.

    `moments` are those at which some reading comes to be known, in order.  The window that is
    looked at moves on at a midnight, so nothing is kept over one.
    """

    series: SeriesAsOf
    moments: Sequence[datetime]
    _kept: dict[str, tuple[datetime, datetime, Known]] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def over(cls, readings: MemoryReadings) -> "RememberedSeries":
        """Of readings that are not to change any more."""
        lines = (line for lines in readings.lines.values() for line in lines.values())
        moments = sorted({known for line in lines for known in line.known})
        return cls(SeriesAsOf(readings, SlidingFill.over(readings)), moments)

    def known(self, asset: str, as_of: datetime) -> Known:
        kept = self._kept.get(asset)
        if kept is not None and kept[0] <= as_of < kept[1]:
            return kept[2]
        found = self.series.known(asset, as_of)
        following = bisect_right(self.moments, as_of)
        midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        until = min(
            midnight,
            self.moments[following] if following < len(self.moments) else _NEVER,
            *(group.until for group in found.groups),
        )
        self._kept[asset] = as_of, until, found
        return found
