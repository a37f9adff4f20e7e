"""A market and judges whose every answer differs from the last: whoever asks twice shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from automoney.errors import DataMissing, ModelsUnavailable, SourceUnavailable
from automoney.market.candles import Mark, Timeframe
from automoney.market.snapshot import Indicators, Outlook, Snapshot
from automoney.trading.judgement import Score
from automoney.trading.strategies import AGENTS
from tests.builders import candle
from tests.simulation.world import START, World


@dataclass(slots=True)
class SimMarket:
    """Snapshots, scores and first prices; slots in `missing` lack data, and in `mute` any model.

    `views` has the score of each slot's minute, by the slot's number.
    """

    world: World
    views: Sequence[float]
    missing: frozenset[int] = frozenset()
    mute: frozenset[int] = frozenset()
    no_trade: float = 0.0
    asked: int = 0
    judged: dict[str, int] = field(default_factory=dict)

    def snapshots(
        self, assets: tuple[str, ...], timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Mapping[str, Snapshot]:
        self.world.point("market: read")
        if number_of(as_of) in self.missing:
            raise DataMissing("no candles")
        self.asked += 1
        at = as_of - timedelta(seconds=30)
        return {
            asset: Snapshot(
                asset, as_of, _mark(asset, self.asked, at), timeframes[0], _outlooks(timeframes)
            )
            for asset in assets
        }

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        self.world.point("panel: judge")
        slot = number_of(snapshot.as_of)
        if slot in self.mute:
            raise ModelsUnavailable("nobody answers")
        self.asked += 1
        value = self.views[slot % len(self.views)] + self.asked % 7
        return {agent: _score(agent, value, snapshot.as_of) for agent in AGENTS}

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        self.world.point("exchange: first trade")
        if self.world.random.random() < self.no_trade:
            raise SourceUnavailable("exchange", "no trade yet")
        self.asked += 1
        return _mark(asset, self.asked, after + timedelta(seconds=1))


def number_of(slot_at: datetime) -> int:
    """Which of the world's slots that is: one each five minutes."""
    return slot_at.hour * 12 + slot_at.minute // 5 - 1


@cache
def _outlooks(timeframes: tuple[Timeframe, ...]) -> Mapping[Timeframe, Outlook]:
    """Nobody judges by them here; a snapshot has them all the same."""
    return {one: Outlook(candle(START, timeframe=one), Indicators(), START) for one in timeframes}


@cache
def _price(number: int) -> Decimal:
    return Decimal(50_000 + number % 97)


def _mark(asset: str, number: int, at: datetime) -> Mark:
    return Mark(asset, _price(number), at, "simulated")


def _score(agent: str, value: float, at: datetime) -> Score:
    return Score(agent, value, 1.0, "", (), (), at)
