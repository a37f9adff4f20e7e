"""Whoever takes looks, and whose turn it is: in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class FakeLooks:
    """Meets `ports.Looks`: what was asked for, in order; `broken` is raised instead."""

    asked: list[tuple[str, datetime, str]] = field(default_factory=list)
    broken: Exception | None = None

    def ask(self, strategy_id: str, at: datetime, asked_by: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.asked.append((strategy_id, at, asked_by))


@dataclass
class FakeLookTurns:
    """Meets `ports.LookTurns`."""

    taken: dict[str, datetime] = field(default_factory=dict)

    @contextmanager
    def taking(self, user_id: str, *, now: datetime, every: timedelta) -> Iterator[datetime | None]:
        last = self.taken.get(user_id)
        if last is not None and last > now - every:
            yield last + every
            return
        yield None
        self.taken[user_id] = now
