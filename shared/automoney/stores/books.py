"""Users, what they follow, their trades and their double-entry books in Postgres.

A user's part of a run is in one transaction: decisions, trades, entries, balances, holdings and
the numbered events are all there or none of them is.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automoney.market.candles import Mark
from automoney.messages import Message
from automoney.ports import Follower, Valuation
from automoney.stores import following
from automoney.stores.bookings import AccountsRead, book, ledger
from automoney.stores.database import Database
from automoney.stores.desk import PostgresDesk, put
from automoney.stores.outbox import put_messages
from automoney.stores.standings import found
from automoney.stores.starting_over import start_over
from automoney.trading.account import Account, account_from
from automoney.trading.bookkeeping import deposit_entry
from automoney.trading.portfolio import Portfolio

_LOCK = "SELECT last_seq FROM users WHERE user_id = %s FOR UPDATE"
_TOLD = """
INSERT INTO orders (user_id, execution_id, executed_at) VALUES (%s, %s, now())
ON CONFLICT DO NOTHING
"""
_VALUATIONS = """
SELECT slot_at, execution_id, equity, cash, fees, realised FROM valuations
WHERE user_id = %s AND slot_at BETWEEN %s AND %s ORDER BY slot_at, execution_id
"""


@dataclass(frozen=True, slots=True)
class PostgresBooks:
    """Meets `ports.Books`."""

    database: Database

    def open_account(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        with self.database.transaction() as connection:
            created = connection.execute(
                "INSERT INTO users (user_id, created_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (user_id, at),
            ).rowcount
            if created:
                book(connection, [(user_id, 0, [deposit_entry(paper_money, at)])])
        return bool(created)

    def start_over(self, user_id: str, *, at: datetime, paper_money: Decimal) -> bool:
        with self.database.transaction() as connection:
            return start_over(connection, user_id, at, paper_money)

    def follow(self, follower: Follower, *, at: datetime) -> None:
        with self.database.transaction() as connection:
            connection.execute(_LOCK, (follower.user_id,))
            following.follow(connection, follower, at)

    def unfollow(self, user_id: str, strategy_id: str) -> bool:
        with self.database.connection() as connection:
            return following.unfollow(connection, user_id, strategy_id)

    def followers(self, strategy_id: str) -> list[Follower]:
        with self.database.connection() as connection:
            return following.followers(connection, strategy_id)

    def follower(self, strategy_id: str, user_id: str) -> Follower | None:
        with self.database.connection() as connection:
            found = following.followers(connection, strategy_id, user_id)
        return found[0] if found else None

    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator[PostgresDesk | None]:
        with self.trading_together([user_id], execution_id) as desks:
            yield desks.get(user_id)

    @contextmanager
    def trading_together(
        self, users: Sequence[str], execution_id: str
    ) -> Iterator[Mapping[str, PostgresDesk]]:
        with self.database.pipeline() as connection:
            desks = {
                one.user_id: PostgresDesk(one) for one in found(connection, users, execution_id)
            }
            yield desks
            done = [desk.recorded for desk in desks.values() if desk.recorded is not None]
            if done:
                put(connection, execution_id, done)

    def portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio:
        with self.database.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            account, _ = AccountsRead(connection, [user_id]).found()(user_id)
        return account.portfolio(marks)

    def account(self, user_id: str, *, as_of: datetime) -> Account:
        with self.database.connection() as connection:
            return account_from(ledger(connection, user_id, as_of))

    def valuations(self, user_id: str, *, since: datetime, until: datetime) -> Sequence[Valuation]:
        with self.database.connection() as connection:
            rows = connection.execute(_VALUATIONS, (user_id, since, until)).fetchall()
        return [Valuation(*row) for row in rows]

    def tell(self, user_id: str, execution_id: str, messages: Sequence[Message]) -> bool:
        with self.database.transaction() as connection:
            user = connection.execute(_LOCK, (user_id,)).fetchone()
            if user is None or not connection.execute(_TOLD, (user_id, execution_id)).rowcount:
                return False
            put_messages(connection, [(user_id, user[0], messages)])
        return True
