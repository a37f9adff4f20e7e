"""Which outside sources asked to be left alone, remembered in Redis beyond one invocation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from redis import Redis
from redis.exceptions import RedisError

from automoney.encoding import parse_utc, utc_text
from automoney.observability import logger

_LIFE = timedelta(days=3)  # the longest ban that a source has been seen to give
_TRUSTED_SECONDS = 5.0  # how long "not open" holds without asking again: one run's many requests


@dataclass(frozen=True, slots=True)
class RedisBreaker:
    """Meets `transport.Breaker`.  With Redis gone none is open: the source will say so again."""

    redis: Redis
    _closed: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def open_until(self, source: str) -> datetime | None:
        if monotonic() - self._closed.get(source, -_TRUSTED_SECONDS) < _TRUSTED_SECONDS:
            return None
        try:
            text = self.redis.get(f"breaker:{source}")
        except RedisError as error:
            logger.error("breaker not read", extra={"source": source, "error": str(error)})
            return None
        if isinstance(text, bytes):
            return parse_utc(text.decode())
        self._closed[source] = monotonic()
        return None

    def trip(self, source: str, until: datetime) -> None:
        self._closed.pop(source, None)
        try:
            self.redis.set(f"breaker:{source}", utc_text(until), ex=_LIFE)
        except RedisError as error:
            logger.error("breaker not kept", extra={"source": source, "error": str(error)})
