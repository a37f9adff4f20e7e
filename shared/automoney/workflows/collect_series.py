"""Collect on-chain, macro and sentiment readings: the same way, from different sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from automoney.encoding import plain
from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.market.series import series_of
from automoney.ports import MarketCache, Readings, SeriesSource
from automoney.schedule import Slot
from automoney.workflows.collect import Collected, DataCollector

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
        since = slot.at - depth.first if last is None else last - depth.again
        found = await self._sources[source].readings(self._assets, since=since, now=slot.at)
        return Collected(source, found, rows=len(found))

    def validate(self, collected: Collected[Batch], slot: Slot) -> Collected[Batch]:
        known = {series.name for series in series_of(self._group)}
        usable = tuple(
            reading
            for reading in collected.data
            if reading.series in known and reading.available_at <= slot.at
        )
        if not usable:
            raise SourceUnavailable(collected.source, "answered, but with no usable reading")
        return Collected(collected.source, usable, rows=len(usable))

    def cache(self, collected: Collected[Batch], slot: Slot) -> dict[str, Any]:
        new = self._readings.put_readings(collected.data)
        self._cache.put_group(self._group, group_data(collected.data, slot))
        return {"new": new}


def group_data(readings: Sequence[Reading], slot: Slot) -> dict[str, Any]:
    """The newest value of each series: what `market:data:<group>:latest` holds.

    `{"asOf": ..., "values": [{"series", "asset", "period", "value", "ageHours", "source",
    "filled", "isAnomaly", "proxy"}]}`
    """
    newest: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        key = (reading.series, reading.asset or "")
        if key not in newest or newest[key].period <= reading.period:
            newest[key] = reading
    return {
        "asOf": plain(slot.at),
        "values": [reading_data(newest[key], slot) for key in sorted(newest)],
    }


def reading_data(reading: Reading, slot: Slot) -> Mapping[str, Any]:
    """One reading for people: its age is counted from when it could be known."""
    age = slot.at - reading.available_at
    return {
        "series": reading.series,
        "asset": reading.asset,
        "period": plain(reading.period),
        "value": reading.value,
        "ageHours": round(age / timedelta(hours=1), 1),
        "source": reading.source,
        "filled": plain(reading.filled),
        "isAnomaly": reading.anomalous,
        "proxy": reading.proxy,
    }
