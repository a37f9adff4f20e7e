"""The market's stores in memory, under the rules of `ports`: for properties that run often."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automoney.encoding import dumps
from automoney.market.candles import Candle, Mark, Timeframe
from tests.fakes import NoCache

Key = tuple[str, Timeframe]


@dataclass
class FakeCandles:
    """Meets `ports.Candles`; `calls` names what was asked of it, oldest first."""

    bars: dict[Key, dict[datetime, Candle]] = field(default_factory=dict)
    revisions: dict[Key, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def put(self, candles: Iterable[Candle]) -> None:
        by_key: dict[Key, dict[datetime, Candle]] = {}
        for bar in candles:
            self.calls += ["put"] if not by_key else []
            by_key.setdefault((bar.asset, bar.timeframe), {})[bar.open_time] = bar
        for key, bars in by_key.items():
            kept = self.bars.setdefault(key, {})
            newest = max(kept, default=None)
            changed = [at for at, bar in bars.items() if kept.get(at) != bar]
            if newest is not None and any(at <= newest for at in changed):
                self.revisions[key] = self.revisions.get(key, 0) + 1
            kept |= bars

    def revision(self, asset: str, timeframe: Timeframe) -> int:
        self.calls.append("revision")
        return self.revisions.get((asset, timeframe), 0)

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        self.calls.append("last_open")
        return max(self.bars.get((asset, timeframe), {}), default=None)

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        self.calls.append("closed")
        kept = self.bars.get((asset, timeframe), {})
        return [kept[at] for at in sorted(kept) if at >= since and at + timeframe.duration <= by]

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        return self.closed(asset, Timeframe.D1, since=since, by=closed_by)

    def purge(self, timeframe: Timeframe, *, before: datetime) -> int:
        gone = 0
        for key, kept in self.bars.items():
            for at in [at for at in kept if key[1] is timeframe and at < before]:
                del kept[at]
                gone += 1
        return gone


@dataclass
class FakeMarks:
    """Meets `ports.Marks`."""

    kept: dict[tuple[str, datetime], Mark] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def put_marks(self, marks: Iterable[Mark]) -> None:
        for mark in marks:
            self.calls.append("put_marks")
            self.kept.setdefault((mark.asset, mark.at), mark)

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        return self.marks([asset], as_of=as_of).get(asset)

    def marks(self, assets: Sequence[str], *, as_of: datetime) -> Mapping[str, Mark]:
        self.calls.append("marks")
        known = sorted(self.kept.values(), key=lambda one: one.at)
        return {one.asset: one for one in known if one.asset in assets and one.at < as_of}

    def purge(self, *, before: datetime) -> int:
        gone = [key for key in self.kept if key[1] < before]
        for key in gone:
            del self.kept[key]
        return len(gone)


@dataclass
class FakeCache(NoCache):
    """Keeps prices, candles and states; what has to come back goes through JSON, as in Redis."""

    kept: dict[str, str] = field(default_factory=dict)
    listed: dict[Key, Sequence[Candle]] = field(default_factory=dict)

    def put_latest(
        self,
        data: Mapping[str, Mapping[str, Any]],
        *,
        candles: Mapping[Key, Sequence[Candle]] | None = None,
        states: Mapping[Key, Mapping[str, Any]] | None = None,
    ) -> None:
        self.kept |= {f"{asset}:latest": dumps(one) for asset, one in data.items()}
        self.listed |= {key: list(bars) for key, bars in (candles or {}).items()}
        for key, state in (states or {}).items():
            self.put_state(*key, state)

    def shown(self, asset: str) -> Mapping[str, Any]:
        """What was put last of the asset's newest price."""
        return self._get(f"{asset}:latest") or {}

    def put_state(self, asset: str, timeframe: Timeframe, state: Mapping[str, Any]) -> None:
        self.kept[f"{asset}:state:{timeframe}"] = dumps(state)

    def state(self, asset: str, timeframe: Timeframe) -> Mapping[str, Any] | None:
        return self._get(f"{asset}:state:{timeframe}")

    def _get(self, key: str) -> Mapping[str, Any] | None:
        text = self.kept.get(key)
        found: Mapping[str, Any] | None = json.loads(text) if text is not None else None
        return found
