"""Redis first; a miss is rebuilt by one caller at a time and written back."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis.exceptions import ResponseError

from automoney.encoding import dumps
from automoney.ports import Found
from automoney.stores.cached_values import Entry
from automoney.stores.redis_link import Command, RedisLink

LOCKS = "lock:rebuild:"  # and the key that is rebuilt
_HELD_FOR = timedelta(seconds=3)  # far longer than a rebuild takes, and soon over if one dies
_PATIENCE = 0.5  # seconds to wait for another's rebuild before reading Postgres oneself
_POLL = 0.01  # seconds

# Write only over what was seen to be missing or unusable: a collector may have written since, and
# what it wrote is newer.  Free the lock only if it is still ours.
_WRITE_BACK = """
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
local found = redis.call('GET', KEYS[1])
if (not found and ARGV[4] == '') or found == ARGV[4] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1
end
return 0
"""
_FREE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


@dataclass(frozen=True, slots=True)
class ReadThrough:
    """Reads over `link`, counting reads, misses, rebuilds and failures of each kind of key."""

    link: RedisLink
    sleep: Callable[[float], None] = time.sleep

    def read[T](self, entry: Entry[T]) -> T | None:
        """What Redis has; None if it has nothing that can be read, or is away."""
        self.link.count(f"{entry.kind}:reads")
        reply = self._get(entry)
        value = None if reply is None else entry.decode(reply[0])
        if reply is None:
            self.link.count(f"{entry.kind}:failures")
        elif value is None:
            self.link.count(f"{entry.kind}:misses")
        return value

    def read_or[T](
        self,
        entry: Entry[T],
        *,
        usable: Callable[[T], bool],
        rebuild: Callable[[], T | None],
        shape: Callable[[T], Any],
        life: timedelta,
    ) -> Found[T]:
        """What Redis has if it is `usable`, else what `rebuild` makes, which is written back.

        Of callers at the same time one rebuilds; the others wait for it a little, and then rebuild
        for themselves without writing.  `shape` makes JSON of it.  None from `rebuild` is nothing
        to keep.
        """
        self.link.count(f"{entry.kind}:reads")
        reply = self._get(entry)
        if reply is None:
            self.link.count(f"{entry.kind}:failures")
            return Found(rebuild(), cached=False)
        value = entry.decode(reply[0])
        if value is not None and usable(value):
            return Found(value, cached=True)
        self.link.count(f"{entry.kind}:misses")
        lock = _Lock(entry.key, secrets.token_hex(8))
        held = _milliseconds(_HELD_FOR)
        replies = self.link.send(
            ("SET", lock.name, lock.token, "NX", "PX", held), ("GET", entry.key)
        )
        if replies is None:
            return Found(rebuild(), cached=False)
        taken, seen = replies
        value = entry.decode(seen)  # another may have just been done
        if value is not None and usable(value):
            if taken is True:
                self._free(lock)
            return Found(value, cached=True)
        if taken is not True:
            waited = self._wait(entry, lock, usable)
            return Found(rebuild(), cached=False) if waited is None else Found(waited, cached=True)
        self.link.count(f"{entry.kind}:rebuilds")
        try:
            built = rebuild()
        except BaseException:
            self._free(lock)
            raise
        if built is None:
            self._free(lock)
        else:
            self._write_back(lock, dumps(shape(built)), life, over=seen)
        return Found(built, cached=False)

    def _get(self, entry: Entry[Any]) -> list[Any] | None:
        return self.link.send(("GET", entry.key))

    def _wait[T](self, entry: Entry[T], lock: "_Lock", usable: Callable[[T], bool]) -> T | None:
        """What the holder of the lock wrote, or None when it has gone or takes too long."""
        for _ in range(round(_PATIENCE / _POLL)):
            self.sleep(_POLL)
            replies = self.link.send(("EXISTS", lock.name), ("GET", entry.key))
            if replies is None:
                return None
            value = entry.decode(replies[1])
            if value is not None and usable(value):
                return value
            if not replies[0]:
                return None
        return None

    def _write_back(self, lock: "_Lock", text: str, life: timedelta, *, over: Any) -> None:
        commands: list[Command] = []
        if isinstance(over, ResponseError):  # not even a string: nobody can have wanted that
            commands, over = [("DEL", lock.key)], None
        seen = "" if over is None else over
        life_left = max(1, _milliseconds(life))
        commands.append(
            ("EVAL", _WRITE_BACK, 2, lock.key, lock.name, lock.token, text, life_left, seen)
        )
        self.link.send(*commands)

    def _free(self, lock: "_Lock") -> None:
        self.link.send(("EVAL", _FREE, 1, lock.name, lock.token))


@dataclass(frozen=True, slots=True)
class _Lock:
    """The right to rebuild `key`, for whoever put his `token` there."""

    key: str
    token: str

    @property
    def name(self) -> str:
        return LOCKS + self.key


def _milliseconds(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
