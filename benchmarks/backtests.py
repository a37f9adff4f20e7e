"""A whole backtest beside freqtrade's and nautilus_trader's, on the same recorded hourly candles.

Ours is HODL-Wave with all that a live run has: three agents, macro and on-chain series as of each
slot, decisions, double-entry books, and the figures that a report is made of.  Theirs looks at
technical indicators as often and trades as seldom: see `rivals`.  Each runs in a process of its
own, taking turns, in processor time (each keeps one processor busy; what else the machine does
mustn't count), the median of several.

Two figures each.  "The run" is from data in memory to the outcome: for freqtrade indicators,
signals and trades, for nautilus_trader `engine.run()`, both without their statistics; for us all
slots and all figures.  "The program" is everything from the start of Python on.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from automoney.trading.orders import Costs
from automoney.trading.strategies import HODL_WAVE
from benchmarks.result import Benchmark, Result
from benchmarks.rivals import rule
from benchmarks.rivals.environment import interpreter
from infra.local.quiet import errors_only
from infra.local.recordings import default_recording

ROOT = Path(__file__).resolve().parents[1]
_SPAN = ("2018-02-01", "2025-09-22")
_QUICK = ("2020-01-01", "2020-02-01")
_ROUNDS = 3
_TIMES = 2.0


@dataclass(frozen=True, slots=True)
class Took:
    """What one process did: processor seconds of its run and of all of it."""

    candles: int
    orders: int
    run: float
    program: float


def measured(program: Sequence[str | Path]) -> Took:
    """Run a program that prints `{"candles": ..., "orders": ..., "seconds": ...}` at its end."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}"}
    process = subprocess.Popen(program, stdout=subprocess.PIPE, env=environment, text=True)
    assert process.stdout is not None
    told = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{program[1:]} ended with {process.returncode}")
    said = json.loads(told.splitlines()[-1])
    whole = used.ru_utime + used.ru_stime
    return Took(said["candles"], said["orders"], said["seconds"], whole)


@errors_only()
def main(folder: str, since: str, until: str) -> None:
    """Ours, as `./dev backtest` does it."""
    from infra.local.backtest.engine import Plan, play
    from infra.local.backtest.market import load_market
    from infra.local.backtest.result import summed_up

    market = load_market(Path(folder), rule.ASSETS)
    first, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until))
    fee = Decimal(str(rule.FEE))
    plan = Plan(HODL_WAVE, first, end, Decimal(rule.MONEY), Costs(fee, fee))
    began = time.process_time()
    played = play(plan, market)
    said = summed_up(played, market, load_seconds=0.0).as_json()
    took = time.process_time() - began
    print(json.dumps({"candles": said["candles"], "orders": said["trades"], "seconds": took}))


def _run(quick: bool) -> Sequence[Result]:
    since, until = _QUICK if quick else _SPAN
    data = default_recording()
    programs: dict[str, Sequence[str | Path]] = {
        "AutoMoney": (sys.executable, "-m", "benchmarks.backtests", data, since, until)
    }
    with TemporaryDirectory() as folder:
        if not quick:
            programs |= _rivals(data, Path(folder), since, until)
        tries: dict[str, list[Took]] = {name: [] for name in programs}
        for _ in range(1 if quick else _ROUNDS):
            for name, program in programs.items():
                tries[name].append(measured(program))
    results = []
    for part in ("run", "program"):
        rates = {name: _rate(took, part) for name, took in tries.items()}
        results += _compared(f"the {part}", rates)
    return results


def _rivals(data: Path, folder: Path, since: str, until: str) -> Mapping[str, Sequence[str | Path]]:
    """Their programs; freqtrade's data goes to `folder`, in its own format."""
    scripts = ROOT / "benchmarks" / "rivals"
    freqtrade, nautilus = interpreter("freqtrade"), interpreter("nautilus_trader")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [freqtrade, scripts / "freqtrade_data.py", data, folder], check=True, env=environment
    )
    quiet = ("-W", "ignore")
    return {
        "freqtrade": (freqtrade, *quiet, scripts / "freqtrade_run.py", folder, since, until),
        "nautilus_trader": (nautilus, *quiet, scripts / "nautilus_run.py", data, since, until),
    }


def _rate(took: Sequence[Took], part: str) -> float:
    """Candles a second, the median."""
    return statistics.median(
        one.candles / (one.run if part == "run" else one.program) for one in took
    )


def _compared(what: str, rates: Mapping[str, float]) -> list[Result]:
    """How many candles a second each does, then how many times as many ours does."""
    ours, *others = rates
    results = [Result(f"{what}: {name}", rate, "candles/s") for name, rate in rates.items()]
    for name in others:
        times = rates[ours] / rates[name]
        results.append(
            Result(f"{what}: against {name}", times, "x", f">= {_TIMES:g}x", times >= _TIMES)
        )
    return results


BENCHMARK = Benchmark("backtests", "a backtest of 7.6 years beside other engines'", _run)

if __name__ == "__main__":
    main(*sys.argv[1:])
