"""Each of many slots, once with all data there are and once with all later data cut away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from random import Random

from automoney.agents.direct import DirectPanel
from automoney.encoding import canonical, utc_text
from automoney.market.candles import Mark
from automoney.market.snapshot import Snapshot
from automoney.ports import Evidence, Panel, Step
from automoney.stores.memory.cache import MemoryCache
from automoney.stores.memory.tables import Booked, Tables
from automoney.trading.judgement import Judgement, Score, execution_id
from automoney.trading.orders import Costs
from automoney.trading.standing import Standing
from automoney.trading.strategies import AGENTS, Strategy
from automoney.trading.turn import Part, take_part
from automoney.workflows.snapshots import Market
from infra.local.backtest.engine import Plan, play, slots
from infra.local.backtest.market import RecordedMarket
from infra.local.backtest.series import ONCHAIN
from infra.local.lookahead.cutting import Scissors
from infra.local.lookahead.saying import GIVEN_UP, Pieces, decided, filled, judged, meant, said
from infra.local.world.recording import Recording

_AROUND = 40  # bytes that are shown of a difference
_CHEAPER = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Peek:
    """A slot that says something else without the future.

    `what` names the piece (`series BTC mvrv`, `prompt ETH macro`, `decision BTC`), `byte` is the
    index of the first byte that differs, `full` and `cut` are what stands around it.
    """

    slot: datetime
    what: str
    byte: int
    full: str
    cut: str

    def __str__(self) -> str:
        return (
            f"{utc_text(self.slot)} {self.what}: byte {self.byte} differs;"
            f" with all data {self.full!r}, without what came later {self.cut!r}"
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """How many slots and pieces of them were compared, and what differed."""

    slots: int
    pieces: int
    peeks: Sequence[Peek]


@dataclass(slots=True)
class _Standings:
    """Meets `workflows.receipts.Receipts`: remembers how the account stood before some runs."""

    wanted: frozenset[datetime]
    found: dict[datetime, Standing] = field(default_factory=dict)

    def run(
        self,
        strategy: Strategy,
        judgement: Judgement,
        snapshots: Mapping[str, Snapshot],
        steps: Sequence[Step],
    ) -> Evidence:
        return Evidence(steps)

    def part(
        self,
        strategy: Strategy,
        judgement: Judgement,
        user_id: str,
        *,
        standing: Standing,
        marks: Mapping[str, Mark],
        costs: Costs,
        part: Part,
    ) -> bytes:
        if judgement.slot_at in self.wanted:
            self.found[judgement.slot_at] = standing
        return b"{}"


def chosen(plan: Plan, count: int, *, seed: int = 0) -> list[datetime]:
    """`count` of the plan's slots, or all if there are fewer: by lot one of each equal stretch."""
    due = list(slots(plan))
    count = min(count, len(due))
    lot = Random(seed)  # noqa: S311 - no secret
    bounds = (len(due) * index // count for index in range(count + 1))
    return [due[lot.randrange(first, stop)] for first, stop in pairwise(bounds)]


@dataclass(frozen=True, slots=True)
class Check:
    """One backtest that was played with all data, and the means to play a slot of it without."""

    plan: Plan
    market: RecordedMarket
    scissors: Scissors
    tables: Tables
    parts: Mapping[datetime, Booked]
    standings: Mapping[datetime, Standing]
    panel: Panel
    reads: Market  # as the backtest does
    stored: Market  # as a live run does

    @classmethod
    def of(
        cls,
        plan: Plan,
        recording: Recording,
        market: RecordedMarket,
        wanted: Sequence[datetime],
        *,
        onchain: str = ONCHAIN[0],
        jobs: int = 1,
        progress: Callable[[datetime], None] = lambda _: None,
    ) -> "Check":
        """Play the whole plan in as many `jobs`, remembering what the `wanted` slots need."""
        standings = _Standings(frozenset(wanted))
        played = play(plan, market, receipts=standings, progress=progress, jobs=jobs)
        return cls(
            plan,
            market,
            Scissors(recording, market.begins, onchain),
            played.tables,
            {part.slot_at: part for part in played.user.parts},
            standings.found,
            DirectPanel(),
            market.market(),
            _stored(market),
        )

    def slot(self, at: datetime) -> tuple[int, list[Peek]]:
        """How many pieces of the slot were compared, and those that differ.

        The backtest, and what a live run's reads make of the very same stores, each against the
        stores as they stood at the slot.  Quickest for slots in their order.
        """
        cut = self._without(at)
        full = self._with_all(at)
        _, read = self._judged(at, self.stored)
        full |= {f"{name} (read live)": body for name, body in read.items()}
        cut |= {f"{name} (read live)": cut[name] for name in read if name in cut}
        names = [*full, *(name for name in cut if name not in full)]
        peeks = [_peek(at, name, full.get(name, b""), cut.get(name, b"")) for name in names]
        return len(names), [one for one in peeks if one is not None]

    def _with_all(self, at: datetime) -> Pieces:
        """What the backtest saw at the slot, and what it did."""
        _, pieces = self._judged(at, self.reads)
        run = self.tables.runs[execution_id(self.plan.strategy.id, at)]
        if run.judgement is None:
            return pieces | {GIVEN_UP: (run.reason or "").encode()}
        pieces |= said(run.judgement)
        part = self.parts.get(at)
        if part is not None:
            pieces |= decided(part.execution_id, part.decisions, part.rejections)
            pieces |= meant(part.decisions)
            marks = self.tables.fill_marks[part.execution_id]
            pieces |= {f"fill {asset}": canonical(mark) for asset, mark in marks.items()}
        return pieces

    def _without(self, at: datetime) -> Pieces:
        """What a live run's own reads make of the stores as they stood at the slot.

        Orders are filled from a market that knows nothing from before the slot; and whatever they
        were filled at, the same is meant to be done.
        """
        judgement, pieces = self._judged(at, _stored(self.scissors.before(at)))
        standing = self.standings.get(at)
        if judgement is None or standing is None:
            return pieces
        marks, fills = filled(judgement, self.scissors.from_then_on(at).trades)
        if not marks:
            return pieces
        plan = self.plan
        take = partial(take_part, plan.strategy, judgement, standing, costs=plan.costs)
        part = take(marks=marks)
        pieces |= fills | decided(judgement.execution_id, part.decisions, part.rejections)
        cheaper = {asset: replace(one, price=one.price * _CHEAPER) for asset, one in marks.items()}
        return pieces | meant(take(marks=cheaper).decisions)

    def _judged(self, at: datetime, market: Market) -> tuple[Judgement | None, Pieces]:
        strategy = self.plan.strategy
        assets = tuple(one for one in strategy.assets if one in self.market.assets)
        last = partial(self._last, at)
        return judged(strategy, assets, at, market=market, panel=self.panel, last=last)

    def _last(self, at: datetime, asset: str) -> dict[str, Score]:
        strategy = self.plan.strategy.id
        found = ((agent, self.tables.last_good(strategy, asset, agent, at)) for agent in AGENTS)
        return {agent: score for agent, score in found if score is not None}


def _stored(market: RecordedMarket) -> Market:
    return Market.stored(market.candles, market.marks, market.readings, MemoryCache())


def _peek(at: datetime, what: str, full: bytes, cut: bytes) -> Peek | None:
    if full == cut:
        return None
    shorter = min(len(full), len(cut))
    byte = next((one for one in range(shorter) if full[one] != cut[one]), shorter)
    around = slice(max(byte - _AROUND, 0), byte + _AROUND)
    return Peek(at, what, byte, *(text[around].decode(errors="replace") for text in (full, cut)))
