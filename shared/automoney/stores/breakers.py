"""Which outside sources asked to be left alone, remembered in Redis beyond one invocation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from automoney.encoding import parse_utc, utc_text
from automoney.observability import logger

_LIFE = timedelta(days=3)  # the longest ban that a source has been seen to give


@dataclass(frozen=True, slots=True)
class RedisBreaker:
    """Meets `transport.Breaker`.  With Redis gone none is open: the source will say so again."""

    redis: Redis

    def open_until(self, source: str) -> datetime | None:
        try:
            text = self.redis.get(f"breaker:{source}")
        except RedisError as error:
            logger.error("breaker not read", extra={"source": source, "error": str(error)})
            return None
        return parse_utc(text.decode()) if isinstance(text, bytes) else None

    def trip(self, source: str, until: datetime) -> None:
        try:
            self.redis.set(f"breaker:{source}", utc_text(until), ex=_LIFE)
        except RedisError as error:
            logger.error("breaker not kept", extra={"source": source, "error": str(error)})
