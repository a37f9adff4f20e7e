"""The stores as a process meets them: a step before each effect, and one between it and its answer.

What they keep is kept by the stores in memory, one whole transaction at a time, as Postgres does:
runs are put in order by the row of their strategy's fence, and a user's parts by his row.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from automoney.messages import Message, Numbered
from automoney.ports import Follower, Pause
from automoney.stores.memory.books import MemoryBooks, together
from automoney.stores.memory.desk import MemoryDesk
from automoney.stores.memory.outbox import MemoryOutbox
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Tables
from automoney.trading.standing import Standing
from automoney.trading.turn import Part
from tests.simulation.world import World

Heard = Callable[[str, dict[str, Any], Any], None]


class Stepped:
    """Stands before a store: a point before each of the `methods` and one after it.

    `heard` is told of an effect as it takes place: method, arguments by name and the answer.
    """

    def __init__(
        self,
        world: World,
        store: object,
        label: str,
        methods: Iterable[str],
        heard: Heard | None = None,
    ) -> None:
        for name in methods:
            setattr(self, name, _stepped(world, getattr(store, name), f"{label}.{name}", heard))


def _stepped(
    world: World, method: Callable[..., Any], what: str, heard: Heard | None
) -> Callable[..., Any]:
    point, done, name = world.point, f"{what} done", method.__name__

    def call(*words: Any, **named: Any) -> Any:
        point(what)
        answer = method(*words, **named)
        if heard is not None:
            heard(name, {"of": words[0] if words else None, **named}, answer)
        point(done)
        return answer

    return call


def stepped(world: World, store: object, methods: Iterable[str], heard: Heard | None = None) -> Any:
    """The store behind steps: it meets the port that the store meets."""
    label = type(store).__name__.removeprefix("Memory").lower()
    return Stepped(world, store, label, methods, heard)


@dataclass(slots=True)
class Row:
    """A user's row: who has locked it, and the number of his newest event."""

    locked: bool = False
    last_seq: int = 0
    numbers: list[int] = field(default_factory=list)


