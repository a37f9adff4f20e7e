"""Followers' parts of a run in Postgres: read under the locks of their rows, written in one go.

Each statement is for all who are served together, and the connection is in a pipeline, so nobody
waits for the one before: reading is one round trip and writing another, whatever is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from psycopg import Connection

from automoney.messages import Message
from automoney.stores.bookings import book, hold
from automoney.stores.database import Row, columns
from automoney.stores.outbox import put_messages
from automoney.stores.receipts import put_parts
from automoney.stores.standings import Found
from automoney.trading.bookkeeping import fill_entry
from automoney.trading.standing import Standing
from automoney.trading.turn import Part

_DONE = """
UPDATE orders SET executed_at = now() FROM unnest(%s::text[]) AS done (user_id)
WHERE orders.user_id = done.user_id AND orders.execution_id = %s
"""
_DECISIONS = """
INSERT INTO decisions (execution_id, strategy_id, slot_at, user_id, position, asset, signal,
                       conviction, weight, target_weight, reasoning, rule, refused, refusal)
SELECT %s, %s, %s::timestamptz, * FROM unnest(
    %s::text[], %s::smallint[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::text[], %s::text[], %s::text[], %s::text[])
"""
_TRADES = """
INSERT INTO trades (execution_id, strategy_id, slot_at, user_id, position, asset, side, quantity,
                    price, mark_price, notional, fee, at)
SELECT %s, %s, %s::timestamptz, * FROM unnest(
    %s::text[], %s::smallint[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[])
"""
_VALUATIONS = """
INSERT INTO valuations (execution_id, slot_at, user_id, equity, cash, fees, realised, peak)
SELECT run.*, new.*, greatest(new.equity, (
    SELECT peak FROM valuations WHERE user_id = new.user_id AND slot_at <= run.slot_at
        AND slot_at > coalesce(users.started_at, '-infinity')
    ORDER BY slot_at DESC, execution_id DESC LIMIT 1
))
FROM (VALUES (%s, %s::timestamptz)) AS run (execution_id, slot_at),
    unnest(%s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])
    AS new (user_id, equity, cash, fees, realised) JOIN users USING (user_id)
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a follower's part, to be written when the block ends."""

    found: Found
    part: Part
    messages: Sequence[Message]
    receipt: bytes


@dataclass(slots=True)
class PostgresDesk:
    """Meets `ports.Desk` inside the transaction of `PostgresBooks.trading_together`."""

    found: Found
    recorded: Recorded | None = field(default=None, init=False)

    def standing(self) -> Standing:
        return self.found.standing

    def record(self, part: Part, messages: Iterable[Message], *, receipt: bytes) -> None:
        self.recorded = Recorded(self.found, part, tuple(messages), receipt)


def put(connection: Connection[Row], execution_id: str, done: Sequence[Recorded]) -> None:
    """Write the parts of one run, of which there is at least one."""
    first = done[0].found
    run = (execution_id, first.strategy_id, first.slot_at)
    connection.execute(_DONE, ([one.found.user_id for one in done], execution_id))
    decisions = [row for one in done for row in _decisions(one)]
    if decisions:
        connection.execute(_DECISIONS, (*run, *columns(decisions)))
    connection.execute(
        _VALUATIONS, (execution_id, first.slot_at, *columns(_valuation(one) for one in done))
    )
    _put_trades(connection, run, [one for one in done if one.part.fills])
    put_parts(connection, execution_id, {one.found.user_id: one.receipt for one in done})
    put_messages(
        connection, [(one.found.user_id, one.found.last_seq, one.messages) for one in done]
    )


def _put_trades(connection: Connection[Row], run: Row, traded: Sequence[Recorded]) -> None:
    """The fills with what follows from them: holdings, and entries with their balances."""
    if not traded:
        return
    trades = [row for one in traded for row in _trades(one)]
    connection.execute(_TRADES, (*run, *columns(trades)))
    held = []
    for one in traded:
        assets = dict.fromkeys(fill.asset for fill in one.part.fills)
        held += [(one.found.user_id, one.part.after.holdings[asset]) for asset in assets]
    hold(connection, held)
    entries = [
        (
            one.found.user_id,
            one.found.last_entry,
            [fill_entry(fill, f"{run[0]} {fill.side} {fill.asset}") for fill in one.part.fills],
        )
        for one in traded
    ]
    book(connection, entries)


def _decisions(one: Recorded) -> Iterable[Row]:
    refused = {no.asset: (no.reason.value, no.detail) for no in one.part.rejections}
    for position, decision in enumerate(one.part.decisions):
        yield (
            one.found.user_id,
            position,
            decision.asset,
            decision.signal.value,
            decision.conviction,
            decision.weight,
            decision.target_weight,
            decision.reasoning,
            decision.rule.value,
            *refused.get(decision.asset, (None, None)),
        )


def _trades(one: Recorded) -> Iterable[Row]:
    for position, fill in enumerate(one.part.fills):
        yield (
            one.found.user_id,
            position,
            fill.asset,
            fill.side.value,
            fill.quantity,
            fill.price,
            fill.mark_price,
            fill.notional,
            fill.fee,
            fill.at,
        )


def _valuation(one: Recorded) -> Row:
    worth = one.part.before
    return (one.found.user_id, worth.equity, worth.cash, worth.fees, worth.realised_pnl)
