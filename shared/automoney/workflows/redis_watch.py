"""Somebody has to get up when Redis is gone (description 7.2): once, whoever notices how often."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from automoney.errors import SourceUnavailable
from automoney.observability import logger
from automoney.ports import Alerts

QUIET = timedelta(hours=1)
"""How long nobody is paged again, should Redis come and go, or stay away."""

_MARK = "paged:redis"


class Marks(Protocol):
    """Remembers beyond this process, as `transport.Breaker` does."""

    def open_until(self, source: str) -> datetime | None: ...
    def trip(self, source: str, until: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class RedisWatch:
    """`marks` and `alerts` build what is hardly ever wanted; `clock` tells the wall's time.

    Two processes that notice in the same instant may both page.
    """

    marks: Callable[[], Marks]
    alerts: Callable[[], Alerts]
    clock: Callable[[], datetime]
    _one: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def lost(self, reason: str) -> None:
        """Page, unless somebody was paged within the hour; never raises for want of a pager."""
        with self._one:
            now, marks = self.clock(), self.marks()
            quiet_until = marks.open_until(_MARK)
            if quiet_until is not None and quiet_until > now:
                return
            try:
                self.alerts().page(
                    "Redis cannot be reached",
                    f"{reason}.  Reads go to Postgres, fewer requests a minute are let in, and"
                    " strategies run on.  It is used again as soon as it answers.",
                )
            except SourceUnavailable as error:  # has logged itself; the next to notice tries again
                logger.warning("nobody was paged", extra={"reason": str(error)})
                return
            marks.trip(_MARK, now + QUIET)
