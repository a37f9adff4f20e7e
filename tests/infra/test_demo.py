"""`./dev demo --json` against a reckoning of its own: the recorded files and plain arithmetic."""

import csv
import gzip
import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local.cli import VERBS

ROOT = Path(__file__).resolve().parents[2]
DEPOSIT = Decimal(100_000)
FEE, SLIPPAGE = Decimal("0.001"), Decimal("0.0005")
EIGHT, CENT = Decimal("0.00000001"), Decimal("0.01")
LARGEST = {"ada": Decimal("0.5"), "bob": Decimal("0.25")}


def dev(*words: str, data: Path, fails: int | None = None) -> str:
    """Run `./dev WORDS`; what it printed, on standard error where it is to fail."""
    done = subprocess.run(
        [str(ROOT / "dev"), *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "AUTOMONEY_MARKET_DATA": str(data)},
    )
    assert done.returncode == (fails or 0), done.stderr
    return done.stderr if fails else done.stdout


def demo(data: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dev("demo", "--json", *words, data=data))
    return found


@pytest.fixture(scope="module")
def fortnight(market_data: Path) -> dict[str, Any]:
    """The default demo."""
    return demo(market_data)


def hourly_opens(data: Path, asset: str) -> dict[str, Decimal]:
    with gzip.open(data / "binance" / f"{asset}USDT-1h.csv.gz", "rt") as file:
        return {row["open_time"]: Decimal(row["open"]) for row in csv.DictReader(file)}


def test_every_event_arrives_once(fortnight: dict[str, Any]) -> None:
    assert fortnight["world"] == "recorded"
    assert fortnight["events_missed"] == 0
    assert fortnight["events_duplicated"] == 0
    # scores once a run, a decision an asset, and a trade and a portfolio where there was a trade
    trades = fortnight["portfolios"]["ada"]["trades"]
    runs_that_traded = len({trade["executionId"] for trade in trades})
    expected = 84 * 3 + len(trades) + runs_that_traded
    assert fortnight["events_sent"] == fortnight["events_received"] == expected


def test_everything_due_in_fourteen_days_was_done(fortnight: dict[str, Any]) -> None:
    assert fortnight["runs"] == 14 * 6
    assert fortnight["decisions"] == 14 * 6 * 2 * 2  # two assets, two users
    assert fortnight["from"] == "2025-09-08T00:00:00Z"
    assert fortnight["to"] == "2025-09-22T00:00:00Z"
    ok = {source: one["ok"] for source, one in fortnight["collections"].items()}
    assert ok == {
        "binance": 14 * 288,
        "coinmetrics": 14 * 24,
        "alternative_me": 14 * 24,
        "fred": 14 + 1,  # at 03:00, and at once for the slot before the first day
    }
    assert all(one["failed"] == 0 for one in fortnight["collections"].values())


@pytest.mark.parametrize("user", ["ada", "bob"])
def test_the_portfolio_follows_from_the_trades_alone(
    fortnight: dict[str, Any], market_data: Path, user: str
) -> None:
    portfolio = fortnight["portfolios"][user]
    cash, fees, held = DEPOSIT, Decimal(0), {"BTC": Decimal(0), "ETH": Decimal(0)}
    assert portfolio["trades"], "a fortnight without a trade shows nothing"
    for trade in portfolio["trades"]:
        opens = hourly_opens(market_data, trade["asset"])
        sign = {"BUY": 1, "SELL": -1}[trade["action"]]
        # the first price after the slot is the open of the bar that begins there
        assert Decimal(trade["markPrice"]) == opens[trade["slot"]]
        against = ROUND_CEILING if sign == 1 else ROUND_FLOOR
        price = (opens[trade["slot"]] * (1 + sign * SLIPPAGE)).quantize(CENT, against)
        notional = (price * Decimal(trade["quantity"])).quantize(EIGHT, ROUND_HALF_EVEN)
        fee = (notional * FEE).quantize(EIGHT, ROUND_HALF_EVEN)
        assert Decimal(trade["price"]) == price
        assert (Decimal(trade["notional"]), Decimal(trade["fee"])) == (notional, fee)
        cash -= sign * notional + fee
        fees += fee
        held[trade["asset"]] += sign * Decimal(trade["quantity"])
    # the last price before the end: the open of the last hour, for nothing finer is recorded
    last = {asset: hourly_opens(market_data, asset)["2025-09-21T23:00:00Z"] for asset in held}
    value = sum(
        ((held[asset] * last[asset]).quantize(EIGHT, ROUND_HALF_EVEN) for asset in held), Decimal(0)
    )

    assert Decimal(portfolio["cash"]) == cash
    assert Decimal(portfolio["fees"]) == fees
    assert Decimal(portfolio["totalValue"]) == cash + value
    assert Decimal(portfolio["pnl"]) == cash + value - DEPOSIT
    largest = max(held[asset] * last[asset] for asset in held)
    assert largest <= LARGEST[user] * (cash + value) * Decimal("1.2"), "over the user's own limit"


