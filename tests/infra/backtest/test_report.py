"""The page says what the backtest says, needs nothing else, and draws in a browser."""

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def backtest(*options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "infra.local", "backtest", *map(str, options)]
    return subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def page(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The page of a year and a half, and the JSON of the same run."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    span = ("--data", market_data, "--from", "2021-06-01", "--to", "2022-12-01")
    done = backtest(*span, "--json", "--report", file)
    assert done.returncode == 0, done.stderr
    assert [one.name for one in file.parent.iterdir()] == ["report.html"]
    return file.read_text(), json.loads(done.stdout)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_page_draws_what_the_backtest_found(page: tuple[str, dict[str, Any]]) -> None:
    data, told = data_of(page[0]), page[1]
    strategy, holding, dca = data["equity"]
    assert strategy["values"][0] == float(told["start_equity"])
    assert strategy["values"][-1] == pytest.approx(float(told["final_equity"]), abs=0.01)
    assert holding["values"][-1] == pytest.approx(
        float(told["buy_and_hold"]["final_equity"]), abs=0.01
    )
    assert dca["values"][-1] == pytest.approx(float(told["dca"]["final_equity"]), abs=0.01)
    assert -min(data["drawdown"][0]["values"]) == told["max_drawdown_pct"]
    assert len(data["times"]) == len(strategy["values"]) == 549  # both ends included

    assert len(data["trades"]["rows"]) == told["trades"] > 0
    assert sum(len(asset["trades"]) for asset in data["assets"]) == told["trades"]
    fees = data["costs"]["rows"][-1][3].replace(",", "")
    assert Decimal(fees) == round(Decimal(told["fees_paid"]), 2)
    assert data["sha256"] == told["decisions_sha256"]
    titles = [row[0] for row in data["figures"]["rows"] if len(row) == 1]
    assert [title.split(":")[0] for title in titles] == [
        "The whole span",
        "The span that the rules were chosen on",
        "The span after it",
    ]


def test_conviction_is_the_scores_by_their_weights(page: tuple[str, dict[str, Any]]) -> None:
    for asset in data_of(page[0])["assets"]:
        conviction, *agents = (one["values"] for one in asset["scores"])
        assert [one["name"] for one in asset["scores"]][1:] == ["macro", "onchain", "technical"]
        for said, scores in zip(conviction, zip(*agents, strict=True), strict=True):
            whole = sum(w * s for w, s in zip((0.4, 0.4, 0.2), scores, strict=True))
            degraded = sum(w * s for w, s in zip((0.5, 0.2, 0.3), scores, strict=True))
            assert said == pytest.approx(whole, abs=0.011) or said == pytest.approx(
                degraded, abs=0.011
            )


def test_the_page_asks_nobody_for_anything(page: tuple[str, dict[str, Any]]) -> None:
    addresses = set(re.findall(r"""(?:https?:)?//[\w.-]+""", page[0]))
    assert addresses <= {"http://www.w3.org"}  # the name of a kind of markup
    assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=""", page[0])


def test_a_place_that_cannot_be_written_is_named(market_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "absent" / "report.html"
    span = ("--data", market_data, "--from", "2021-06-01", "--to", "2021-06-08")
    done = backtest(*span, "--report", file)
    assert done.returncode == 2
    assert f"--report was '{file}'" in done.stderr