class SimBooks:
    """Books of which a part is one transaction, statement by statement, under the user's row."""

    def __init__(self, tables: Tables, world: World) -> None:
        self.tables, self.world = tables, world
        self.kept = MemoryBooks(tables)
        self.rows: dict[str, Row] = {}

    def row(self, user_id: str) -> Row:
        found = self.rows.get(user_id)
        if found is None:
            found = self.rows[user_id] = Row()
        return found

    def lock(self, user_id: str) -> Row:
        """Wait for the row; whoever dies lets go of it, whoever stands still does not."""
        row, pause = self.row(user_id), 0.05
        while row.locked:
            self.world.say(f"waits for the row of {user_id}")
            self.world.wait(pause)
            pause = min(pause * 2, 60.0)
        row.locked = True
        return row

    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator["SimDesk | None"]:
        point = self.world.point
        point("books: begin")
        row = self.lock(user_id)
        try:
            desk = self.desk(user_id, execution_id, row)
            point("books: row locked")
            yield desk
            point("books: commit")
            if desk is not None:
                desk.commit()
        finally:
            row.locked = False
        point("books: committed")

    def trading_together(
        self, users: Sequence[str], execution_id: str
    ) -> AbstractContextManager[Mapping[str, "SimDesk"]]:
        # One commit after another, with steps between them: weaker than what Postgres does.
        return together(self.trading, users, execution_id)

    def desk(self, user_id: str, execution_id: str, row: Row) -> "SimDesk | None":
        user = self.tables.users.get(user_id)
        if user is None or self.tables.orders.get(execution_id, {}).get(user_id, True):
            return None
        return SimDesk(self.tables, user, self.tables.runs[execution_id], row, self.world)

    def open_account(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        return self.kept.open_account(user_id, at=at, paper_money=paper_money)

    def unfollow(self, user_id: str, strategy_id: str) -> bool:
        return self.kept.unfollow(user_id, strategy_id)

    def follow(self, follower: Follower, *, at: datetime) -> None:
        row = self.lock(follower.user_id)
        try:
            self.kept.follow(follower, at=at)
        finally:
            row.locked = False

    def tell(self, user_id: str, execution_id: str, messages: Sequence[Message]) -> bool:
        point = self.world.point
        point("books.tell: begin")
        row = self.lock(user_id)
        try:
            point("books.tell: commit")
            told = self.kept.tell(user_id, execution_id, messages)
            if told:
                number(row, row.last_seq, len(messages))
        finally:
            row.locked = False
        point("books.tell: committed")
        return told


class SimPauses:
    """Pauses that are told to followers: one transaction under their rows.  `told` counts."""

    def __init__(self, tables: Tables, books: SimBooks) -> None:
        self.tables, self.books = tables, books
        self.kept = MemoryPauses(tables)
        self.told: Counter[str] = Counter()

    def current(self, strategy_id: str, user_id: str | None = None) -> Pause | None:
        return self.kept.current(strategy_id, user_id)

    def touched(self, strategy_id: str) -> bool:
        return self.kept.touched(strategy_id)

    def pause(self, pause: Pause) -> bool:
        return self._telling(pause.strategy_id, pause.user_id, lambda: self.kept.pause(pause))

    def resume(
        self, strategy_id: str, user_id: str | None, *, author: str, reason: str, at: datetime
    ) -> bool:
        resume = partial(self.kept.resume, author=author, reason=reason, at=at)
        return self._telling(strategy_id, user_id, lambda: resume(strategy_id, user_id))

    def _telling(self, strategy_id: str, user_id: str | None, change: Callable[[], bool]) -> bool:
        rows: dict[str, Row] = {}
        try:
            # Who follows while others are waited for is told as well.
            while missing := self._concerned(strategy_id, user_id) - rows.keys():
                wanted = sorted(missing | rows.keys())
                _free(rows)
                for user in wanted:
                    rows[user] = self.books.lock(user)
            before = {user: len(self.tables.users[user].outbox) for user in rows}
            changed = change()
            for user, row in rows.items():
                more = len(self.tables.users[user].outbox) - before[user]
                number(row, row.last_seq, more)
                self.told[user] += more
            return changed
        finally:
            _free(rows)

    def _concerned(self, strategy_id: str, user_id: str | None) -> set[str]:
        followers = set(self.tables.follows.get(strategy_id, ()))
        return followers if user_id is None else followers & {user_id}


def _free(rows: dict[str, Row]) -> None:
    while rows:
        rows.popitem()[1].locked = False


def number(row: Row, last_seq: int, count: int) -> None:
    """Number events on from the newest."""
    row.numbers += range(last_seq + 1, last_seq + 1 + count)
    row.last_seq = last_seq + count


class SimDesk(MemoryDesk):
    """A desk whose statements are steps; `last_seq` was read with the order, under the lock."""

    def __init__(self, tables: Any, user: Any, run: Any, row: Row, world: World) -> None:
        super().__init__(tables, user, run)
        self.row, self.last_seq, self.world = row, row.last_seq, world

    def standing(self) -> Standing:
        found = super().standing()
        self.world.point("desk: standing read")
        return found

    def record(self, part: Part, messages: Iterable[Message], *, receipt: bytes) -> None:
        self.world.point("desk: record")
        super().record(part, messages, receipt=receipt)

    def commit(self) -> None:
        before = len(self.user.outbox)
        super().commit()
        number(self.row, self.last_seq, len(self.user.outbox) - before)


class SimOutbox(MemoryOutbox):
    """Reading and marking are steps; what is held goes free when the holder dies."""

    def __init__(self, tables: Any, world: World) -> None:
        super().__init__(tables)
        object.__setattr__(self, "world", world)

    world: World

    @contextmanager
    def relaying(self, limit: int) -> Iterator[list[Numbered]]:
        self.world.point("outbox: read")
        with super().relaying(limit) as waiting:
            yield waiting
            if waiting:
                self.world.point("outbox: commit")
        if waiting:
            self.world.point("outbox: committed")
