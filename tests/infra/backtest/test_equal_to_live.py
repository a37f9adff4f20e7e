"""A backtest says what the live path says: the same runs, scores, decisions, fills and account.

The live path is the whole local runtime with its stores and queues, its sources read over HTTP,
played over recorded days (`live`); nothing of a backtest's own is in it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from automoney.settings import Settings
from automoney.trading.orders import Costs
from automoney.trading.strategies import strategy_named
from infra.local.backtest.engine import Plan, play
from infra.local.backtest.market import RecordedMarket
from infra.local.world.recording import Recording
from tests.infra.backtest.told import Told, told_of

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT = 1_800  # seconds; three minutes on two cores that have nothing else to do


@dataclass(frozen=True, slots=True)
class Span:
    """Days to play, and some of them `closely`; see `live`.

    The runtime asks Glassnode where the recording has something of it, to 17 May 2020.
    """

    strategy: str
    begins: str
    days: int
    closely: tuple[str, ...]
    onchain: str

    @property
    def words(self) -> list[str]:
        """For `live`."""
        return [self.strategy, self.begins, str(self.days), *self.closely]

    def plan(self) -> Plan:
        """The same days for a backtest."""
        here = Settings.parse({})
        strategy = strategy_named(self.strategy)
        begins = datetime.fromisoformat(self.begins).replace(tzinfo=UTC)
        ends = begins + timedelta(days=self.days)
        return Plan(strategy, begins, ends, here.paper_money, Costs(here.fee, here.slippage))


SPANS = {
    # The exchange was out for 33 hours from 8 February on, the index of sentiment for three days
    # in April; on-chain values are Glassnode's.
    "outages": Span("hodl-wave", "2018-02-05", 72, ("2018-02-08", "2018-02-09"), "glassnode"),
    # Two shorter outages, and the trades of a rising market; on-chain values of Coin Metrics'.
    "trades": Span("hodl-wave", "2020-04-24", 96, ("2020-04-25", "2020-06-28"), "coinmetrics"),
    # Every ten minutes over the five-minute candles, no tick left out: bought and sold.
    "high-freq": Span("high-freq", "2022-02-17", 2, ("2022-02-17", "2022-02-18"), "coinmetrics"),
}


@pytest.fixture(scope="module")
def live(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Told]:
    """What the live path made of each span, all of them played side by side."""
    place = tmp_path_factory.mktemp("live")
    with _started(market_data, place) as processes:
        for name, process in processes.items():
            if process.wait(TIMEOUT):
                pytest.fail(f"{name}: {(place / f'{name}.err').read_text()[-3_000:]}")
    return {name: json.loads((place / name).read_text()) for name in SPANS}


@contextmanager
def _started(folder: Path, place: Path) -> Iterator[Mapping[str, "subprocess.Popen[bytes]"]]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}"}
    processes = {}
    try:
        for name, span in SPANS.items():
            command = [sys.executable, "-m", "tests.infra.backtest.live", str(folder), *span.words]
            with (place / name).open("wb") as told, (place / f"{name}.err").open("wb") as errors:
                processes[name] = _process(command, told, errors, environment)
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
            process.wait()


def _process(
    command: list[str], told: IO[bytes], errors: IO[bytes], environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=told, stderr=errors, cwd=ROOT, env=environment
    )


@pytest.fixture(scope="module")
def backtest(recording: Recording) -> Mapping[str, Told]:
    """What a backtest makes of them."""
    markets = {
        onchain: RecordedMarket.of(recording, onchain=onchain)
        for onchain in {span.onchain for span in SPANS.values()}
    }
    return {name: told_of(play(span.plan(), markets[span.onchain])) for name, span in SPANS.items()}


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize("what", Told.__annotations__)
def test_a_backtest_is_the_live_path_again(
    live: Mapping[str, Told], backtest: Mapping[str, Told], name: str, what: str
) -> None:
    assert backtest[name][what] == live[name][what]  # type: ignore[literal-required]  # its own names


def test_enough_was_compared(live: Mapping[str, Told]) -> None:
    slow = [told for name, told in live.items() if SPANS[name].strategy == "hodl-wave"]
    runs = [run for told in slow for run in told["runs"]]
    sides = {fill[2] for told in live.values() for fill in told["fills"]}

    assert len(runs) >= 1_000
    assert {run[1] for run in runs} == {"judged", "aborted"}
    assert sum(len(told["decisions"]) for told in slow) >= 1_900
    assert len(live["high-freq"]["runs"]) == 288
    assert sides == {"BUY", "SELL"}
