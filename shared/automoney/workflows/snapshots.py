"""What a run may know: preconditions, then one snapshot per asset as of the slot (4.3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.errors import DataMissing
from automoney.market.candles import Mark, Timeframe
from automoney.market.cleaning import fill_series
from automoney.market.readings import Reading
from automoney.market.series import SERIES, Series, series_of
from automoney.market.snapshot import Indicators, Snapshot
from automoney.ports import Candles, MarketCache, Marks, Readings
from automoney.workflows.indicating import look, outlook_of, standing

# The oldest a required input may be at the slot; beyond it the run aborts.
FRESH_PRICE = timedelta(minutes=15)
FRESH_DAY = timedelta(days=2)

# How far back the agents look.
_SPANS = {
    "onchain": timedelta(days=380),  # the judge takes yearly medians
    "macro": timedelta(days=480),
    "sentiment": timedelta(days=40),
}


@dataclass(frozen=True, slots=True)
class Market:
    """Reads the market's stores as of a slot."""

    candles: Candles
    marks: Marks
    readings: Readings
    cache: MarketCache

    def snapshots(self, assets: tuple[str, ...], as_of: datetime) -> Mapping[str, Snapshot]:
        """One snapshot per asset; DataMissing when an input that no run can lack is absent."""
        marks = self._fresh_marks(assets, as_of)
        shared = self._series("macro", None, as_of) | self._series("sentiment", None, as_of)
        return {asset: self._snapshot(marks[asset], as_of, shared) for asset in assets}

    def indicators(
        self, assets: tuple[str, ...], timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Mapping[str, Mapping[Timeframe, Indicators]]:
        """Per asset and timeframe the indicators as of the slot, with the open bar peeked at.

        DataMissing when there is no fresh price, or the newest closed bar of a timeframe is absent.
        """
        marks = self._fresh_marks(assets, as_of)
        return {
            asset: {
                timeframe: self._indicators(marks[asset], timeframe, as_of)
                for timeframe in timeframes
            }
            for asset in assets
        }

    def _indicators(self, mark: Mark, timeframe: Timeframe, as_of: datetime) -> Indicators:
        found = look(mark, timeframe, as_of, candles=self.candles, cache=self.cache)
        if found is None:
            raise DataMissing(f"{timeframe.value} bars of {mark.asset} before {as_of} are missing")
        return found.indicators

    def _fresh_marks(self, assets: tuple[str, ...], as_of: datetime) -> Mapping[str, Mark]:
        marks = self.marks.marks(assets, as_of=as_of)
        for asset in assets:
            mark = marks.get(asset)
            if mark is None:
                raise DataMissing(f"no price of {asset} before {as_of:%Y-%m-%d %H:%M}")
            if as_of - mark.at > FRESH_PRICE:
                raise DataMissing(f"the newest price of {asset} is {as_of - mark.at} old")
        return marks

    def _snapshot(
        self, mark: Mark, as_of: datetime, shared: Mapping[str, tuple[Reading, ...]]
    ) -> Snapshot:
        asset = mark.asset
        weeks = standing(asset, Timeframe.W1, as_of, candles=self.candles, cache=self.cache)
        if weeks.known_until is None:
            raise DataMissing(f"no closed day of {asset} before {as_of:%Y-%m-%d %H:%M}")
        if as_of - weeks.known_until > FRESH_DAY:
            age = as_of - weeks.known_until
            raise DataMissing(f"the newest closed day of {asset} ended {age} ago")
        week = outlook_of(weeks, Timeframe.W1, mark, as_of, candles=self.candles)
        series = {**shared, **self._series("onchain", asset, as_of)}
        return Snapshot(
            asset,
            as_of,
            mark,
            week.bar,
            week.indicators,
            series,
            frozenset(name for name, found in series.items() if _stale(SERIES[name], found, as_of)),
        )

    def _series(
        self, group: str, asset: str | None, as_of: datetime
    ) -> dict[str, tuple[Reading, ...]]:
        """Readings as of the slot, gaps filled by the rules; a series without any is left out."""
        table = {series.name: series for series in series_of(group)}
        found = self.readings.history(list(table), asset, since=as_of - _SPANS[group], as_of=as_of)
        filled = {
            name: fill_series(series, found.get(name, ()), as_of=as_of)
            for name, series in table.items()
        }
        return {name: readings for name, readings in filled.items() if readings}


def _stale(series: Series, readings: tuple[Reading, ...], as_of: datetime) -> bool:
    """Whether the newest real value is older than the series' limit."""
    real_since = next((one.available_at for one in reversed(readings) if one.real), None)
    return series.is_stale(real_since, as_of)
