"""`./dev backtest --publish`: the result is where the API reads it, once."""

import json
from pathlib import Path
from typing import Any

import pytest

from automoney.stores.backtests import PostgresBacktests
from automoney.stores.database import Database
from automoney.stores.schema import migrate
from infra.local.cli import main
from tests.services import fresh_database

APRIL = ("--from", "2020-04-01", "--to", "2020-04-15")


def test_it_is_kept_once_however_often_it_is_played(
    market_data: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def publish(url: str) -> dict[str, Any]:
        words = ["backtest", "--data", str(market_data), "--json", *APRIL, "--jobs", "1"]
        assert main([*words, "--publish", "--database-url", url]) == 0
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    with fresh_database(postgres_url) as url:
        database = Database.open(url, durable=False, max_size=2)
        try:
            migrate(database)
            result = publish(url)
            publish(url)
            store = PostgresBacktests(database)
            (row,), further = store.newest(limit=9, cursor=None)
            found = store.find(row["id"])
        finally:
            database.close()

    assert further is None
    assert (row["strategyId"], row["from"], row["to"]) == ("hodl-wave", "2020-04-01", "2020-04-15")
    assert row["figures"]["decisions_sha256"] == result["decisions_sha256"]
    assert row["figures"]["buyAndHold"] == result["buy_and_hold"]
    assert found is not None
    assert {name: found[name] for name in result} == result


def test_a_place_that_is_none_is_told_before_anything_is_played(
    market_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backtest", "--data", str(market_data), "--publish", "--state", str(tmp_path / "no")]

    assert main(words) == 2

    assert "--state" in capsys.readouterr().err
