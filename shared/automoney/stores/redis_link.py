"""One way to talk to Redis: pipelines that never raise, and a pause once it was not there."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from automoney.observability import logger

type Command = tuple[Any, ...]

Lost = Callable[[str], None]
"""Who is told, with a reason in a few words, when Redis is found gone after it was there."""

COUNTS = "cache:counts"  # a hash that lives for ever, as counters do; all functions add to it


def nobody(_: str) -> None:
    """Is told and does nothing."""


@dataclass(slots=True)
class RedisLink:
    """Sends commands over `redis`, which several threads may share.

    After a failure nothing is sent for `pause`: a Redis that is gone then costs one time-out in
    that while, not one a request, and it is found again without a restart.  `clock` counts seconds
    from anywhere.  `lost` is told once each time that Redis goes, and may raise nothing.
    """

    redis: Redis
    pause: timedelta = timedelta(seconds=2)
    clock: Callable[[], float] = time.monotonic
    lost: Lost = nobody
    _away_until: float | None = field(default=None, init=False, repr=False)
    _unsent: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def send(self, *commands: Command) -> list[Any] | None:
        """The replies, in one round trip that takes the counts along; None if Redis is away.

        A command that Redis refused has its ResponseError for a reply.
        """
        if self._away_until is not None and self.clock() < self._away_until:
            return None
        counts = self._taken()
        try:
            with self.redis.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
                for name, number in counts.items():
                    pipeline.hincrby(COUNTS, name, number)
                replies: list[Any] = pipeline.execute(raise_on_error=False)
        except RedisError as error:
            gone = self._away_until is None
            self._away_until = self.clock() + self.pause.total_seconds()
            self._put_back(counts)
            logger.error("the cache does not answer", extra={"error": type(error).__name__})
            if gone:
                self.lost(type(error).__name__)
            return None
        self._away_until = None
        for command, reply in zip(commands, replies, strict=False):
            if isinstance(reply, ResponseError):
                said = {"command": command[0], "key": command[1:2], "error": str(reply)}
                logger.error("the cache refused a command", extra=said)
        return replies[: len(commands)]

    def count(self, name: str) -> None:
        """Add one to a counter; it is sent with the next commands, or kept until Redis is back."""
        with self._lock:
            self._unsent[name] += 1

    def counts(self) -> Mapping[str, int] | None:
        """All counters, of all functions; None if Redis is away."""
        replies = self.send(("HGETALL", COUNTS))
        if replies is None:
            return None
        found = replies[0] if isinstance(replies[0], dict) else {}
        return {name.decode(): int(number) for name, number in found.items()}

    def _taken(self) -> Counter[str]:
        with self._lock:
            counts, self._unsent = self._unsent, Counter()
        return counts

    def _put_back(self, counts: Counter[str]) -> None:
        with self._lock:
            self._unsent.update(counts)
