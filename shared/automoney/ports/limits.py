"""Counting what callers do, so that nobody takes more than his share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests of one caller in the minute before this one, and in this one with the newest."""

    before: int
    now: int


class Rates(Protocol):
    """Requests by caller and minute (of the wall's UTC time)."""

    def count(self, caller: str, *, now: datetime) -> Counted | None:
        """Count one more; None while the store is away."""

    def take_back(self, caller: str, *, now: datetime) -> None:
        """The last one was refused and shall not count: who asks too often gets in again."""
