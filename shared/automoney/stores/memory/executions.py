"""Runs and their judgements in memory: one a (strategy, slot), guarded by a fence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from automoney.errors import Misfired, StaleFence
from automoney.market.candles import Mark
from automoney.ports import Evidence, Kind, Step, fence_name, run_id
from automoney.ports.runs import CUT_SHORT, later_turn
from automoney.schedule import Slot
from automoney.stores.memory.tables import NO_MARKS, Run, Tables
from automoney.trading.judgement import Judgement, Score
from automoney.trading.strategies import AGENTS

_NONE = Evidence()


@dataclass(frozen=True, slots=True)
class MemoryExecutions:
    """Meets `ports.Executions`; where nobody asks how runs went, no evidence of it is kept."""

    tables: Tables
    keeps_evidence: bool = True

    def find(self, execution_id: str) -> Judgement | None:
        run = self.tables.runs.get(execution_id)
        return run.judgement if run else None

    def begin(
        self,
        strategy_id: str,
        slot: Slot,
        *,
        fence: int,
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> list[str]:
        self._check_fence(fence_name(strategy_id, kind), fence)
        name = run_id(strategy_id, slot.at, kind)
        tables = self.tables
        newest = tables.newest.get(strategy_id)
        if kind is Kind.TURN and newest is not None and newest.slot_at > slot.at:
            raise Misfired(later_turn(newest.slot_at))
        self._raise_fence(fence_name(strategy_id, kind), fence)
        cut = (
            sorted(
                one
                for one in tables.begun
                if (run := tables.runs[one]).strategy_id == strategy_id
                and run.kind is kind
                and run.slot_at < slot.at
            )
            if tables.begun
            else []
        )
        for one in cut:
            tables.begun.discard(one)
            tables.runs[one] = replace(tables.runs[one], status="aborted", reason=CUT_SHORT)
        if self.find(name) is None:
            tables.begun.add(name)
            tables.runs[name] = Run(
                name, strategy_id, slot.at, "begun", fence, kind=kind, asked_by=asked_by
            )
        return cut

    def record(
        self,
        judgement: Judgement,
        *,
        fence: int,
        evidence: Evidence,
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> Judgement:
        self._raise_fence(fence_name(judgement.strategy_id, kind), fence)
        name = judgement.execution_id
        kept = self.find(name)
        if kept is not None:
            return kept
        run = Run(
            name,
            judgement.strategy_id,
            judgement.slot_at,
            "judged",
            fence,
            judgement,
            kind=kind,
            asked_by=asked_by,
            evidence=evidence if self.keeps_evidence else _NONE,
        )
        tables = self.tables
        tables.keep(run)
        if kind is not Kind.TURN:
            return judgement
        tables.keep_scores(judgement)
        newest = tables.newest.get(run.strategy_id)
        if newest is None or newest.slot_at < run.slot_at:
            tables.newest[run.strategy_id] = run
        follows = tables.follows.get(run.strategy_id, {})
        users = [user for user in sorted(follows) if not tables.paused(run.strategy_id, user)]
        tables.order(run, users)
        return judgement

    def record_failure(
        self,
        strategy_id: str,
        slot: Slot,
        *,
        fence: int,
        status: str,
        reason: str,
        steps: Sequence[Step] = (),
        kind: Kind = Kind.TURN,
        asked_by: str | None = None,
    ) -> None:
        self._raise_fence(fence_name(strategy_id, kind), fence)
        name = run_id(strategy_id, slot.at, kind)
        if self.find(name) is None:
            run = Run(
                name,
                strategy_id,
                slot.at,
                status,
                fence,
                reason=reason,
                kind=kind,
                asked_by=asked_by,
                evidence=Evidence(steps),
            )
            self.tables.keep(run)

    def conclude(self, execution_id: str, steps: Sequence[Step]) -> None:
        run = self.tables.runs.get(execution_id)
        if run is not None and self.keeps_evidence:
            run.concluded.append(steps)

    def fences(self) -> Mapping[str, int]:
        """The newest fence that each name (`ports.runs.fence_name`) has been written with."""
        return dict(self.tables.fences)

    def last_scores(self, strategy_id: str, asset: str, *, before: datetime) -> Mapping[str, Score]:
        found = (
            (agent, self.tables.last_good(strategy_id, asset, agent, before)) for agent in AGENTS
        )
        return {agent: score for agent, score in found if score is not None}

    def pending_users(self, execution_id: str) -> list[str]:
        orders = self.tables.orders.get(execution_id, {})
        return sorted([user for user, done in orders.items() if not done])

    def unfinished(self, strategy_id: str, *, up_to: datetime) -> list[str]:
        waiting = self.tables.open_orders.get(strategy_id)
        if not waiting:
            return []
        return sorted([one for one, at in waiting.items() if at <= up_to], key=waiting.__getitem__)

    def latest(self, strategy_id: str) -> Judgement | None:
        run = self.tables.newest.get(strategy_id)
        return run.judgement if run else None

    def fill_marks(self, execution_id: str) -> Mapping[str, Mark]:
        return dict(self.tables.fill_marks.get(execution_id, NO_MARKS))

    def fix_fill_mark(self, execution_id: str, mark: Mark) -> Mark:
        return self.tables.fill_marks.setdefault(execution_id, {}).setdefault(mark.asset, mark)

    def _raise_fence(self, name: str, fence: int) -> None:
        self._check_fence(name, fence)
        self.tables.fences[name] = fence

    def _check_fence(self, name: str, fence: int) -> None:
        if fence < self.tables.fences.get(name, 0):
            raise StaleFence(f"{name}: fence {fence} has been overtaken")
