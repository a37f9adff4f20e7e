"""Trades as CSV: what a spreadsheet gets, and what it must never run."""

import csv
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from automoney.api import export
from automoney.api.csv_text import csv_text
from automoney.api.examples import TRADES
from tests.api.fakes_api import World


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def trade(**changed: Any) -> dict[str, Any]:
    return {**TRADES["trades"][0], **changed}


def test_all_of_ones_own_trades_come_as_a_file(client: TestClient, world: World) -> None:
    world.history.rows["trades", "ada"] = [trade(fee=f"0.{n:04}") for n in range(450)]
    world.history.rows["trades", "bob"] = [trade(asset="ETH")]

    answer = client.get("/api/trades.csv")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="automoney-trades.csv"'
    assert "link" not in answer.headers
    rows = rows_of(answer.text)
    assert [row["fee"] for row in rows] == [f"0.{n:04}" for n in range(450)]
    assert {row["asset"] for row in rows} == {"BTC"}
    assert (rows[0]["at"], rows[0]["price"]) == ("2025-11-05T12:00:03Z", "45022.5")
    lines = answer.text.split("\r\n")
    assert lines[0].startswith("at,slot,strategyId,executionId,asset,action,quantity,price")
    assert lines[-1] == ""
    assert not any("\n" in line for line in lines)


def test_none_is_a_header_alone(client: TestClient) -> None:
    text = client.get("/api/trades.csv").text
    assert (text.count("\r\n"), rows_of(text)) == (1, [])


def test_more_than_fit_in_an_answer_say_where_the_rest_is(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_MOST", 400)
    world.history.rows["trades", "ada"] = [trade(fee=str(n)) for n in range(500)]

    first = client.get("/api/trades.csv")
    link = first.headers["link"]
    rest = client.get(link[link.index("<") + 1 : link.index(">")])

    fees = [row["fee"] for row in rows_of(first.text) + rows_of(rest.text)]
    assert fees == [str(n) for n in range(500)]
    assert link.endswith('rel="next"')
    assert "link" not in rest.headers


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("x")', "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=1,2"]
)
def test_no_text_is_a_formula(text: str) -> None:
    found = rows_of(csv_text(("a", "b"), [{"a": text, "b": "-1.5"}]))
    assert found == [{"a": f"'{text}", "b": "-1.5"}]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_whatever_is_put_in_comes_out(rows: list[tuple[str, str]]) -> None:
    rows = [(a, b) for a, b in rows if "\0" not in a + b]
    text = csv_text(("a", "b"), [{"a": a, "b": b} for a, b in rows])

    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found[0] == ["a", "b"]
    for (a, b), cells in zip(rows, found[1:], strict=True):
        for value, cell in zip((a, b), cells, strict=True):
            assert cell in (value, f"'{value}")
            assert not cell.startswith(("=", "+", "@"))
