"""Money and answers kept in memory, as strict as Postgres where it matters."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from threading import Lock

from automoney.errors import BudgetSpent
from automoney.ports import Call, Cap, Kept, Outcome


@dataclass
class MemorySpending:
    """Meets `ports.Spending` and `ports.Answers`."""

    spent: dict[str, Decimal] = field(default_factory=dict)
    reserved: dict[str, tuple[Decimal, tuple[str, ...]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    kept: dict[tuple[str, str, str], Kept] = field(default_factory=dict)
    in_a_row: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def taken(self, budget: str) -> Decimal:
        under_way = (amount for amount, budgets in self.reserved.values() if budget in budgets)
        return self.spent.get(budget, Decimal(0)) + sum(under_way, Decimal(0))

    def reserve(self, call_id: str, dollars: Decimal, caps: Sequence[Cap], *, at: datetime) -> None:
        with self._lock:
            if call_id in self.reserved:
                return
            for cap in caps:
                if self.taken(cap.budget) + dollars > cap.dollars:
                    raise BudgetSpent(cap.budget, cap.dollars, self.taken(cap.budget))
            self.reserved[call_id] = (dollars, tuple(cap.budget for cap in caps))

    def keep(self, call: Call, kept: Kept) -> Kept:
        self._settle(call)
        answer = kept.answer
        stored = replace(answer, stored=True, cost=Decimal(0), latency_ms=0)
        name = (answer.request, answer.provider, answer.model)
        return self.kept.setdefault(name, replace(kept, answer=stored))

    def fail(self, call: Call) -> int:
        return self._settle(call)

    def find(
        self, request: str, *, provider: str | None = None, model: str | None = None
    ) -> Kept | None:
        for name, kept in self.kept.items():
            if name[0] == request and provider in (None, name[1]) and model in (None, name[2]):
                return kept
        return None

    def _settle(self, call: Call) -> int:
        with self._lock:
            amount, budgets = self.reserved.pop(call.call_id, (Decimal(0), ()))
            assert not budgets or call.cost <= amount, "a call cost more than was put aside"
            for budget in budgets:
                self.spent[budget] = self.spent.get(budget, Decimal(0)) + call.cost
            self.calls.append(call)
            failed = call.outcome is Outcome.FAILED
            count = self.in_a_row.get(call.provider, 0) + 1 if failed else 0
            self.in_a_row[call.provider] = count
            return count
