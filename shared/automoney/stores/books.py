"""Users, what they follow, their trades and their double-entry books in Postgres.

A user's part of a run is one transaction: decisions, trades, entries, balances, holdings and the
numbered events are all there or none of them is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg import Connection

from automoney.encoding import dumps
from automoney.market.candles import Mark
from automoney.messages import Message
from automoney.ports import Follower
from automoney.stores.database import Database, Row
from automoney.trading.account import Account
from automoney.trading.bookkeeping import (
    DEPOSITS,
    FEES,
    Holding,
    assets_account,
    deposit_entry,
    fill_entry,
)
from automoney.trading.ledger import Entry
from automoney.trading.orders import Decision, Fill
from automoney.trading.portfolio import QUOTE, Portfolio

_FOLLOW = """
INSERT INTO follows (user_id, strategy_id, max_position, since) VALUES (%s, %s, %s, %s)
ON CONFLICT (user_id, strategy_id) DO UPDATE SET max_position = EXCLUDED.max_position
"""
_BALANCE = """
INSERT INTO balances AS b (user_id, account, currency, units) VALUES (%s, %s, %s, %s)
ON CONFLICT (user_id, account, currency) DO UPDATE SET units = b.units + EXCLUDED.units
"""
_HOLDING = """
INSERT INTO holdings (user_id, asset, quantity, cost, realised) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (user_id, asset) DO UPDATE
SET quantity = EXCLUDED.quantity, cost = EXCLUDED.cost, realised = EXCLUDED.realised
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
                _book(connection, user_id, [deposit_entry(paper_money, at)])
        return bool(created)

    def follow(self, follower: Follower, *, at: datetime) -> None:
        with self.database.connection() as connection:
            connection.execute(
                _FOLLOW, (follower.user_id, follower.strategy_id, follower.max_position, at)
            )

    def followers(self, strategy_id: str) -> list[Follower]:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT user_id, strategy_id, max_position FROM follows WHERE strategy_id = %s"
                " ORDER BY user_id",
                (strategy_id,),
            ).fetchall()
        return [Follower(*row) for row in rows]

    def follower(self, strategy_id: str, user_id: str) -> Follower | None:
        with self.database.connection() as connection:
            row = connection.execute(
                "SELECT user_id, strategy_id, max_position FROM follows"
                " WHERE strategy_id = %s AND user_id = %s",
                (strategy_id, user_id),
            ).fetchone()
        return Follower(*row) if row else None

    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator["PostgresDesk | None"]:
        with self.database.transaction() as connection:
            # The user's row is locked first: his runs, whichever they are, book one at a time.
            connection.execute("SELECT 1 FROM users WHERE user_id = %s FOR UPDATE", (user_id,))
            order = connection.execute(
                "SELECT o.executed_at IS NULL, e.strategy_id, e.slot_at FROM orders AS o"
                " JOIN executions AS e USING (execution_id)"
                " WHERE o.user_id = %s AND o.execution_id = %s",
                (user_id, execution_id),
            ).fetchone()
            if order is None or not order[0]:
                yield None
            else:
                yield PostgresDesk(connection, user_id, execution_id, order[1], order[2])

    def portfolio(self, user_id: str, marks: Mapping[str, Mark]) -> Portfolio:
        with self.database.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return _account(connection, user_id).portfolio(marks)


