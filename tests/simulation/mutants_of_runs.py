"""Mistakes in running a strategy and in keeping its runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from automoney.errors import LeaseHeld, Misfired
from automoney.market.candles import Mark
from automoney.ports import Evidence, Kind
from automoney.schedule import Slot
from automoney.stores.memory.executions import MemoryExecutions
from automoney.trading.judgement import Judgement
from automoney.trading.strategies import Strategy
from automoney.workflows.execute_orders import Executed, OrderExecutor
from automoney.workflows.one_run import OneRun
from automoney.workflows.run_strategy import StrategyRunner


class Unfenced(MemoryExecutions):
    def _raise_fence(self, name: str, fence: int) -> None:
        self.tables.fences[name] = fence


class UnfencedBegin(MemoryExecutions):
    def begin(self, strategy_id: str, slot: Slot, *, fence: int, **words: Any) -> list[str]:
        kept = dict(self.tables.fences)
        cut_short = super().begin(strategy_id, slot, fence=max([fence, *kept.values()]), **words)
        self.tables.fences.clear()
        self.tables.fences.update(kept)
        return cut_short


class Overwriting(MemoryExecutions):
    """`INSERT ... ON CONFLICT DO UPDATE`, whatever was there."""

    def record(self, judgement: Judgement, *, fence: int, **words: Any) -> Judgement:
        kept = super().record(judgement, fence=fence, **words)
        if kept is not judgement:
            name = judgement.execution_id
            self.tables.runs[name] = replace(self.tables.runs[name], judgement=judgement)
        return judgement


class Sloppy(MemoryExecutions):
    def fix_fill_mark(self, execution_id: str, mark: Mark) -> Mark:
        return mark


class Unordering(MemoryExecutions):
    """The judgement commits, then its orders: `conclude` stands for the second transaction."""

    def record(self, judgement: Judgement, *, fence: int, **words: Any) -> Judgement:
        kept = super().record(judgement, fence=fence, **words)
        if kept is judgement and words.get("kind", Kind.TURN) is Kind.TURN:
            self.tables.orders.pop(kept.execution_id, None)
            self.tables.open_orders.get(kept.strategy_id, {}).pop(kept.execution_id, None)
        return kept

    def unfinished(self, strategy_id: str, *, up_to: datetime) -> list[str]:
        newest = self.tables.newest.get(strategy_id)
        if newest is not None and newest.execution_id not in self.tables.orders:
            self.tables.order(newest, sorted(self.tables.follows.get(strategy_id, {})))
        return super().unfinished(strategy_id, up_to=up_to)


class Rewriting(MemoryExecutions):
    def begin(self, strategy_id: str, slot: Slot, *, fence: int, **words: Any) -> list[str]:
        try:
            return super().begin(strategy_id, slot, fence=fence, **words)
        except Misfired:
            return []


# A runner has slots, and so have those that take its place.
@dataclass(frozen=True, slots=True)
class hands_out_this_run_only(StrategyRunner):
    def _hand_out(self, strategy: Strategy, slot: Slot) -> int:
        name = OneRun(strategy, slot, Kind.TURN, 0, None).name  # type: ignore[arg-type]
        users = self.executions.pending_users(name)
        self.orders.hand_out(name, users)
        return len(users)


class _Unseeing:
    """Executions in which a run does not find that it has been judged."""

    def __init__(self, executions: Any) -> None:
        self._executions = executions

    def find(self, execution_id: str) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executions, name)


@dataclass(frozen=True, slots=True)
class judges_again(StrategyRunner):
    def _judge_once(self, run: OneRun) -> tuple[bool, Judgement]:
        unseeing: Any = _Unseeing(self.executions)
        return StrategyRunner._judge_once(replace(self, executions=unseeing), run)


@dataclass(frozen=True, slots=True)
class busy_is_fine(StrategyRunner):
    def take_turn(self, strategy: Strategy, slot: Slot) -> dict[str, Any]:
        try:
            return StrategyRunner.take_turn(self, strategy, slot)
        except LeaseHeld:
            name = OneRun(strategy, slot, Kind.TURN, 0, None).name  # type: ignore[arg-type]
            return {"execution": name, "outcome": "busy", "handed": 0}


@dataclass(frozen=True, slots=True)
class never_misfires(StrategyRunner):
    def _begin(self, run: OneRun) -> list[str]:
        return self.executions.begin(
            run.strategy.id, run.slot, fence=run.fence, kind=run.kind, asked_by=run.asked_by
        )


@dataclass(frozen=True, slots=True)
class silent_failures(StrategyRunner):
    def _record_failure(self, run: OneRun, status: str, reason: str) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class new_name_each_try(StrategyRunner):
    """A try that finds a judgement makes another one, under a name with its own fence."""

    def _judge_once(self, run: OneRun) -> tuple[bool, Judgement]:
        known, found = StrategyRunner._judge_once(self, run)
        if not known or run.kind is not Kind.TURN:
            return known, found
        other = replace(found, execution_id=f"{run.name}/{run.fence}")
        return False, self.executions.record(other, fence=run.fence, evidence=Evidence())


@dataclass(frozen=True, slots=True)
class trusts_earlier_parts(OrderExecutor):
    async def execute(self, execution_id: str, users: Sequence[str]) -> Executed:
        return await self._serve_all(self._judged(execution_id), users)
