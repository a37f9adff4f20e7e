"""What no market could have said never gets in, whoever lets it through: Postgres refuses it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from automoney.ports import Evidence
from automoney.stores.backfills import PostgresBackfills
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.marks import PostgresMarks
from automoney.stores.readings import PostgresReadings
from tests.builders import NOON, candle, judgement, mark, reading, view

NAN, INFINITE = Decimal("NaN"), Decimal("Infinity")
BAR = candle(NOON.replace(hour=0), "100")  # low 90, high 110

BARS: dict[str, dict[str, Any]] = {
    **{
        f"{field} {value}": {field: value}
        for field in ("open", "high", "low", "close")
        for value in (NAN, INFINITE, -INFINITE, Decimal(0), Decimal(-1))
    },
    **{f"volume {value}": {"volume": value} for value in (NAN, INFINITE, Decimal(-1))},
    "all NaN": dict.fromkeys(("open", "high", "low", "close"), NAN),
    "all infinite": dict.fromkeys(("open", "high", "low", "close"), INFINITE),
    "all 0": dict.fromkeys(("open", "high", "low", "close"), Decimal(0)),
    "low above open": {"low": Decimal("100.1"), "close": Decimal(105)},
    "low above close": {"close": Decimal("89.9")},
    "high below open": {"open": Decimal("110.1")},
    "high below close": {"close": Decimal("110.1")},
}


@pytest.mark.parametrize("changes", BARS.values(), ids=BARS.keys())
def test_impossible_candles(database: Database, changes: dict[str, Any]) -> None:
    bar = replace(BAR, **changes)
    with pytest.raises(psycopg.errors.CheckViolation, match="candles_"):
        PostgresCandles(database).put([bar])
    with pytest.raises(psycopg.errors.CheckViolation, match="candles_"):
        PostgresBackfills(database).put_candles("job", [bar], reached=NOON)

    PostgresCandles(database).put([BAR])
    with pytest.raises(psycopg.errors.CheckViolation, match="candles_"):
        PostgresCandles(database).put([bar])  # nor in place of another


@pytest.mark.parametrize(
    "changes",
    [
        {"volume": None},
        {"volume": Decimal(0)},
        dict.fromkeys(("open", "high", "low", "close"), Decimal("1E-18")),
        {"high": Decimal("1E30")},  # absurd, but that is for the cleaning rules to say
    ],
)
def test_candles_at_the_edge_of_the_possible(database: Database, changes: dict[str, Any]) -> None:
    PostgresCandles(database).put([replace(BAR, **changes)])
    assert PostgresCandles(database).last_open("BTC", BAR.timeframe) == BAR.open_time


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_readings_that_are_no_number(database: Database, value: float) -> None:
    one = reading("NVT", NOON, value)
    for put in (
        PostgresReadings(database).put_readings,
        lambda rows: PostgresBackfills(database).put_readings("job", rows, reached=NOON),
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match="readings_value_finite"):
            put([one])


@pytest.mark.parametrize("price", ["NaN", "Infinity", "0", "-1"])
def test_marks_without_a_price(database: Database, price: str) -> None:
    executions = PostgresExecutions(database)
    run = executions.record(judgement(), fence=1, evidence=Evidence())
    puts: list[Callable[[], object]] = [
        lambda: PostgresMarks(database).put_marks([mark(price=price)]),
        lambda: executions.fix_fill_mark(run.execution_id, mark(price=price)),
        lambda: executions.record(
            judgement(view(price=price), strategy="another"), fence=1, evidence=Evidence()
        ),
    ]
    for put in puts:
        with pytest.raises(psycopg.errors.CheckViolation):
            put()


MONEY = {
    "trades": "user_id, execution_id, asset, position, strategy_id, slot_at, side, quantity, price,"
    " mark_price, notional, fee, at) VALUES ('ada', 'run', 'BTC', 0, 's', now(), 'BUY', {0}, 1, 1,"
    " 1, 0, now()",
    "postings": "user_id, entry_no, line, account, units, currency) VALUES"
    " ('ada', 1, 1, 'fees', {0}, 'USDT'",
    "balances": "user_id, account, currency, units) VALUES ('ada', 'fees', 'USDT', {0}",
    "holdings": "user_id, asset, quantity, cost, realised) VALUES ('ada', 'BTC', 1, {0}, 0",
    "valuations": "user_id, slot_at, execution_id, equity, cash, fees, realised, peak) VALUES"
    " ('ada', now(), 'run', 5, {0}, 0, 0, 9",
}


@pytest.mark.parametrize("table", MONEY)
@pytest.mark.parametrize("amount", ["'NaN'", "'Infinity'"])
def test_impossible_money(database: Database, table: str, amount: str) -> None:
    with database.transaction() as connection:
        connection.execute(f"INSERT INTO {table} ({MONEY[table]})".format("1.5"))
    with (
        pytest.raises(psycopg.errors.CheckViolation, match=f"{table}_finite"),
        database.transaction() as connection,
    ):
        connection.execute(f"INSERT INTO {table} ({MONEY[table]})".format(amount))
