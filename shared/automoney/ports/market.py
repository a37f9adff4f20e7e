"""What is kept of the market."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.trading.judgement import Judgement


@dataclass(frozen=True, slots=True)
class Collection:
    """One try of one collector at one slot; (collector, source, slot) is its name.

    `outcome` is `ok` or `failed`; `anomalies` counts values flagged by the cleaning rules, `bytes`
    what the source's answers weighed, unpacked.
    """

    collector: str
    source: str
    slot_at: datetime
    outcome: str
    rows: int
    anomalies: int
    latency: timedelta
    error: str | None = None
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many due slots of a collector were tried, and at how many of them a source gave data."""

    slots: int
    ok: int

    @property
    def share(self) -> float | None:
        """The success rate, 0..1; None where nothing was tried."""
        return self.ok / self.slots if self.slots else None


class Candles(Protocol):
    """Closed candles: days and weeks for ever, hours and 4 hours for the last months."""

    def put(self, candles: Iterable[Candle]) -> None:
        """Insert or replace closed candles, by (asset, timeframe, open_time).

        In the same transaction the `revision` of each (asset, timeframe) grows by one if a bar at
        or before its newest stored one was added or changed.  Bars added at the end, and bars that
        say what is stored already, leave it alone.
        """

    def revision(self, asset: str, timeframe: Timeframe) -> int:
        """How often the history before its newest bar has changed; 0 for never."""

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        """The open time of the newest stored candle."""

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        """Candles with `open_time >= since` and `close_time <= by`, oldest first."""

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        """`closed` for daily candles."""

    def purge(self, timeframe: Timeframe, *, before: datetime) -> int:
        """Drop candles of `timeframe` that opened before; return how many.  No revision grows."""


class Marks(Protocol):
    """The recent marks of each asset (a few days)."""

    def put_marks(self, marks: Iterable[Mark]) -> None: ...

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        """The newest mark strictly before `as_of`: what trades at `as_of` itself is a fill."""

    def marks(self, assets: Sequence[str], *, as_of: datetime) -> Mapping[str, Mark]:
        """`mark` for several assets at once; those without one are absent."""

    def purge(self, *, before: datetime) -> int:
        """Drop marks older than that; return how many."""


class Readings(Protocol):
    """Readings with their vintages, for ever."""

    def put_readings(self, readings: Iterable[Reading]) -> int:
        """Keep each reading that is new or revised; say how many were.

        Compared is with the newest vintage of its period that is not newer than the reading's own.
        """

    def history(
        self, names: Sequence[str], asset: str | None, *, since: datetime, as_of: datetime
    ) -> Mapping[str, tuple[Reading, ...]]:
        """Per series the newest vintage known at `as_of` of each period, oldest first."""

    def last_period(self, source: str) -> datetime | None:
        """The newest period stored from a source."""


class Collections(Protocol):
    def record(self, collection: Collection) -> None:
        """Keep the try; a second delivery of the same slot replaces the first."""

    def last_ok(self, collector: str, *, as_of: datetime) -> datetime | None:
        """The newest slot at or before `as_of` at which any source of the collector gave data."""

    def success(self, *, since: datetime, by: datetime) -> Mapping[str, Tally]:
        """Per collector its slots with `since <= slot < by`; a slot is ok if any source's try is.

        This is what the success rate (description 7.1: above 99 %) is read from.
        """

    def failed_in_a_row(self, collector: str, *, up_to: datetime) -> int:
        """How many of its newest slots, up to and including that one, gave no data from anyone."""

    def summary(self, *, since: datetime | None = None) -> Mapping[str, Mapping[str, int]]:
        """Per source: `ok`, `failed`, `anomalies` counts over everything recorded."""

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        """Per collector its newest try: source, slot_at, outcome, error."""


class Leftovers(Protocol):
    """What outside sources asked of us, once it is over, and what was told long ago."""

    def purge_breakers(self, *, before: datetime) -> int:
        """Forget bans that ended before; return how many."""

    def purge_budgets(self, *, before: datetime) -> int:
        """Forget the budgets that no call was made from since; return how many."""

    def purge_spending(self, *, before: datetime) -> int:
        """Forget budgets in money, and what died in them, of that long ago; how many budgets."""

    def purge_events(self, *, before: datetime) -> int:
        """Forget events from before that were handed to the queue; how many."""