@dataclass(frozen=True, slots=True)
class PostgresDesk:
    """Meets `ports.Desk` inside the transaction that `PostgresBooks.trading` opened."""

    connection: Connection[Row]
    user_id: str
    execution_id: str
    strategy_id: str
    slot_at: datetime

    def account(self) -> Account:
        return _account(self.connection, self.user_id)

    def record(
        self,
        decisions: Sequence[Decision],
        fills: Sequence[Fill],
        messages: Sequence[Message],
        *,
        after: Account,
    ) -> None:
        self.connection.execute(
            "UPDATE orders SET executed_at = now() WHERE user_id = %s AND execution_id = %s",
            (self.user_id, self.execution_id),
        )
        self._put_decisions(decisions)
        if fills:
            self._put_trades(fills)
            _hold(self.connection, self.user_id, [after.holdings[fill.asset] for fill in fills])
            memos = (f"{self.execution_id} {fill.side} {fill.asset}" for fill in fills)
            entries = [fill_entry(fill, memo) for fill, memo in zip(fills, memos, strict=True)]
            _book(self.connection, self.user_id, entries)
        self._number(messages)

    def _put_decisions(self, decisions: Sequence[Decision]) -> None:
        self.connection.cursor().executemany(
            "INSERT INTO decisions (user_id, execution_id, position, asset, strategy_id, slot_at,"
            " signal, conviction, weight, target_weight, reasoning)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    self.user_id,
                    self.execution_id,
                    position,
                    decision.asset,
                    self.strategy_id,
                    self.slot_at,
                    decision.signal.value,
                    decision.conviction,
                    decision.weight,
                    decision.target_weight,
                    decision.reasoning,
                )
                for position, decision in enumerate(decisions)
            ],
        )

    def _put_trades(self, fills: Sequence[Fill]) -> None:
        self.connection.cursor().executemany(
            "INSERT INTO trades (user_id, execution_id, asset, position, strategy_id, slot_at,"
            " side, quantity, price, mark_price, notional, fee, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    self.user_id,
                    self.execution_id,
                    fill.asset,
                    position,
                    self.strategy_id,
                    self.slot_at,
                    fill.side.value,
                    fill.quantity,
                    fill.price,
                    fill.mark_price,
                    fill.notional,
                    fill.fee,
                    fill.at,
                )
                for position, fill in enumerate(fills)
            ],
        )

    def _number(self, messages: Sequence[Message]) -> None:
        row = self.connection.execute(
            "UPDATE users SET last_seq = last_seq + %s WHERE user_id = %s RETURNING last_seq",
            (len(messages), self.user_id),
        ).fetchone()
        assert row is not None, "the user's row is locked, so it is there"
        first = row[0] - len(messages) + 1
        self.connection.cursor().executemany(
            "INSERT INTO outbox (user_id, seq, event, strategy_id, at, data)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (
                    self.user_id,
                    first + index,
                    message.event.value,
                    message.strategy_id,
                    message.at,
                    dumps(dict(message.data)),
                )
                for index, message in enumerate(messages)
            ],
        )


def _account(connection: Connection[Row], user_id: str) -> Account:
    units: dict[tuple[str, str], Decimal] = {
        (account, currency): amount
        for account, currency, amount in connection.execute(
            "SELECT account, currency, units FROM balances WHERE user_id = %s", (user_id,)
        ).fetchall()
    }
    none = Decimal(0)
    return Account(
        cash=units.get((assets_account(QUOTE), QUOTE), none),
        deposits=-units.get((DEPOSITS, QUOTE), none),
        fees=units.get((FEES, QUOTE), none),
        holdings=_holdings(connection, user_id),
    )


def _holdings(connection: Connection[Row], user_id: str) -> dict[str, Holding]:
    rows = connection.execute(
        "SELECT asset, quantity, cost, realised FROM holdings WHERE user_id = %s ORDER BY asset",
        (user_id,),
    ).fetchall()
    return {row[0]: Holding(*row) for row in rows}


def _hold(connection: Connection[Row], user_id: str, holdings: Iterable[Holding]) -> None:
    connection.cursor().executemany(
        _HOLDING,
        [(user_id, one.asset, one.quantity, one.cost, one.realised) for one in holdings],
    )


def _book(connection: Connection[Row], user_id: str, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    row = connection.execute(
        "SELECT coalesce(max(entry_no), 0) FROM entries WHERE user_id = %s", (user_id,)
    ).fetchone()
    first = (row[0] if row else 0) + 1
    change: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    cursor = connection.cursor()
    cursor.executemany(
        "INSERT INTO entries (user_id, entry_no, at, memo) VALUES (%s, %s, %s, %s)",
        [(user_id, number, entry.at, entry.memo) for number, entry in enumerate(entries, first)],
    )
    postings = []
    for number, entry in enumerate(entries, first):
        for line, posting in enumerate(entry.postings):
            postings.append(
                (user_id, number, line, posting.account, posting.units, posting.currency)
            )
            change[posting.account, posting.currency] += posting.units
    cursor.executemany(
        "INSERT INTO postings (user_id, entry_no, line, account, units, currency)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        postings,
    )
    cursor.executemany(
        _BALANCE,
        [(user_id, account, currency, units) for (account, currency), units in change.items()],
    )