def test_buy_and_hold_is_reckoned_from_the_first_opens(
    fortnight: dict[str, Any], market_data: Path
) -> None:
    worth = Decimal(0)
    for asset in ("BTC", "ETH"):
        opens = hourly_opens(market_data, asset)
        price = opens["2025-09-08T00:00:00Z"] * (1 + SLIPPAGE)
        paid = price.quantize(CENT, ROUND_CEILING) * (1 + FEE)
        worth += DEPOSIT / 2 / paid * opens["2025-09-21T23:00:00Z"]

    shown = Decimal(fortnight["portfolios"]["ada"]["buyAndHold"]["totalValue"])

    assert abs(shown - worth) < Decimal("0.02")


def test_it_is_the_same_twice_but_for_the_seconds(market_data: Path) -> None:
    first, second = (demo(market_data, "--days", "1") for _ in range(2))
    assert first.pop("seconds") > 0
    assert second.pop("seconds") > 0
    assert first == second


def test_the_synthetic_world_is_played_too_and_says_so(market_data: Path) -> None:
    played = demo(market_data, "--days", "0.5", "--world", "synthetic")

    assert (played["world"], played["runs"], played["events_missed"]) == ("synthetic", 3, 0)


def test_a_person_gets_tables(market_data: Path) -> None:
    told = dev("demo", "--days", "0.2", data=market_data)

    for title in ("RECORDED", "Collections", "What was done", "Portfolios", "Events to ada"):
        assert title in told


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["demo", "--world", "mars"], "live, recorded:DIR, synthetic"),
        (["demo", "--world", "live"], "recorded:DIR or synthetic"),
        (["demo", "--days", "zero"], "number of days above 0"),
        (["demo", "--days", "9000"], "2017-08-17"),
        (["demo", "--from", "1999-01-01"], "2017-08-17"),
        (["demo", "--assets", "BTC,DOGE"], "'DOGE': known are BTC, ETH"),
        (["demo", "--world", "recorded:/nowhere"], "/nowhere"),
        (["fly"], ", ".join(sorted((*VERBS, "lint", "synth", "test")))),
        (["token", "--user", "a b"], "1 to 128 letters"),
    ],
)
def test_bad_input_is_told_in_one_line(market_data: Path, words: list[str], complaint: str) -> None:
    told = dev(*words, data=market_data, fails=2)

    assert complaint in told
    assert len(told.strip().splitlines()) == 1, told


def test_a_malformed_recording_is_told_by_file_and_line(tmp_path: Path, market_data: Path) -> None:
    folder = tmp_path / "binance"
    folder.mkdir()
    rows = ["open_time,open,high,low,close,volume"]
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for day in range(9):
        at = (start + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows.append(f"{at},100,110,90,{'ten' if day == 6 else 105},5")
    (folder / "BTCUSDT-1d.csv").write_text("\n".join(rows) + "\n")

    told = dev("demo", "--world", f"recorded:{tmp_path}", data=market_data, fails=2)

    assert "BTCUSDT-1d.csv:8" in told
    assert "ten" in told