class Backfills(Protocol):
    """Bulk loading that can be killed anywhere: rows and progress are one transaction."""

    def reached(self, job: str) -> datetime | None:
        """Up to where `job` has been loaded; None if it was never begun."""

    def put_candles(self, job: str, candles: Sequence[Candle], *, reached: datetime) -> int:
        """COPY candles in as `Candles.put` would, and note how far it came; rows that changed."""

    def put_readings(self, job: str, readings: Sequence[Reading], *, reached: datetime) -> int:
        """COPY readings in as `Readings.put_readings` would, and note how far; rows kept."""


@dataclass(frozen=True, slots=True)
class Found[T]:
    """A value, and whether the cache had it; None if it is nowhere."""

    value: T | None
    cached: bool


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How often reads of one kind of key found something, since the cache was first used.

    `failures` are reads that found no cache at all; `rebuilds` how often a miss was made anew.
    """

    hits: int = 0
    misses: int = 0
    rebuilds: int = 0
    failures: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of hits among the reads that were answered, 0..1; None without any."""
        answered = self.hits + self.misses
        return self.hits / answered if answered else None


@dataclass(frozen=True, slots=True)
class CachePurge:
    """How many keys were dropped, by reason, and how many bytes they took.

    `unknown` ones are of an asset, timeframe, agent or group that is not watched (any more),
    `undying` ones lacked the end of life that they ought to have, `garbled` ones hold nonsense.
    """

    unknown: int = 0
    undying: int = 0
    garbled: int = 0
    bytes: int = 0


class States(Protocol):
    """Where a serialised indicator state may be found again."""

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        """What was put, or None: its owner knows how to make it anew."""


class MarketCache(States, Protocol):
    """Redis, under the description's keys.  Losing it may cost time, never data: no method raises
    for a Redis that is gone, and it is found again by itself.

    `rebuild` makes from Postgres what a read lacks; of callers at the same time one does so and
    writes it back, never over what a collector has put there meanwhile.
    """

    def put_latest(
        self,
        data: Mapping[str, Mapping[str, Any]],
        *,
        candles: Mapping[tuple[str, Timeframe], Sequence[Candle]] | None = None,
        states: Mapping[tuple[str, Timeframe], Mapping[str, Any]] | None = None,
    ) -> None:
        """By asset what `workflows.latest_price` makes: price, at, source, indicators and more.

        What else a tick changed goes along in the same round trip, before the prices: the newest
        closed candles, oldest first, and states as `put_state` would put them.
        """

    def latest(
        self,
        asset: str,
        *,
        now: datetime,
        rebuild: Callable[[], Mapping[str, Any] | None],
    ) -> Found[Mapping[str, Any]]:
        """The newest price as of `now`, in market time; an older one than its life counts not."""

    def candles(
        self,
        asset: str,
        timeframe: Timeframe,
        *,
        now: datetime,
        rebuild: Callable[[], list[Candle]],
    ) -> Found[list[Candle]]:
        """The newest closed candles, oldest first, unless by `now` there must be newer ones."""

    def put_group(self, group: str, data: Mapping[str, Any]) -> None:
        """`onchain`, `macro` or `sentiment`: what `workflows.known_series` makes."""

    def group(
        self, group: str, *, as_of: datetime, rebuild: Callable[[], Mapping[str, Any]]
    ) -> Found[Mapping[str, Any]]:
        """What was put as of that very moment."""

    def put_scores(self, judgement: Judgement) -> None: ...
    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None:
        """The serialised indicator state up to the last closed bar, for `state`."""

    def use(self) -> Mapping[str, CacheUse] | None:
        """By kind of key (latest, candles, groups, state) how it is used; None if it is gone."""

    def purge(self, assets: Sequence[str]) -> CachePurge | None:
        """Drop keys of ours that nobody could want; None if the cache is gone."""
