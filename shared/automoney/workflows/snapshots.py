"""What a run may know: preconditions, then one snapshot per asset as of the slot (4.3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from automoney.errors import DataMissing
from automoney.market.candles import Mark, Timeframe
from automoney.market.snapshot import Snapshot
from automoney.ports import Candles, MarketCache, Marks, Readings
from automoney.workflows.freshness import FRESH_PRICE
from automoney.workflows.outlooks import Outlooks, StoredOutlooks
from automoney.workflows.series_as_of import SeriesAsOf, SeriesReader


@dataclass(frozen=True, slots=True)
class Market:
    """Reads what is known of the market as of a slot."""

    marks: Marks
    outlooks: Outlooks
    series: SeriesReader

    @classmethod
    def stored(
        cls, candles: Candles, marks: Marks, readings: Readings, cache: MarketCache
    ) -> "Market":
        """What the stores hold."""
        return cls(marks, StoredOutlooks(candles, cache), SeriesAsOf(readings))

    def snapshots(
        self, assets: tuple[str, ...], timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Mapping[str, Snapshot]:
        """One snapshot per asset, with an outlook for each of `timeframes`, the leading one first.

        Raises DataMissing when an input that no run can lack is absent or too old: a price, a
        closed day for weeks, the newest closed bar of a finer timeframe.
        """
        marks = self._fresh_marks(assets, as_of)
        return {asset: self._snapshot(marks[asset], timeframes, as_of) for asset in assets}

    def _fresh_marks(self, assets: tuple[str, ...], as_of: datetime) -> Mapping[str, Mark]:
        marks = self.marks.marks(assets, as_of=as_of)
        for asset in assets:
            mark = marks.get(asset)
            if mark is None:
                raise DataMissing(f"no price of {asset} before {as_of:%Y-%m-%d %H:%M}")
            if as_of - mark.at > FRESH_PRICE:
                raise DataMissing(f"the newest price of {asset} is {as_of - mark.at} old")
        return marks

    def _snapshot(self, mark: Mark, timeframes: tuple[Timeframe, ...], as_of: datetime) -> Snapshot:
        outlooks = {
            timeframe: self.outlooks.outlook(mark, timeframe, as_of) for timeframe in timeframes
        }
        known = self.series.known(mark.asset, as_of)
        return Snapshot(mark.asset, as_of, mark, timeframes[0], outlooks, known.series, known.stale)
