"""What is known of the market: from the cache, rebuilt from Postgres where it lacks something.

Both give the same answers, because the same functions make them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Timeframe
from automoney.market.series import GROUPS
from automoney.market.snapshot import Outlook
from automoney.market.tracking import TRACKED
from automoney.ports import Candles, Found, MarketCache, Marks, Readings
from automoney.workflows.indicating import outlook_of, standing
from automoney.workflows.known_bars import KEPT
from automoney.workflows.known_series import known_as_of, known_series, shown_series
from automoney.workflows.latest_price import latest_price


@dataclass(frozen=True, slots=True)
class MarketView:
    """Reads of `assets` as of any moment of the market's time."""

    assets: tuple[str, ...]
    candles: Candles
    marks: Marks
    readings: Readings
    cache: MarketCache
    # What is built without a cache would take years of days again at the next read.
    _built: dict[tuple[str, Timeframe], Mapping[str, Any]] = field(
        default_factory=dict, init=False, repr=False
    )

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        """The state to go on from: the cached one, else the last that was built here."""
        cached = self.cache.state(asset, timeframe)
        return self._built.get((asset, timeframe)) if cached is None else cached

    def price(self, asset: str, now: datetime) -> Found[Mapping[str, Any]]:
        """The newest price with its indicators, as `latest_price` makes it.

        The value is None if no price has been collected before `now`.
        """
        return self.cache.latest(asset, now=now, rebuild=lambda: self._price(asset, now))

    def groups(self, asset: str, now: datetime) -> dict[str, dict[str, dict[str, Any]]]:
        """By group and series the newest value about `asset`, or about none in particular.

        Each says its age, whether it is stale, and how it was filled in if it was.
        """
        return {group: self._group(group, asset, now) for group in GROUPS}

    def newest_candles(
        self, asset: str, timeframe: Timeframe, limit: int, now: datetime
    ) -> list[Candle]:
        """Those of the last `limit` bars before the open one that are there, oldest first."""
        since = timeframe.open_time(now) - timeframe.duration * limit
        if limit <= KEPT:
            found = self.cache.candles(
                asset, timeframe, now=now, rebuild=lambda: self._closed(asset, timeframe, KEPT, now)
            )
            bars = found.value or []
            if not found.cached or bars[0].open_time <= since:
                return [bar for bar in bars if bar.open_time >= since and bar.close_time <= now]
        return self._closed(asset, timeframe, limit, now)

    def _price(self, asset: str, now: datetime) -> dict[str, Any] | None:
        mark = self.marks.mark(asset, as_of=now)
        if mark is None:
            return None
        outlooks: dict[Timeframe, Outlook] = {}
        for timeframe in TRACKED:
            found = standing(asset, timeframe, now, candles=self.candles, cache=self)
            if found.state is not None:
                self._built[asset, timeframe] = found.state.dump()
            if timeframe is Timeframe.W1 or (found.state and not found.state.is_behind(now)):
                outlooks[timeframe] = outlook_of(found, timeframe, mark, now, candles=self.candles)
        return latest_price(mark, outlooks, now)

    def _group(self, group: str, asset: str, now: datetime) -> dict[str, dict[str, Any]]:
        as_of = known_as_of(now)
        found = self.cache.group(
            group,
            as_of=as_of,
            rebuild=lambda: known_series(group, self.assets, readings=self.readings, as_of=as_of),
        )
        return shown_series(found.value or {"values": ()}, asset, now)

    def _closed(self, asset: str, timeframe: Timeframe, limit: int, now: datetime) -> list[Candle]:
        since = timeframe.open_time(now) - timeframe.duration * limit
        bars = self.candles.closed(asset, timeframe, since=since, by=now)
        if timeframe is Timeframe.W1 and len(bars) < limit:
            first = bars[0].open_time if bars else now
            return [*self._weeks_before(asset, since, first), *bars]
        return bars

    def _weeks_before(self, asset: str, since: datetime, until: datetime) -> list[Candle]:
        """Weeks that were never collected as such, out of days, which are there for ever."""
        days = self.candles.days(asset, since=since, closed_by=until)
        if not days:
            return []
        closed = Timeframe.W1.open_time(days[-1].close_time)
        return [week for week in aggregate(days, Timeframe.W1) if week.close_time <= closed]
