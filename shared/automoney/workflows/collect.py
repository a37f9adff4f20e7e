"""Collect: fetch from a source, validate, keep, and record how it went (description 2.2.1).

A collection that fails is recorded and told of, never raised: what depends on it goes on by rule.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from automoney.errors import SourceUnavailable
from automoney.observability import logger
from automoney.ports import Alerts, Collection, Collections
from automoney.schedule import Slot


@dataclass(frozen=True, slots=True)
class Collected[T]:
    """What one source gave, and what the cleaning rules said of it."""

    source: str
    data: T
    rows: int
    anomalies: int = 0
    problem: str | None = None  # part of it was missing; the rest is good


class DataCollector[T](ABC):
    """The description's collector: sources by preference, a rule to check and a rule to keep."""

    name: str

    @property
    @abstractmethod
    def sources(self) -> tuple[str, ...]:
        """Names of the sources, the best first."""

    @abstractmethod
    async def collect(self, source: str, slot: Slot) -> Collected[T]:
        """Ask `source`; raise SourceUnavailable if it gave nothing usable."""

    @abstractmethod
    def validate(self, collected: Collected[T], slot: Slot) -> Collected[T]:
        """Flag what is odd and drop what is known twice; raise SourceUnavailable for nonsense."""

    @abstractmethod
    def cache(self, collected: Collected[T], slot: Slot) -> dict[str, Any]:
        """Keep it: Postgres first, then Redis; say what was kept, for the log."""


async def collect[T](
    collector: DataCollector[T],
    slot: Slot,
    *,
    collections: Collections,
    alerts: Alerts,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """Run a collector for `slot`: the first source that answers wins, every try is recorded."""
    for source in collector.sources:
        began = clock()
        try:
            collected = collector.validate(await collector.collect(source, slot), slot)
            kept = collector.cache(collected, slot)
        except SourceUnavailable as error:
            logger.warning(
                "collection failed",
                extra={"collector": collector.name, "source": source, "error": str(error)},
            )
            _record(collections, collector.name, slot, source, clock() - began, error=str(error))
            continue
        _record(collections, collector.name, slot, source, clock() - began, collected=collected)
        if collected.problem is not None:
            logger.warning(
                "collection incomplete",
                extra={
                    "collector": collector.name,
                    "source": source,
                    "error": collected.problem,
                },
            )
        return {
            "collector": collector.name,
            "slot": slot.at.isoformat(),
            "source": source,
            "outcome": "ok" if collected.problem is None else "failed",
            "rows": collected.rows,
            "anomalies": collected.anomalies,
            **({"error": collected.problem} if collected.problem else {}),
            **kept,
        }
    tried = ", ".join(collector.sources)
    alerts.warn(f"{collector.name} collected nothing", f"slot {slot.at}: all of {tried} failed")
    return {"collector": collector.name, "slot": slot.at.isoformat(), "outcome": "failed"}


def _record(
    collections: Collections,
    collector: str,
    slot: Slot,
    source: str,
    latency: timedelta,
    *,
    collected: Collected[Any] | None = None,
    error: str | None = None,
) -> None:
    problem = error if collected is None else collected.problem
    collections.record(
        Collection(
            collector,
            source,
            slot.at,
            "ok" if problem is None else "failed",
            collected.rows if collected else 0,
            collected.anomalies if collected else 0,
            latency,
            problem,
        )
    )
