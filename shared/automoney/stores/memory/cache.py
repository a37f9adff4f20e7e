"""A cache that keeps nothing but indicator states: in memory everything is as near as a cache."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automoney.market.candles import Candle, Timeframe
from automoney.ports import CachePurge, CacheUse, Found
from automoney.trading.judgement import Judgement

type Key = tuple[str, Timeframe]


@dataclass(frozen=True, slots=True)
class MemoryCache:
    """Meets `ports.MarketCache`; every read of a value is made anew."""

    states: dict[Key, Mapping[str, Any]] = field(default_factory=dict)

    def put_latest(
        self,
        data: Mapping[str, Mapping[str, Any]],
        *,
        candles: Mapping[Key, Sequence[Candle]] | None = None,
        states: Mapping[Key, Mapping[str, Any]] | None = None,
    ) -> None:
        for key, state in (states or {}).items():
            self.put_state(*key, state)

    def latest(
        self, asset: str, *, now: datetime, rebuild: Callable[[], Mapping[str, Any] | None]
    ) -> Found[Mapping[str, Any]]:
        return Found(rebuild(), cached=False)

    def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        now: datetime,
        rebuild: Callable[[], list[Candle]],
    ) -> Found[list[Candle]]:
        return Found(rebuild(), cached=False)

    def put_group(self, group: str, data: Mapping[str, Any]) -> None: ...

    def group(
        self, group: str, *, as_of: datetime, rebuild: Callable[[], Mapping[str, Any]]
    ) -> Found[Mapping[str, Any]]:
        return Found(rebuild(), cached=False)

    def put_scores(self, judgement: Judgement) -> None: ...

    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None:
        self.states[asset, timeframe] = state

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        return self.states.get((asset, timeframe))

    def use(self) -> Mapping[str, CacheUse] | None:
        return {}

    def purge(self, assets: Sequence[str]) -> CachePurge | None:
        return CachePurge()
