"""Collect on-chain, macro and sentiment readings: the same way, from different sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import isfinite
from typing import Any

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.market.series import series_of
from automoney.ports import MarketCache, Readings, SeriesSource
from automoney.schedule import Slot
from automoney.workflows.collect import Collected, DataCollector
from automoney.workflows.known_series import known_as_of, known_series

type Batch = tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Depth:
    """How far back to ask: `first` when nothing is stored yet, `again` for revisions later."""

    first: timedelta
    again: timedelta


DEPTHS = {
    "onchain": Depth(timedelta(days=400), timedelta(days=7)),
    "macro": Depth(timedelta(days=3 * 366), timedelta(days=100)),
    "sentiment": Depth(timedelta(days=60), timedelta(days=3)),
}


class SeriesCollector(DataCollector[Batch]):
    """Readings of one `group` for `assets`."""

    def __init__(
        self,
        group: str,
        sources: Sequence[SeriesSource],
        assets: tuple[str, ...],
        *,
        readings: Readings,
        cache: MarketCache,
    ) -> None:
        self.name = f"collect_{group}"
        self._group = group
        self._sources = {source.name: source for source in sources}
        self._assets = assets
        self._readings = readings
        self._cache = cache

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self._sources)

    async def collect(self, source: str, slot: Slot) -> Collected[Batch]:
        depth = DEPTHS[self._group]
        last = self._readings.last_period(source)
        # A replay may have more history stored than its slot has come to.
        since = slot.at - depth.first if last is None else min(last, slot.at) - depth.again
        found = await self._sources[source].readings(self._assets, since=since, now=slot.at)
        return Collected(source, found, rows=len(found))

    def validate(self, collected: Collected[Batch], slot: Slot) -> Collected[Batch]:
        """Keep what this group knows and could know by `slot`, once each: nothing of the future."""
        known = {series.name: series for series in series_of(self._group)}
        usable = {
            (reading.series, reading.asset, reading.period): reading
            for reading in collected.data
            if reading.series in known
            and known[reading.series].per_asset == (reading.asset in self._assets)
            and isfinite(reading.value)
            and max(reading.available_at, reading.vintage) <= slot.at
        }
        if not usable:
            raise SourceUnavailable(collected.source, "answered, but with no usable reading")
        kept = tuple(usable.values())
        flagged = sum(reading.anomalous for reading in kept)
        return replace(collected, data=kept, rows=len(kept), anomalies=flagged)

    def cache(self, collected: Collected[Batch], slot: Slot) -> dict[str, Any]:
        new = self._readings.put_readings(collected.data)
        self._refresh(slot)
        return {"new": new}

    def missed(self, slot: Slot) -> None:
        self._refresh(slot)

    def _refresh(self, slot: Slot) -> None:
        """Cache every known series, not only what this source has just brought: ages move on."""
        as_of = known_as_of(slot.at)
        self._cache.put_group(
            self._group,
            known_series(self._group, self._assets, readings=self._readings, as_of=as_of),
        )
