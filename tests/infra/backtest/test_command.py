"""`./dev backtest` as somebody calls it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.local.cli import main

FIGURES = {
    "decisions",
    "trades",
    "start_equity",
    "final_equity",
    "return_pct",
    "max_drawdown_pct",
    "sharpe",
    "sortino",
    "fees_paid",
    "exposure_pct",
}
SPRING = ("--from", "2020-03-01", "--to", "2020-05-01")


@pytest.fixture
def backtest(market_data: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str, data: Path = market_data) -> dict[str, Any]:
        assert main(["backtest", "--data", str(data), "--json", *words]) == 0
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    return run


def test_it_says_what_came_of_it_and_is_the_same_twice(backtest: Any) -> None:
    first, second = backtest(*SPRING), backtest(*SPRING)

    assert first.keys() >= FIGURES | {"buy_and_hold", "dca", "decisions_sha256"}
    assert first["buy_and_hold"].keys() == first["dca"].keys() == FIGURES
    assert first["slots"] == 61 * 6
    assert first["decisions"] == 2 * first["judged"]
    assert first["judged"] + first["aborted"]["count"] == first["slots"]
    assert sum(first["aborted"]["reasons"].values()) == first["aborted"]["count"]
    assert first["candles"] <= 61 * 24 * 2
    assert first["trades"] > 0
    for one in (first, second):
        assert one.pop("seconds") > 0
        assert one.pop("candles_per_s") > 0
        del one["load_seconds"], one["processor_seconds"]
    assert first == second


def test_costs_and_money_are_what_was_asked_for(backtest: Any) -> None:
    free = backtest(*SPRING, "--fee", "0", "--slippage", "0", "--money", "5000")
    dear = backtest(*SPRING, "--fee", "0.01", "--money", "5000")

    assert free["start_equity"] == "5000"
    assert free["fees_paid"] == "0"
    assert float(dear["fees_paid"]) > 10
    assert free["return_pct"] > dear["return_pct"]


def test_other_processes_judge_ahead_to_the_same_end(backtest: Any) -> None:
    span = ("--from", "2019-06-01", "--to", "2020-06-01")

    alone, together = backtest(*span, "--jobs", "1"), backtest(*span, "--jobs", "3")

    assert alone["slots"] > 2_000
    assert alone["decisions_sha256"] == together["decisions_sha256"]
    assert alone["final_equity"] == together["final_equity"]


def test_what_is_not_recorded_is_missing(backtest: Any, market_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "binance"
    folder.mkdir()
    for name in ("BTCUSDT-1h.csv.gz", "BTCUSDT-1d.csv.gz"):
        shutil.copy(market_data / "binance" / name, folder)

    told = backtest(*SPRING, data=tmp_path)

    assert told["assets"] == ["BTC"]
    assert told["judged"] == told["decisions"] > 300
    assert told["trades"] == 0  # technical alone, all else neutral, does not reach a threshold


def test_a_strategy_that_ships_off_is_played_when_asked_for(backtest: Any) -> None:
    minutes = backtest("--strategy", "high-freq", "--from", "2022-02-01", "--to", "2022-02-03")
    hours = backtest("--strategy", "high-freq", "--from", "2022-06-01", "--to", "2022-06-03")

    assert (minutes["judged"], minutes["slots"]) == (288, 288)
    # Where only hours are recorded, a price is fresh for the quarter of an hour after it.
    assert hours["judged"] == 2 * 24 * 2
    assert hours["aborted"]["count"] == 288 - 96


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--from", "2020-02-01", "--to", "2020-01-01"], "after --from 2020-02-01"),
        (["--from", "1999-01-01"], "2017-08-17"),
        (["--to", "2031-01-01"], "2025-09-22"),
        (["--from", "spring"], "'spring' is not a day"),
        (["--strategy", "martingale"], "high-freq, hodl-wave"),
        (["--data", "/nowhere"], "/nowhere"),
        (["--fee", "1.5"], "--fee was '1.5'"),
        (["--slippage", "much"], "--slippage was 'much'"),
        (["--money", "0"], "an amount above 0"),
    ],
)
def test_bad_input_is_told_in_one_line(
    market_data: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    try:
        status = main(["backtest", "--data", str(market_data), *words])
    except SystemExit as left:  # argparse's way
        status = int(left.code or 0)

    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert complaint in told.err
    assert len(told.err.strip().splitlines()) == 1, told.err
