"""Receipts in memory: an archive that a test can tamper with, filled by the code that writes them.

A `Ledger` of runs is judged by the real rules from what a test gives it, and every user's part is
traded by the real trading code.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from automoney.agents.model_judge import EXPERTS, model_judges
from automoney.errors import AutomoneyError
from automoney.market.snapshot import Snapshot
from automoney.ports.models import Call, Grouping, Models, Outcome, Purse, Used
from automoney.ports.receipts import Filed
from automoney.trading.account import Account
from automoney.trading.guards import Guards
from automoney.trading.judgement import Judgement, Score, execution_id, look_id
from automoney.trading.orders import Costs
from automoney.trading.receipts.chains import START, Link, linked
from automoney.trading.standing import Standing
from automoney.trading.strategies import HODL_WAVE, Strategy
from automoney.trading.turn import take_part
from automoney.workflows.judging import view_of
from automoney.workflows.receipts import KeptReceipts
from tests.builders import NOON


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Meets `Panel`: the real judges, one after another; those that ask models if there are any."""

    models: Models | None = None

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        judges: dict[str, Callable[[Snapshot, str], Score]]
        if self.models is None:
            judges = {name: _by_rules(one.judge) for name, one in EXPERTS.items()}
        else:
            judges = {**model_judges(self.models, clock=lambda: NOON, or_rules=True)}
        scores: dict[str, Score | None] = {}
        for agent, judge in judges.items():
            try:
                scores[agent] = judge(snapshot, execution_id)
            except (AutomoneyError, ArithmeticError):
                scores[agent] = None
        return scores


def _by_rules(judge: Callable[[Snapshot], Score]) -> Callable[[Snapshot, str], Score]:
    return lambda snapshot, _: judge(snapshot)


@dataclass(slots=True)
class FakeArchive:
    """Meets `Archive`.  `runs` and `parts` are chains, oldest first, by strategy and by user."""

    runs: dict[str, list[Filed]] = field(default_factory=dict)
    parts: dict[str, list[Filed]] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    executed: dict[str, list[str]] = field(default_factory=dict)

    def put_run(self, strategy_id: str, name: str, body: bytes, blobs: Mapping[str, bytes]) -> None:
        self.kept.update(blobs)
        _append(self.runs.setdefault(strategy_id, []), strategy_id, name, body, None)

    def put_part(self, user_id: str, name: str, body: bytes) -> None:
        run = self.run(name)
        link = run.link if run else START
        _append(self.parts.setdefault(user_id, []), user_id, name, body, link)
        self.executed.setdefault(name, []).append(user_id)

    def run(self, execution_id: str) -> Filed | None:
        return _named(execution_id, (one for chain in self.runs.values() for one in chain))

    def part(self, execution_id: str, user_id: str) -> Filed | None:
        return _named(execution_id, self.parts.get(user_id, ()))

    def users(self, execution_id: str) -> list[str]:
        return sorted(user for user in self.parts if self.part(execution_id, user))

    def served(self, execution_id: str) -> list[str]:
        return self.executed.get(execution_id, [])

    def run_chain(self, strategy_id: str) -> Iterable[Link]:
        return [_link(one, None) for one in self.runs.get(strategy_id, ())]

    def part_chain(self, user_id: str) -> Iterable[Link]:
        return [_link(one, self.run(one.execution_id)) for one in self.parts.get(user_id, ())]

    def blobs(self, names: Iterable[str]) -> dict[str, bytes]:
        return {name: self.kept[name] for name in names if name in self.kept}

    def newest(self, strategy_id: str, limit: int) -> list[str]:
        return [one.execution_id for one in self.runs.get(strategy_id, ())[::-1][:limit]]

    def change_run(self, name: str, body: bytes) -> None:
        """Put another body in its place, and leave the link as it is."""
        _change(self.runs, name, body)

    def change_part(self, user_id: str, name: str, body: bytes) -> None:
        _change({user_id: self.parts[user_id]}, name, body)


