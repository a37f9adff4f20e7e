"""Receipts, asked as `verify`, `explain` and the API ask for them."""

from functools import partial

from automoney.stores.database import Database
from automoney.stores.receipts import PostgresArchive
from automoney.trading.judgement import execution_id
from tests.scale.case import Case, keep
from tests.scale.growth import NOW, STRATEGY, USERS

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)

_RUN = execution_id(STRATEGY, NOW)


def _user(number: int) -> str:
    return f"user-{1 + number % USERS}"


@_case("PostgresArchive.run")
def _(database: Database, number: int) -> object:
    return PostgresArchive(database).run(_RUN)


@_case("PostgresArchive.part")
def _(database: Database, number: int) -> object:
    return PostgresArchive(database).part(_RUN, _user(number))


@_case("PostgresArchive.users")
def _(database: Database, number: int) -> object:
    return PostgresArchive(database).users(_RUN)


@_case("PostgresArchive.served")
def _(database: Database, number: int) -> object:
    return PostgresArchive(database).served(_RUN)


@_case("PostgresArchive.run_chain")
def _(database: Database, number: int) -> object:
    return sum(1 for _ in PostgresArchive(database).run_chain(STRATEGY))


@_case("PostgresArchive.part_chain")
def _(database: Database, number: int) -> object:
    return sum(1 for _ in PostgresArchive(database).part_chain(_user(number)))


@_case("PostgresArchive.blobs")
def _(database: Database, number: int) -> object:
    return PostgresArchive(database).blobs(f"{one:064x}" for one in range(100))


@_case("PostgresArchive.newest")
def _(database: Database, number: int) -> object:
    return PostgresArchive(database).newest(STRATEGY, 5)
