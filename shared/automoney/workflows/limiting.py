"""So many requests a minute and caller; fewer while Redis is away (description 9.2)."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from automoney.errors import TooManyRequests
from automoney.observability import logger
from automoney.ports.limits import Counted, Rates

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limiter:
    """A sliding window: the last minute's count weighs by how much of it still lies in the window.

    `first` counts while it answers; without it `second` does, and `reduced` is the limit: what
    reads no cache then all falls on Postgres, and runs of strategies have precedence.  Without
    either nobody is refused: that would be an outage of our own making.
    """

    first: Rates
    second: Rates
    limit: int
    reduced: int

    def admit(self, caller: str, *, now: datetime) -> None:
        """Count one request.  Raises TooManyRequests, with the seconds after which one fits in."""
        rates, limit = self.first, self.limit
        counted = rates.count(caller, now=now)
        if counted is None:
            rates, limit = self.second, self.reduced
            counted = rates.count(caller, now=now)
        if counted is None:
            logger.error("requests are not counted: neither store answers")
            return
        wait = seconds_over(counted, limit, now)
        if wait > 0:
            rates.take_back(caller, now=now)
            raise TooManyRequests(limit, ceil(round(wait, 6)))


def seconds_over(counted: Counted, limit: int, now: datetime) -> float:
    """After how many seconds the newest request would have been within `limit`; 0 if it is."""
    gone = (now.timestamp() % _MINUTE) / _MINUTE
    if counted.before * (1 - gone) + counted.now <= limit:
        return 0.0
    if counted.now <= limit:
        # The minute before has to weigh less: before * (1 - share) + now = limit.
        share = 1 - (limit - counted.now) / counted.before
        return (share - gone) * _MINUTE
    # This minute alone is too much, so it has to be the one before, and to weigh less.
    share = 1 - (limit - 1) / (counted.now - 1)
    return (1 - gone + share) * _MINUTE
