"""Redis under the description's keys (3.3.1).  Losing it may cost time, never data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from automoney.encoding import dumps, parse_decimal, parse_utc
from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.messages import score_data
from automoney.observability import logger
from automoney.stores import ttl
from automoney.trading.judgement import Judgement


@dataclass(frozen=True, slots=True)
class RedisMarketCache:
    """Meets `ports.MarketCache`."""

    redis: Redis

    def put_latest(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        self._put(
            {f"market:data:{asset}:latest": one for asset, one in data.items()}, ttl.LATEST_PRICE
        )

    def latest(self, asset: str) -> Mapping[str, Any] | None:
        return self._get(f"market:data:{asset}:latest", dict)

    def put_candles(self, asset: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None:
        rows = [_row(candle) for candle in candles]
        self._put({f"market:data:{asset}:kline:{timeframe}": rows}, ttl.CANDLES)

    def candles(self, asset: str, timeframe: Timeframe) -> list[Candle] | None:
        key = f"market:data:{asset}:kline:{timeframe}"
        rows: list[dict[str, Any]] | None = self._get(key, list)
        return None if rows is None else [_candle(asset, timeframe, row) for row in rows]

    def put_group(self, group: str, data: Mapping[str, Any]) -> None:
        self._put({f"market:data:{group}:latest": dict(data)}, ttl.GROUPS[group])

    def group(self, group: str) -> Mapping[str, Any] | None:
        return self._get(f"market:data:{group}:latest", dict)

    def put_scores(self, judgement: Judgement) -> None:
        agents = sorted({agent for view in judgement.views.values() for agent in view.scores})
        self._put(
            {
                f"agent:score:{agent}:latest": {
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
            ttl.SCORES,
        )

    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None:
        self._put({f"market:data:{asset}:state:{timeframe}": dict(state)}, ttl.STATE)

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        return self._get(f"market:data:{asset}:state:{timeframe}", dict)

    def answers(self) -> bool:
        """Whether Redis answers a ping; never raises."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def _put(self, values: Mapping[str, Any], life: timedelta) -> None:
        try:
            with self.redis.pipeline(transaction=False) as pipeline:
                for key, value in values.items():
                    pipeline.set(key, dumps(value), ex=life)
                pipeline.execute()
        except RedisError as error:
            logger.error("cache write failed", extra={"keys": sorted(values), "error": str(error)})

    def _get[T](self, key: str, shape: type[T]) -> T | None:
        try:
            text = self.redis.get(key)
        except RedisError as error:
            logger.error("cache read failed", extra={"key": key, "error": str(error)})
            return None
        if text is None:
            return None
        value = json.loads(text)
        return value if isinstance(value, shape) else None


def _row(candle: Candle) -> dict[str, Any]:
    return {
        "openTime": candle.open_time,
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
        "source": candle.source,
        "isAnomaly": candle.anomalous,
        "filled": candle.filled,
    }


def _candle(asset: str, timeframe: Timeframe, row: Mapping[str, Any]) -> Candle:
    return Candle(
        asset,
        timeframe,
        parse_utc(row["openTime"]),
        parse_decimal(row["open"], "open"),
        parse_decimal(row["high"], "high"),
        parse_decimal(row["low"], "low"),
        parse_decimal(row["close"], "close"),
        None if row["volume"] is None else parse_decimal(row["volume"], "volume"),
        row["source"],
        row["isAnomaly"],
        Filled(row["filled"]) if row["filled"] else None,
    )
