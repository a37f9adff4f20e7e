"""Collect from the first source that answers, and record every try (description 2.2.1)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable
from automoney.observability import logger
from automoney.ports import Alerts, Collection, Collections
from automoney.schedule import Slot

IN_A_ROW = 3  # failed slots that people are told of (description 7.2)
_AGAIN = 12  # and every so many further ones, so that a long outage is neither forgotten nor spam


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

    def missed(self, slot: Slot) -> None:  # noqa: B027  # most have nothing to do then
        """No source gave anything for `slot`: what is cached goes on growing older."""


@dataclass(frozen=True, slots=True)
class _Try:
    """One source asked once, by a clock and by a meter of bytes that only ever grow."""

    collector: str
    source: str
    slot: Slot
    clock: Callable[[], datetime]
    meter: Callable[[], int]
    began: datetime
    bytes_before: int

    def failed(self, error: SourceUnavailable) -> Collection:
        return self._ended(error=str(error))

    def brought(self, collected: Collected[Any]) -> Collection:
        return self._ended(collected.rows, collected.anomalies, collected.problem)

    def _ended(self, rows: int = 0, anomalies: int = 0, error: str | None = None) -> Collection:
        return Collection(
            self.collector,
            self.source,
            self.slot.at,
            "ok" if error is None else "failed",
            rows,
            anomalies,
            self.clock() - self.began,
            error,
            self.meter() - self.bytes_before,
        )


async def collect[T](
    collector: DataCollector[T],
    slot: Slot,
    *,
    collections: Collections,
    alerts: Alerts,
    clock: Callable[[], datetime],
    meter: Callable[[], int] = lambda: 0,
) -> dict[str, Any]:
    """Run a collector for `slot`: the first source that answers wins, every try is recorded.

    `meter` tells how many bytes have come from all sources so far.  Any error but
    SourceUnavailable is a bug of ours: it is raised, and that try leaves no record.
    """
    last = None
    for source in collector.sources:
        attempt = _Try(collector.name, source, slot, clock, meter, clock(), meter())
        try:
            collected = collector.validate(await collector.collect(source, slot), slot)
            kept = collector.cache(collected, slot)
        except SourceUnavailable as error:
            last = attempt.failed(error)
            collections.record(last)
            logger.warning("collection failed", extra=_said(last))
            continue
        made = attempt.brought(collected)
        collections.record(made)
        if made.anomalies:
            logger.warning("collected anomalies", extra={**_said(made), "count": made.anomalies})
        if made.error is not None:
            logger.warning("collection incomplete", extra=_said(made))
            _tell(made, collections, alerts)
        return {
            "collector": collector.name,
            "slot": slot.at.isoformat(),
            "source": source,
            "outcome": made.outcome,
            "rows": made.rows,
            "anomalies": made.anomalies,
            **({"error": made.error} if made.error is not None else {}),
            **kept,
        }
    collector.missed(slot)
    if last is not None:
        _tell(last, collections, alerts)
    return {"collector": collector.name, "slot": slot.at.isoformat(), "outcome": "failed"}


def _said(collection: Collection) -> dict[str, Any]:
    return {
        "collector": collection.collector,
        "source": collection.source,
        "error": collection.error,
    }


def _tell(failed: Collection, collections: Collections, alerts: Alerts) -> None:
    """Warn of the third failure in a row, and of every twelfth after that."""
    name, at = failed.collector, failed.slot_at
    slots = collections.failed_in_a_row(name, up_to=at)
    if slots < IN_A_ROW or (slots - IN_A_ROW) % _AGAIN:
        return
    good = collections.last_ok(name, as_of=at)
    since = "it has never been whole" if good is None else f"the last good one was {utc_text(good)}"
    alerts.warn(
        f"{name} failed {slots} times in a row",
        f"Slots up to {utc_text(at)}; {since}.  {failed.source} last: {failed.error}",
    )
