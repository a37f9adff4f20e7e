"""Conversations, asked as the product asks."""

from datetime import timedelta
from functools import partial

from automoney.stores.database import Database
from automoney.stores.look_turns import PostgresLookTurns
from tests.scale.case import Case, keep
from tests.scale.growth import NOW, USERS

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)


@_case("PostgresLookTurns.taking")
def _(database: Database, number: int) -> object:
    at = NOW + timedelta(hours=number)
    user = f"user-{1 + number % USERS}"
    with PostgresLookTurns(database).taking(user, now=at, every=timedelta(minutes=10)) as next_at:
        return next_at
