"""Published backtests, asked as the product asks."""

from datetime import date, timedelta
from functools import partial

from automoney.ports.backtests import Backtest
from automoney.stores.backtests import PostgresBacktests
from automoney.stores.database import Database
from tests.scale.case import Case, keep
from tests.scale.growth import NOW, STRATEGY

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)


def _put(database: Database, number: int) -> Backtest:
    made_at = NOW + timedelta(minutes=number)
    days = date(2018, 2, 1), date(2025, 9, 21)
    one = Backtest(f"{number:032x}", STRATEGY, *days, made_at, {"trades": 1}, {"spans": []})
    PostgresBacktests(database).put(one)
    return one


@_case("PostgresBacktests.put")
def _(database: Database, number: int) -> object:
    return _put(database, number)


@_case("PostgresBacktests.newest")
def _(database: Database, number: int) -> object:
    return PostgresBacktests(database).newest(limit=50, cursor=None)


@_case("PostgresBacktests.find")
def _(database: Database, number: int) -> object:
    return PostgresBacktests(database).find(_put(database, number).backtest_id)
