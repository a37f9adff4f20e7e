"""What a run may know: preconditions, then one snapshot per asset as of the slot (4.3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from automoney.errors import DataMissing, InvalidInput
from automoney.market.candles import Mark, Timeframe
from automoney.market.cleaning import fill_series
from automoney.market.readings import Filled, Reading
from automoney.market.series import SERIES, Series, series_of
from automoney.market.snapshot import Snapshot
from automoney.market.weekly import (
    WeeklyState,
    advance,
    closed_until,
    indicators_with,
    lacks_since,
    open_week,
)
from automoney.observability import logger
from automoney.ports import Candles, MarketCache, Marks, Readings

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
        marks = self.marks.marks(assets, as_of=as_of)
        for asset in assets:
            mark = marks.get(asset)
            if mark is None:
                raise DataMissing(f"no price of {asset} before {as_of:%Y-%m-%d %H:%M}")
            if as_of - mark.at > FRESH_PRICE:
                raise DataMissing(f"the newest price of {asset} is {as_of - mark.at} old")
        shared = self._series("macro", None, as_of) | self._series("sentiment", None, as_of)
        return {asset: self._snapshot(marks[asset], as_of, shared) for asset in assets}

    def _snapshot(
        self, mark: Mark, as_of: datetime, shared: Mapping[str, tuple[Reading, ...]]
    ) -> Snapshot:
        asset = mark.asset
        state = self._weekly(asset, as_of)
        since = lacks_since(state)
        days = self.candles.days(asset, since=since, closed_by=as_of)
        known_until = days[-1].close_time if days else since
        if as_of - known_until > FRESH_DAY:
            raise DataMissing(f"the newest closed day of {asset} ended {as_of - known_until} ago")
        hours = self.candles.closed(asset, Timeframe.H1, since=known_until, by=as_of)
        week = open_week(days, hours, mark)
        series = {**shared, **self._series("onchain", asset, as_of)}
        return Snapshot(
            asset,
            as_of,
            mark,
            week,
            indicators_with(state, week),
            series,
            frozenset(name for name, found in series.items() if _stale(SERIES[name], found, as_of)),
        )

    def _weekly(self, asset: str, as_of: datetime) -> WeeklyState | None:
        """The cached state if it fits this slot, else one rebuilt from the stored days."""
        state = _cached_state(self.cache.state(asset, Timeframe.W1))
        if state is not None and state.until > closed_until(as_of):
            state = None  # from a later slot: a replayed run must not see it
        if state is None or as_of - state.until >= Timeframe.W1.duration:
            since = lacks_since(state)
            state = advance(state, self.candles.days(asset, since=since, closed_by=as_of))
        return state

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


def _cached_state(cached: Mapping[str, Any] | None) -> WeeklyState | None:
    """What the cache holds, or None if it is not what we once put there: then it is rebuilt."""
    if cached is None:
        return None
    try:
        return WeeklyState.load(cached)
    except (InvalidInput, KeyError) as error:
        logger.warning("cached indicator state is unreadable", extra={"error": str(error)})
        return None


def _stale(series: Series, readings: tuple[Reading, ...], as_of: datetime) -> bool:
    """Whether the newest real value is older than the series' limit."""
    real = (None, Filled.LAST)  # a carried value is a real one, marked
    newest = next((one for one in reversed(readings) if one.filled in real), None)
    return newest is None or as_of - newest.available_at > series.stale_after
