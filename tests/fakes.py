"""In-memory stand-ins that meet our own Protocols, strict where the real ones are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automoney.errors import AutomoneyError, LeaseHeld, SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.snapshot import Snapshot
from automoney.ports import CachePurge, CacheUse, Collection, Found, Lease, Tally
from automoney.trading.judgement import Judgement, Score


@dataclass
class FakeLeases:
    held: set[str] = field(default_factory=set)
    fences: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def hold(self, name: str) -> Iterator[Lease]:
        if name in self.held:
            raise LeaseHeld(name)
        self.held.add(name)
        self.fences[name] = self.fences.get(name, 0) + 1
        try:
            yield Lease(name, self.fences[name])
        finally:
            self.held.discard(name)


@dataclass
class FakeAlerts:
    warned: list[str] = field(default_factory=list)
    paged: list[str] = field(default_factory=list)

    def warn(self, subject: str, detail: str) -> None:
        self.warned.append(f"{subject}: {detail}")

    def page(self, subject: str, detail: str) -> None:
        self.paged.append(f"{subject}: {detail}")


@dataclass
class FakePanel:
    """Answers with the scores it was given, or raises, whatever the snapshot; notes the runs."""

    scores: Mapping[str, Score | None]
    error: AutomoneyError | None = None
    asked: list[str] = field(default_factory=list)

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        self.asked.append(execution_id)
        if self.error is not None:
            raise self.error
        return self.scores


@dataclass
class FakeOrders:
    handed: list[tuple[str, list[str]]] = field(default_factory=list)

    def hand_out(self, execution_id: str, users: Sequence[str]) -> None:
        if users:
            self.handed.append((execution_id, list(users)))


@dataclass
class FakeCollections:
    recorded: list[Collection] = field(default_factory=list)

    def record(self, collection: Collection) -> None:
        self.recorded.append(collection)

    def last_ok(self, collector: str, *, as_of: datetime) -> datetime | None:
        slots = self._slots(collector)
        return max((at for at, ok in slots.items() if ok and at <= as_of), default=None)

    def failed_in_a_row(self, collector: str, *, up_to: datetime) -> int:
        slots = self._slots(collector)
        newest = sorted((at for at in slots if at <= up_to), reverse=True)
        return next((count for count, at in enumerate(newest) if slots[at]), len(newest))

    def _slots(self, collector: str) -> dict[datetime, bool]:
        """By slot whether any source gave data."""
        slots: dict[datetime, bool] = {}
        for one in self.recorded:
            if one.collector == collector:
                slots[one.slot_at] = slots.get(one.slot_at, False) or one.outcome == "ok"
        return slots

    def success(self, *, since: datetime, by: datetime) -> Mapping[str, Tally]:
        raise NotImplementedError("no workflow under test asks")

    def summary(self, *, since: datetime | None = None) -> Mapping[str, Mapping[str, int]]:
        raise NotImplementedError("no workflow under test asks")

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        raise NotImplementedError("no workflow under test asks")


@dataclass
class FakePrices:
    """An exchange of closed candles and one mark an asset; `broken` makes it fail."""

    name: str
    quoted: dict[str, Mark] = field(default_factory=dict)
    bars: dict[tuple[str, Timeframe], list[Candle]] = field(default_factory=dict)
    broken: str | None = None
    no_candles: str | None = None
    asked: list[tuple[str, Timeframe, datetime | None, int]] = field(default_factory=list)

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        if self.broken:
            raise SourceUnavailable(self.name, self.broken, status=451)
        return tuple(self.quoted[asset] for asset in assets if asset in self.quoted)

    async def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        start: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Candle, ...]:
        self.asked.append((asset, timeframe, start, limit))
        if self.no_candles:
            raise SourceUnavailable(self.name, self.no_candles)
        bars = self.bars.get((asset, timeframe), [])
        if start is None:
            return tuple(bars[-limit:])
        return tuple(bar for bar in bars if bar.open_time >= start)[:limit]

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        if self.broken:
            raise SourceUnavailable(self.name, self.broken)
        return self.quoted[asset]


class NoCache:
    """A cache that has lost everything and keeps nothing."""

    def put_latest(
        self,
        data: Mapping[str, Mapping[str, Any]],
        *,
        candles: Mapping[tuple[str, Timeframe], Sequence[Candle]] | None = None,
        states: Mapping[tuple[str, Timeframe], Mapping[str, Any]] | None = None,
    ) -> None: ...
    def latest(
        self, asset: str, *, now: datetime, rebuild: Callable[[], Mapping[str, Any] | None]
    ) -> Found[Mapping[str, Any]]:
        return Found(rebuild(), cached=False)

    def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        now: datetime,
        rebuild: Callable[[], list[Candle]],
    ) -> Found[list[Candle]]:
        return Found(rebuild(), cached=False)

    def put_group(self, group: str, data: Mapping[str, Any]) -> None: ...
    def group(
        self, group: str, *, as_of: datetime, rebuild: Callable[[], Mapping[str, Any]]
    ) -> Found[Mapping[str, Any]]:
        return Found(rebuild(), cached=False)

    def put_scores(self, judgement: Judgement) -> None: ...
    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None: ...
    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None: ...
    def use(self) -> Mapping[str, CacheUse] | None: ...
    def purge(self, assets: Sequence[str]) -> CachePurge | None: ...