@dataclass(slots=True)
class FakeUsage:
    """Meets `ports.Usage` over calls in memory, by day and model; `kept` are the purses."""

    calls: list[Call] = field(default_factory=list)
    kept: list[Purse] = field(default_factory=list)

    def totals(
        self,
        by: Grouping,
        *,
        since: datetime,
        until: datetime,
        user_id: str | None = None,
        limit: int = 100,
    ) -> list[Used]:
        assert by is Grouping.DAY_MODEL, "the others are asked of Postgres alone"
        groups: dict[str, list[Call]] = {}
        for call in self.calls:
            whose = user_id is None or call.spender.user_id == user_id
            if whose and since <= call.spender.at < until:
                key = f"{call.spender.at:%Y-%m-%d} {call.provider}/{call.model}"
                groups.setdefault(key, []).append(call)
        return [
            Used(
                key,
                len(calls),
                sum(call.outcome is not Outcome.OK for call in calls),
                sum(call.input_tokens for call in calls),
                sum(call.output_tokens for call in calls),
                sum((call.cost for call in calls), Decimal(0)),
            )
            for key, calls in sorted(groups.items(), reverse=True)
        ][:limit]

    def purses(self, budgets: Sequence[str]) -> list[Purse]:
        return sorted(
            (one for one in self.kept if one.budget in budgets), key=lambda one: one.budget
        )

    def of_execution(self, execution_id: str) -> list[Call]:
        return [one for one in self.calls if one.spender.execution_id == execution_id]


@dataclass(slots=True)
class Ledger:
    """Runs and their parts, one after another, put into the archive as they are made."""

    archive: FakeArchive = field(default_factory=FakeArchive)
    receipts: KeptReceipts = field(default_factory=KeptReceipts)
    accounts: dict[str, Account] = field(default_factory=dict)
    models: Models | None = None
    strategy: Strategy = HODL_WAVE
    last: dict[str, dict[str, Score]] = field(default_factory=dict)
    inputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def run(self, snapshots: Mapping[str, Snapshot], *, look: bool = False) -> Judgement:
        """Judge, weigh, and unless it is a `look` have every user take part at the slot's marks."""
        at = next(iter(snapshots.values())).as_of
        name = (look_id if look else execution_id)(self.strategy.id, at)
        panel = OneByOne(self.models)
        views = {}
        for asset, snapshot in snapshots.items():
            last = self.last.setdefault(asset, {})
            view = view_of(self.strategy, snapshot, panel.judge(snapshot, name), last.copy)
            views[asset] = view
            last.update({name: one for name, one in view.scores.items() if not one.degraded})
        judgement = Judgement(name, self.strategy.id, at, views)
        evidence = self.receipts.run(self.strategy, judgement, snapshots, ())
        self.inputs[name] = evidence.inputs
        self.archive.put_run(self.strategy.id, name, evidence.receipt, evidence.blobs)
        for user in () if look else self.accounts:
            self.take_part(judgement, user)
        return judgement

    def take_part(self, judgement: Judgement, user: str) -> None:
        standing = Standing(self.accounts[user], Guards(self.strategy.max_position))
        marks = {
            asset: replace(view.mark, price=view.mark.price + 1, at=judgement.slot_at)
            for asset, view in judgement.views.items()
        }
        part = take_part(self.strategy, judgement, standing, marks=marks, costs=Costs())
        body = self.receipts.part(
            self.strategy,
            judgement,
            user,
            standing=standing,
            marks=marks,
            costs=Costs(),
            part=part,
        )
        self.accounts[user] = part.after
        self.archive.put_part(user, judgement.execution_id, body)


def _append(chain: list[Filed], name: str, run: str, body: bytes, run_link: str | None) -> None:
    before = chain[-1].link if chain else START
    link = linked(before, sha256(body).hexdigest(), run_link)
    chain.append(Filed(name, len(chain) + 1, run, body, link))


def _named(execution_id: str, receipts: Iterable[Filed]) -> Filed | None:
    return next((one for one in receipts if one.execution_id == execution_id), None)


def _link(one: Filed, run: Filed | None) -> Link:
    digest = sha256(one.body).hexdigest()
    return Link(one.number, one.execution_id, digest, one.link, run.link if run else None)


def _change(chains: Mapping[str, list[Filed]], name: str, body: bytes) -> None:
    for chain in chains.values():
        chain[:] = [replace(one, body=body) if one.execution_id == name else one for one in chain]
