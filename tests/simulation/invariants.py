"""What an observer hears while a schedule runs, and what must be so then and at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from automoney.messages import Numbered
from automoney.ports import Kind, fence_name
from automoney.stores.memory.tables import Tables, User
from automoney.trading.account import account_from
from automoney.trading.bookkeeping import fill_entry
from automoney.trading.judgement import Judgement
from tests.simulation.deliveries import Scheduled, batch_of
from tests.simulation.stores import SimBooks, SimPauses
from tests.simulation.world import START, Violation, World

GRACE = timedelta(seconds=600)
_FENCED = ("begin", "record", "record_failure")


@dataclass(slots=True)
class Observer:
    """Sees every effect as it takes place, however the process fares that caused it."""

    world: World
    tables: Tables
    fences: dict[str, int] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    slots: dict[tuple[str, datetime], str] = field(default_factory=dict)
    owed: dict[str, frozenset[str]] = field(default_factory=dict)
    relayed: set[tuple[str, int]] = field(default_factory=set)

    def executions(self, method: str, words: Mapping[str, Any], answer: Any) -> None:
        """Fences only grow; a slot has one judgement, and the first one stays."""
        if method in _FENCED:
            kind = words.get("kind", Kind.TURN)
            of = words["of"]
            strategy = of.strategy_id if isinstance(of, Judgement) else of
            name, fence = fence_name(strategy, kind), words["fence"]
            require(
                fence >= self.fences.get(name, 0),
                f"{method} with the stale fence {fence} of {name}",
            )
            self.fences[name] = fence
        if method == "record":
            self._judged(words.get("kind", Kind.TURN), answer)

    def _judged(self, kind: Kind, kept: Judgement) -> None:
        name = kept.execution_id
        first = self.judgements.setdefault(name, kept)
        require(first == kept, f"{name} was judged twice, and differently")
        if kind is not Kind.TURN:
            return
        of = self.slots.setdefault((kept.strategy_id, kept.slot_at), name)
        require(of == name, f"{of} and {name} are the same slot")
        if first is not kept or name in self.owed:
            return
        process = self.world.current
        if process is not None:
            began = START + timedelta(seconds=process.started)
            require(began - kept.slot_at <= GRACE + timedelta(seconds=5), f"{name} misfired")
        follows = self.tables.follows.get(kept.strategy_id, {})
        self.owed[name] = frozenset(
            user for user in follows if not self.tables.paused(kept.strategy_id, user)
        )

    def acknowledged(self, body: str) -> None:
        """A message leaves the queue once all of its parts are booked, and no earlier."""
        name, users = batch_of(body)
        left = [user for user in users if not self._booked(name, user)]
        require(not left, f"{name}: the message of {', '.join(left)} was let go before their parts")

    def _booked(self, name: str, user_id: str) -> bool:
        user = self.tables.users.get(user_id)
        return user is not None and any(one.execution_id == name for one in user.parts)

    def send(self, messages: list[Numbered]) -> None:
        self.relayed.update((one.user_id, one.seq) for one in messages)

    # ---------------------------------------------------------------- at the end

    def check_books(self, books: SimBooks, pauses: SimPauses) -> None:
        """Each follower has exactly his parts, in the order of the slots, and books that add up."""
        parts: dict[tuple[str, str], str] = {}
        for user_id, user in self.tables.users.items():
            last: datetime | None = None
            for part in user.parts:
                key = (part.execution_id, user_id)
                require(key not in parts, f"{key} was booked twice")
                parts[key] = user_id
                require(
                    last is None or last < part.slot_at,
                    f"{user_id}: {part.execution_id} was booked after a later slot",
                )
                last = part.slot_at
            self._check_ledger(user)
            self._check_events(user, books, pauses.told[user_id])
        owed = {(name, user) for name, users in self.owed.items() for user in users}
        require(not owed - parts.keys(), f"lost: {sorted(owed - parts.keys())}")
        require(not parts.keys() - owed, f"nobody ordered {sorted(parts.keys() - owed)}")
        self._check_marks()

    def _check_ledger(self, user: User) -> None:
        """Entries are the deposit and the fills, once each, and give the account when replayed."""
        expected = [
            fill_entry(fill, f"{part.execution_id} {fill.side} {fill.asset}")
            for part in user.parts
            for fill in part.fills
        ]
        require(
            user.entries[1:] == expected, f"{user.user_id}: the ledger is not that of his fills"
        )
        require(
            account_from(user.entries) == user.account, f"{user.user_id}: the books do not add up"
        )
        valued = [one.execution_id for one in user.valuations]
        require(
            valued == [one.execution_id for one in user.parts],
            f"{user.user_id}: valuations are not those of his parts",
        )

    def _check_events(self, user: User, books: SimBooks, told: int) -> None:
        """Numbered 1..n; of each part its scores, decisions, trades and portfolio; all relayed.

        Beside them only what he was `told` of pauses.
        """
        numbers = books.row(user.user_id).numbers
        require(
            numbers == list(range(1, len(user.outbox) + 1)),
            f"{user.user_id}: events are numbered {numbers}",
        )
        looks = sum(
            user.user_id in users
            for name, users in self.tables.orders.items()
            if name.endswith(":look")
        )
        expected = (
            told
            + looks
            + sum(
                1 + len(part.decisions) + len(part.fills) + bool(part.fills) for part in user.parts
            )
        )
        require(
            len(user.outbox) == expected, f"{user.user_id}: {len(user.outbox)} events of {expected}"
        )
        left = [seq for seq in numbers if (user.user_id, seq) not in self.relayed]
        require(not left, f"{user.user_id}: events {left} were never relayed")

    def _check_marks(self) -> None:
        """All fills of a run are made at the same marks."""
        marks: dict[tuple[str, str], Any] = {}
        for user in self.tables.users.values():
            for part in user.parts:
                for fill in part.fills:
                    mark = (fill.mark_price, fill.at)
                    first = marks.setdefault((part.execution_id, fill.asset), mark)
                    require(first == mark, f"{part.execution_id} was filled at two marks")

    def check_slots(self, scheduled: Scheduled) -> None:
        """Of each event that came it is known what became of it; no run hangs in the air."""
        require(not self.tables.begun, f"never came to an end: {sorted(self.tables.begun)}")
        for _, answer, _ in scheduled.answered:
            outcome, name = answer["outcome"], answer["execution"]
            if outcome == "busy":
                require(name in self.judgements, f"{name}: left as busy, but nobody judged it")
            elif outcome != "paused":
                require(name in self.tables.runs, f"{name}: {outcome}, but that is not recorded")


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)
