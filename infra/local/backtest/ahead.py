"""Judging ahead of the books: what the agents say of a slot follows from the market alone.

So other processes, forked from this one, look at the slots to come, by the same snapshots and the
same judges, while this one decides and books those before them.  What comes back is small: a
price and a few numbers an asset.  Whatever else somebody asks of a snapshot or a score (a backtest
does not) is worked out here, the same once more.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from automoney.agents.direct import DirectPanel
from automoney.errors import DataMissing
from automoney.market.candles import Mark, Timeframe
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Factor, Score
from automoney.trading.strategies import Strategy
from automoney.workflows.snapshots import Market
from infra.local.backtest.market import RecordedMarket

_PART = 256  # slots that a process judges at a time

type _Said = tuple[float, float, tuple[str, ...], bool]
"""A score: value, confidence, sources, degraded."""
type _Asset = tuple[Mark, dict[str, _Said | None]]
type _Slot = str | list[_Asset]
"""Per asset what was said of it; or why there is nothing to be said."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What the forked processes find when they begin."""

    market: RecordedMarket
    strategy: Strategy
    assets: tuple[str, ...]
    due: Sequence[datetime]


class Glimpse:
    """Stands for a snapshot: its asset, moment and mark; the rest is read when it is asked for."""

    __slots__ = ("_market", "_timeframes", "as_of", "asset", "mark", "said")

    def __init__(
        self,
        mark: Mark,
        as_of: datetime,
        said: Mapping[str, _Said | None],
        market: Market,
        timeframes: tuple[Timeframe, ...],
    ) -> None:
        self.asset, self.mark, self.as_of, self.said = mark.asset, mark, as_of, said
        self._market, self._timeframes = market, timeframes

    def whole(self) -> Snapshot:
        """The snapshot."""
        found = self._market.snapshots((self.asset,), self._timeframes, self.as_of)
        return found[self.asset]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole(), name)


@dataclass(frozen=True, slots=True)
class JudgedAhead:
    """Meets `one_run.Snapshots` and `ports.Panel`, for slots in their order."""

    market: Market
    panel: DirectPanel
    slots: Iterator[tuple[datetime, _Slot]]

    def snapshots(
        self, assets: tuple[str, ...], timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Mapping[str, Snapshot]:
        slot = next(slot for at, slot in self.slots if at == as_of)
        if isinstance(slot, str):
            raise DataMissing(slot)
        return {
            mark.asset: cast("Snapshot", Glimpse(mark, as_of, said, self.market, timeframes))
            for mark, said in slot
        }

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        glimpse = cast("Glimpse", snapshot)
        return {
            agent: None if said is None else self._score(agent, said, glimpse)
            for agent, said in glimpse.said.items()
        }

    def _score(self, agent: str, said: _Said, glimpse: Glimpse) -> Score:
        value, confidence, sources, degraded = said

        def in_words() -> tuple[str, tuple[Factor, ...]]:
            score = self.panel.judge(glimpse.whole())[agent]
            assert score is not None, "it was judged before"
            return score.reasoning, score.factors

        return Score.by_rules(
            agent,
            value,
            confidence,
            in_words=in_words,
            sources=sources,
            judged_at=glimpse.as_of,
            degraded=degraded,
        )


@contextmanager
def judged_ahead(
    market: RecordedMarket,
    strategy: Strategy,
    assets: tuple[str, ...],
    due: Sequence[datetime],
    *,
    jobs: int,
) -> Iterator[JudgedAhead]:
    """Judge the `due` slots in `jobs` other processes for the length of the block."""
    parts = [(first, first + _PART) for first in range(0, len(due), _PART)]
    _FORKED.append(_Work(market, strategy, assets, due))  # in memory already: not handed over
    try:
        with multiprocessing.get_context("fork").Pool(jobs, _begin) as pool:
            slots = (slot for part in pool.imap(_judge, parts) for slot in part)
            yield JudgedAhead(market.market(), DirectPanel(), zip(due, slots, strict=True))
    finally:
        _FORKED.pop()


_FORKED: list[_Work] = []
_judged: list[Callable[[datetime], _Slot]] = []


def _begin() -> None:
    """In a forked process: make what its parts are judged with."""
    import gc

    gc.disable()
    work = _FORKED[-1]
    market, panel = work.market.market(), DirectPanel()

    def judged(at: datetime) -> _Slot:
        try:
            snapshots = market.snapshots(work.assets, work.strategy.timeframes, at)
        except DataMissing as error:
            return str(error)
        return [
            (snapshot.mark, {agent: _said(score) for agent, score in panel.judge(snapshot).items()})
            for snapshot in snapshots.values()
        ]

    _judged.append(judged)


def _judge(part: tuple[int, int]) -> list[_Slot]:
    return [_judged[-1](at) for at in _FORKED[-1].due[slice(*part)]]


def _said(score: Score | None) -> _Said | None:
    if score is None:
        return None
    return score.value, score.confidence, score.sources, score.degraded
