"""Users, what they follow, and their double-entry books in memory.

A user's part of a run is there as a whole or not at all: it is put together beside the tables and
put in when the block ends without an error.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import takewhile

from automoney.errors import InvalidInput
from automoney.market.candles import Mark
from automoney.messages import Message
from automoney.ports import Desk, Follower, Valuation
from automoney.stores.memory.desk import MemoryDesk
from automoney.stores.memory.tables import Tables, User
from automoney.trading.account import Account, account_from
from automoney.trading.bookkeeping import deposit_entry
from automoney.trading.portfolio import Portfolio


def _nobody_else(user_id: str) -> None:
    raise RuntimeError(f"the row of {user_id} is locked, and there is nobody to wait for")


@dataclass(frozen=True, slots=True)
class MemoryBooks:
    """Meets `ports.Books`.

    `wait` is called while another block holds the user's row, until it is free; where nothing runs
    at the same time, that cannot happen.  Where nobody is told anything, no messages are kept.
    """

    tables: Tables
    wait: Callable[[str], None] = _nobody_else
    keeps_messages: bool = True
    _locked: set[str] = field(default_factory=set, init=False, repr=False)

    def open_account(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        if user_id in self.tables.users:
            return False
        entries = [deposit_entry(paper_money, at)]
        self.tables.users[user_id] = User(user_id, account_from(entries), entries)
        return True

    def start_over(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        user = self.tables.users.get(user_id)
        if user is None:
            return False
        self.lock(user_id)
        try:
            moment = max([at, *(one.at for one in user.entries[-1:])])
            entries = user.account.start_over(paper_money, moment)
            user.account = account_from(entries[1:])
            user.entries += entries
            user.last_traded.clear()
            user.started_at = moment
        finally:
            self.unlock(user_id)
        return True

    def follow(self, follower: Follower, *, at: datetime) -> None:
        for strategy_id, follows in self.tables.follows.items():
            if strategy_id != follower.strategy_id and follower.user_id in follows:
                expected = f"{strategy_id}, which trades this account: unfollow it first"
                raise InvalidInput("strategyId", follower.strategy_id, expected)
        self.tables.follows.setdefault(follower.strategy_id, {})[follower.user_id] = follower

    def unfollow(self, user_id: str, strategy_id: str) -> bool:
        return self.tables.follows.get(strategy_id, {}).pop(user_id, None) is not None

    def followers(self, strategy_id: str) -> list[Follower]:
        follows = self.tables.follows.get(strategy_id, {})
        return [follows[user] for user in sorted(follows)]

    def follower(self, strategy_id: str, user_id: str) -> Follower | None:
        return self.tables.follows.get(strategy_id, {}).get(user_id)

    def trading(self, user_id: str, execution_id: str) -> "_Trading":
        return _Trading(self, user_id, execution_id)

    def trading_together(
        self, users: Sequence[str], execution_id: str
    ) -> AbstractContextManager[Mapping[str, "MemoryDesk"]]:
        if len(users) == 1:
            return _Alone(self, users[0], execution_id)
        return together(self.trading, users, execution_id)

    def lock(self, user_id: str) -> None:
        """Wait for the user's row, and have it until `unlock`."""
        while user_id in self._locked:
            self.wait(user_id)
        self._locked.add(user_id)

    def unlock(self, user_id: str) -> None:
        """Let others have it."""
        self._locked.discard(user_id)

    def tell(self, user_id: str, execution_id: str, messages: Sequence[Message]) -> bool:
        user, orders = self.tables.users.get(user_id), self.tables.orders
        if user is None or user_id in orders.get(execution_id, {}):
            return False
        orders.setdefault(execution_id, {})[user_id] = True
        user.outbox += messages
        return True

    def portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio:
        user = self.tables.users.get(user_id)
        return (user.account if user else Account()).portfolio(marks)

    def account(self, user_id: str, *, as_of: datetime) -> Account:
        user = self.tables.users.get(user_id)
        entries = user.entries if user else []
        return account_from(takewhile(lambda entry: entry.at <= as_of, entries))

    def valuations(self, user_id: str, *, since: datetime, until: datetime) -> Sequence[Valuation]:
        user = self.tables.users.get(user_id)
        found = (one for one in user.valuations if since <= one.at <= until) if user else ()
        return sorted(found, key=lambda one: (one.at, one.execution_id))


@contextmanager
def together[D: Desk](
    trading: Callable[[str, str], AbstractContextManager[D | None]],
    users: Sequence[str],
    execution_id: str,
) -> Iterator[Mapping[str, D]]:
    """`Books.trading_together` by way of `trading`: all rows are locked, in the order of names."""
    with ExitStack() as blocks:
        desks = {user: blocks.enter_context(trading(user, execution_id)) for user in sorted(users)}
        yield {user: desk for user, desk in desks.items() if desk is not None}


@dataclass(slots=True)
class _Trading:
    """The block in which a user's part is done, as `Books.trading` has it."""

    books: MemoryBooks
    user_id: str
    execution_id: str
    desk: "MemoryDesk | None" = None

    def __enter__(self) -> "MemoryDesk | None":
        self.books.lock(self.user_id)
        tables = self.books.tables
        user = tables.users.get(self.user_id)
        done = tables.orders.get(self.execution_id, {}).get(self.user_id, True)  # or never ordered
        if user is not None and not done:
            run = tables.runs[self.execution_id]
            self.desk = MemoryDesk(tables, user, run, self.books.keeps_messages)
        return self.desk

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if error is None and self.desk is not None:
                self.desk.commit()
        finally:
            self.books.unlock(self.user_id)


class _Alone(_Trading):
    """`_Trading` for `trading_together` of one user: a backtest has no other."""

    __slots__ = ()

    def __enter__(self) -> Mapping[str, "MemoryDesk"]:  # type: ignore[override]  # another block
        desk = super().__enter__()
        return {} if desk is None else {self.user_id: desk}
