"""Take a payload of readings the whole way: transport, source, collector, what would be stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from automoney.errors import SourceUnavailable
from automoney.market import assets
from automoney.market.assets import ASSETS, Asset
from automoney.market.cleaning import fill_series
from automoney.market.readings import Reading
from automoney.market.series import SERIES
from automoney.ports import SeriesSource
from automoney.schedule import Slot
from automoney.sources import fred_series, glassnode
from automoney.transport import Transport
from automoney.workflows.collect_series import SeriesCollector
from tests.fuzz.cases import Body, Mutant
from tests.fuzz.kept import LATE, WHOLE, WholeCache
from tests.fuzz.outcomes import Outcome, Telling, Verdict
from tests.fuzz.outside import Outside

_MACRO = dict(fred_series.SERIES)


@dataclass
class FakeReadings:
    """Meets `ports.Readings`, for one collection: it has nothing, and keeps all."""

    kept: list[Reading] = field(default_factory=list)

    def put_readings(self, readings: Iterable[Reading]) -> int:
        before = len(self.kept)
        self.kept += readings
        return len(self.kept) - before

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        found: dict[str, tuple[Reading, ...]] = {}
        for one in sorted(self.kept, key=lambda one: one.period):
            known = max(one.available_at, one.vintage) <= as_of and one.period >= since
            if known and one.series in names and one.asset == asset:
                found[one.series] = (*found.get(one.series, ()), one)
        return found

    def last_period(self, source: str) -> datetime | None:
        return None


class SeriesRoom:
    """Collects readings from one source.

    `patch` replaces an attribute of a module for the time of the test: the tables of assets and of
    series are cut down to what the payload is of, so that a collection is one request.
    """

    def __init__(
        self,
        source: str,
        group: str,
        make: Callable[[Transport], SeriesSource],
        patch: Callable[[Any, str, object], None],
    ) -> None:
        self._outside = Outside(source)
        self._source = make(self._outside.transport())
        self._group = group
        self._assets: dict[str, Asset] = dict(ASSETS)
        self._macro = dict(_MACRO)
        patch(assets, "ASSETS", self._assets)
        patch(fred_series, "SERIES", self._macro)

    async def outcome(self, mutant: Mutant) -> Outcome:
        body = mutant.body
        self._outside.answers(mutant.sent, body.slot + LATE)
        self._cut_down(body)
        readings, slot = FakeReadings(), Slot(body.slot)
        collector = SeriesCollector(
            self._group,
            [self._source],
            (body.asset,),
            readings=readings,
            cache=WholeCache(),
        )
        with Telling(mutant):
            try:
                collected = await collector.collect(self._source.name, slot)
                collected = collector.validate(collected, slot)
            except SourceUnavailable as error:
                return Outcome(Verdict.REJECTED, error)
            if mutant.index % WHOLE == 0:
                collector.cache(collected, slot)
            filled = _filled(collected.data, body.slot)
        odd = collected.anomalies or any(one.filled or one.anomalous for one in filled)
        return Outcome(
            Verdict.FLAGGED if odd else Verdict.CLEAN, readings=collected.data, filled=filled
        )

    def _cut_down(self, body: Body) -> None:
        if body.kind == "points":
            metrics = {series: metric for metric, series in glassnode.SERIES.items()}
            row = ASSETS[body.asset]
            self._assets[body.asset] = replace(row, glassnode=(metrics[str(body.series)],))
        if self._group == "macro":
            self._macro.clear()
            self._macro[str(body.series)] = _MACRO[str(body.series)]


def _filled(readings: Sequence[Reading], slot: datetime) -> tuple[Reading, ...]:
    """What a run at the slot would know of them."""
    found: list[Reading] = []
    for series in sorted({one.series for one in readings}):
        own = [one for one in readings if one.series == series]
        found += fill_series(SERIES[series], own, as_of=slot)
    return tuple(found)
