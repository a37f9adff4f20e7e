"""A million candles aggregated and indicated: `./dev indicators` as a user runs it.

A file of minutes is written first, with the digits of Binance's.  What is measured is the whole
program in a process of its own, from its start to its end, its output thrown away: by the wall, in
processor time, and the most memory it ever held.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.result import Benchmark, Result

ROOT = Path(__file__).resolve().parents[1]
_SECONDS = 5.0
_GROWTH = 1.0  # MB between a tenth of the rows and all of them: the allocator's mood
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, in which the system counts memory


def minutes(count: int) -> Iterator[str]:
    """Lines of a file of candles."""
    chance = random.Random(3)  # noqa: S311 - no secret
    moment, price = datetime(2017, 8, 17, tzinfo=UTC), 4000.0
    yield "open_time,open,high,low,close,volume\n"
    for _ in range(count):
        after = price * (1 + chance.gauss(0, 0.0005))
        high, low = max(price, after) * 1.0004, min(price, after) * 0.9996
        volume = chance.random() * 50
        yield (
            f"{moment:%Y-%m-%dT%H:%M:%SZ},{price:.2f},{high:.2f},{low:.2f},{after:.2f},"
            f"{volume:.6f}\n"
        )
        moment, price = moment + timedelta(minutes=1), after


def measured(file: Path, timeframe: str) -> tuple[float, float, float]:
    """Seconds by the wall, seconds of processor, and the most MB held.

    A process starts its count of memory at what its parent held, so a small one is put between.
    """
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}"}
    between = [sys.executable, "-m", "benchmarks.candles", str(file), timeframe]
    told = subprocess.run(between, stdout=subprocess.PIPE, env=environment, check=True, cwd=ROOT)
    wall, processor, held = json.loads(told.stdout)
    return wall, processor, held


def main(file: str, timeframe: str) -> None:
    words = ["indicators", "--candles", file, "--timeframe", timeframe, "--json"]
    start = time.perf_counter()
    program = subprocess.Popen(
        [sys.executable, "-m", "infra.local", *words], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(program.pid, 0)
    wall = time.perf_counter() - start
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode:
        raise SystemExit(f"./dev {' '.join(words)} ended with {program.returncode}")
    print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss * _UNIT / 1e6]))


def run(quick: bool) -> list[Result]:
    count, rounds = (20_000, 1) if quick else (1_000_000, 3)
    results = []
    with TemporaryDirectory() as folder:
        all_of_them, tenth = Path(folder, "all.csv"), Path(folder, "tenth.csv")
        for file, rows in ((all_of_them, count), (tenth, count // 10)):
            with file.open("w") as written:
                written.writelines(minutes(rows))
        for timeframe in ("1w", "1h"):
            tries = [measured(all_of_them, timeframe) for _ in range(rounds)]
            wall, processor, held = (min(column) for column in zip(*tries, strict=True))
            growth = held - measured(tenth, timeframe)[2]
            what = f"{count:,} minutes to {timeframe}"
            results += [
                Result(what, wall, "s", f"<= {_SECONDS:g} s", wall <= _SECONDS),
                Result(f"{what}: processor time", processor, "s"),
                Result(f"{what}: memory", held, "MB"),
                Result(
                    f"{what}: memory more than for a tenth of them",
                    growth,
                    "MB",
                    f"<= {_GROWTH:g} MB",
                    growth <= _GROWTH,
                ),
            ]
    return results


BENCHMARK = Benchmark("candles", "A million candles aggregated and indicated, as a program", run)

if __name__ == "__main__":
    main(*sys.argv[1:])
