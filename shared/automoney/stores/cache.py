"""Redis under the description's keys (3.3.1).  Losing it may cost time, never data."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from automoney.encoding import dumps, parse_utc
from automoney.market.candles import Candle, Timeframe
from automoney.messages import score_data
from automoney.ports import CachePurge, CacheUse, Found
from automoney.stores import cached_values
from automoney.stores.cache_purge import purge
from automoney.stores.cached_values import Entry, Shown
from automoney.stores.read_through import ReadThrough
from automoney.stores.redis_link import Command, Lost, RedisLink, nobody
from automoney.stores.ttl import GRACE, Lives
from automoney.trading.judgement import Judgement

_AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class RedisMarketCache:
    """Meets `ports.MarketCache`; `lives` are how long its keys live.

    A process has one, for it remembers when Redis was last found gone, by a `clock` in seconds;
    `lost` is told of it.
    """

    redis: Redis
    lives: Lives = field(default_factory=Lives)
    clock: Callable[[], float] = time.monotonic
    lost: Lost = nobody
    link: RedisLink = field(init=False, repr=False)
    _through: ReadThrough = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "link", RedisLink(self.redis, clock=self.clock, lost=self.lost))
        object.__setattr__(self, "_through", ReadThrough(self.link))

    def put_latest(
        self,
        data: Mapping[str, Shown],
        *,
        candles: Mapping[tuple[str, Timeframe], Sequence[Candle]] | None = None,
        states: Mapping[tuple[str, Timeframe], Shown] | None = None,
    ) -> None:
        lists = {
            cached_values.candles_of(*key): cached_values.candle_rows(bars)
            for key, bars in (candles or {}).items()
        }
        kept = {cached_values.state_of(*key): state for key, state in (states or {}).items()}
        prices = {cached_values.latest_of(asset): one for asset, one in data.items()}
        self.link.send(
            *_sets(lists, self.lives.candles),
            *_sets(kept, self.lives.state),
            *_sets(prices, self.lives.latest_price),
        )

    def latest(
        self, asset: str, *, now: datetime, rebuild: Callable[[], Shown | None]
    ) -> Found[Shown]:
        def usable(value: Shown) -> bool:
            age = now - parse_utc(value["timestamp"])
            return _AT_ONCE <= age <= self.lives.latest_price

        return self._through.read_or(
            cached_values.latest_of(asset),
            usable=usable,
            rebuild=rebuild,
            shape=dict,
            life=self.lives.rebuilt_price,
        )

    def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        now: datetime,
        rebuild: Callable[[], list[Candle]],
    ) -> Found[list[Candle]]:
        def usable(bars: list[Candle]) -> bool:
            # While the next bar is open, and as long after as its collector may take.
            return bool(bars) and now < bars[-1].close_time + timeframe.duration + GRACE

        return self._through.read_or(
            cached_values.candles_of(asset, timeframe),
            usable=usable,
            rebuild=lambda: rebuild() or None,
            shape=cached_values.candle_rows,
            life=self.lives.candles,
        )

    def put_group(self, group: str, data: Mapping[str, Any]) -> None:
        self._put({cached_values.group_of(group): data}, self.lives.of_group(group))

    def group(self, group: str, *, as_of: datetime, rebuild: Callable[[], Shown]) -> Found[Shown]:
        return self._through.read_or(
            cached_values.group_of(group),
            usable=lambda value: parse_utc(value["asOf"]) == as_of,
            rebuild=rebuild,
            shape=dict,
            life=self.lives.of_group(group),
        )

    def put_scores(self, judgement: Judgement) -> None:
        agents = sorted({agent for view in judgement.views.values() for agent in view.scores})
        self._put(
            {
                cached_values.scores_of(agent): {
                    "strategyId": judgement.strategy_id,
                    "timestamp": judgement.slot_at,
                    "assets": {
                        asset: score_data(view.scores[agent])
                        for asset, view in judgement.views.items()
                        if agent in view.scores
                    },
                }
                for agent in agents
            },
            self.lives.scores,
        )

    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None:
        self._put({cached_values.state_of(asset, timeframe): state}, self.lives.state)

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        return self._through.read(cached_values.state_of(asset, timeframe))

    def use(self) -> Mapping[str, CacheUse] | None:
        counts = self.link.counts()
        if counts is None:
            return None
        kinds = sorted({name.split(":")[0] for name in counts})
        return {kind: _use(kind, counts) for kind in kinds}

    def purge(self, assets: Sequence[str]) -> CachePurge | None:
        return purge(self.link, assets)

    def _put(self, values: Mapping[Entry[Any], Any], life: timedelta) -> None:
        self.link.send(*_sets(values, life))


def _sets(values: Mapping[Entry[Any], Any], life: timedelta) -> list[Command]:
    seconds = max(1, round(life.total_seconds()))
    return [("SET", entry.key, dumps(value), "EX", seconds) for entry, value in values.items()]


def _use(kind: str, counts: Mapping[str, int]) -> CacheUse:
    reads, misses, rebuilds, failures = (
        counts.get(f"{kind}:{what}", 0) for what in ("reads", "misses", "rebuilds", "failures")
    )
    return CacheUse(reads - misses - failures, misses, rebuilds, failures)
