"""Who follows which strategy, and what he lets it do, as rows of `follows`."""

from datetime import datetime
from decimal import Decimal

from psycopg import Connection

from automoney.errors import InvalidInput
from automoney.ports import Follower
from automoney.stores.database import Row
from automoney.trading.guards import Guards
from automoney.trading.orders import Costs

GUARDS = "max_position, max_daily_loss, allowed_assets, fee, slippage"
_FOLLOW = """
INSERT INTO follows (user_id, strategy_id, max_position, max_daily_loss, allowed_assets, fee,
                     slippage, since)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (user_id, strategy_id) DO UPDATE
SET max_position = EXCLUDED.max_position, max_daily_loss = EXCLUDED.max_daily_loss,
    allowed_assets = EXCLUDED.allowed_assets, fee = EXCLUDED.fee, slippage = EXCLUDED.slippage
"""
_FOLLOWERS = f"SELECT user_id, strategy_id, {GUARDS} FROM follows WHERE strategy_id = %s"  # noqa: S608  # a constant


def follow(connection: Connection[Row], follower: Follower, since: datetime) -> None:
    """Follow, or change the guards; the user's row is locked, so that no second one slips in.

    Raises InvalidInput if he follows another strategy.
    """
    other = connection.execute(
        "SELECT strategy_id FROM follows WHERE user_id = %s AND strategy_id <> %s",
        (follower.user_id, follower.strategy_id),
    ).fetchone()
    if other is not None:
        expected = f"{other[0]}, which trades this account: unfollow it first"
        raise InvalidInput("strategyId", follower.strategy_id, expected)
    guards = follower.guards
    allowed = None if guards.allowed_assets is None else sorted(guards.allowed_assets)
    fee, slippage = (guards.costs.fee, guards.costs.slippage) if guards.costs else (None, None)
    connection.execute(
        _FOLLOW,
        (
            follower.user_id,
            follower.strategy_id,
            guards.max_position,
            guards.max_daily_loss,
            allowed,
            fee,
            slippage,
            since,
        ),
    )


def unfollow(connection: Connection[Row], user_id: str, strategy_id: str) -> bool:
    """False if he did not follow."""
    gone = connection.execute(
        "DELETE FROM follows WHERE user_id = %s AND strategy_id = %s", (user_id, strategy_id)
    )
    return bool(gone.rowcount)


def followers(
    connection: Connection[Row], strategy_id: str, user_id: str | None = None
) -> list[Follower]:
    """All of them by name, or the one."""
    if user_id is None:
        found = connection.execute(f"{_FOLLOWERS} ORDER BY user_id", (strategy_id,))
    else:
        found = connection.execute(f"{_FOLLOWERS} AND user_id = %s", (strategy_id, user_id))
    return [Follower(row[0], row[1], guards_of(row[2:])) for row in found.fetchall()]


def guards_of(row: Row) -> Guards:
    """The columns of `GUARDS` as a value."""
    max_position, max_daily_loss, allowed, fee, slippage = row
    costs: Costs | None = None
    if fee is not None or slippage is not None:
        costs = Costs(fee or Decimal(0), slippage or Decimal(0))
    return Guards(
        max_position, max_daily_loss, None if allowed is None else frozenset(allowed), costs
    )
