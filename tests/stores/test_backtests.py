"""Published backtests: kept once, found whole, and listed newest first."""

from datetime import date, timedelta
from typing import Any

import pytest

from automoney.errors import InvalidInput
from automoney.ports.backtests import Backtest
from automoney.stores.backtests import PostgresBacktests
from automoney.stores.database import Database
from tests.builders import NOON

RESULT: dict[str, Any] = {"strategy": "hodl-wave", "spans": [], "sharpe": None}


def one(number: int) -> Backtest:
    days = date(2018, 2, 1), date(2025, 9, 21)
    made_at = NOON + timedelta(minutes=number // 2)  # two of a minute: their ids decide
    return Backtest(f"{number:032x}", "hodl-wave", *days, made_at, {"trades": number}, RESULT)


def test_postgres_keeps_them_once_and_pages_newest_first(database: Database) -> None:
    store = PostgresBacktests(database)
    assert [store.put(one(number)) for number in range(5)] == [True] * 5
    assert store.put(one(3)) is False

    first, cursor = store.newest(limit=2, cursor=None)
    second, further = store.newest(limit=2, cursor=cursor)
    third, end = store.newest(limit=2, cursor=further)

    assert [row["figures"]["trades"] for row in first + second + third] == [4, 3, 2, 1, 0]
    assert end is None
    assert (first[0]["from"], first[0]["madeAt"]) == ("2018-02-01", "2025-09-08T12:02:00Z")
    assert store.find(f"{2:032x}") == {
        "id": f"{2:032x}",
        "madeAt": "2025-09-08T12:01:00Z",
        **RESULT,
    }
    assert store.find("nothing") is None
    with pytest.raises(InvalidInput, match="cursor was"):
        store.newest(limit=2, cursor="nonsense")
