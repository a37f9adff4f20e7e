"""Worlds to look at: the recorded one, a small one by hand, and one behind a real socket."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automoney.market.assets import WATCHED
from infra.local.world.clock import WorldClock, micros
from infra.local.world.recording import Recording, load_recording
from infra.local.world.synthetic import synthetic_recording
from infra.local.world.wire.exchange import Request

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}"}


@pytest.fixture(scope="session")
def recorded(market_data: Path) -> Recording:
    return load_recording(market_data, WATCHED)


@pytest.fixture(scope="session")
def synthetic() -> Recording:
    return synthetic_recording(7, five_minute_days=3)


@pytest.fixture
def ask() -> Callable[..., Request]:
    """`ask("/api/v3/ping", at="2025-09-21T12:00", limit=3)` is a request in the world."""

    def request(path: str, at: str, key: str = "", **query: object) -> Request:
        now = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return Request(path, {name: str(value) for name, value in query.items()}, key, micros(now))

    return request


@dataclass(frozen=True)
class Served:
    """A running world: where, what it said when it was ready, and its clock."""

    url: str
    ready: dict[str, object]
    clock: WorldClock
    process: "subprocess.Popen[str]"


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of BTC by the hour, cheap to load."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "binance").mkdir()
    rows = [
        f"2025-09-{20 + hour // 24}T{hour % 24:02d}:00:00Z,{100 + hour},{110 + hour},{90 + hour},"
        f"{101 + hour},{hour + 1}.5"
        for hour in range(48)
    ]
    text = "open_time,open,high,low,close,volume\n" + "\n".join(rows) + "\n"
    (folder / "binance" / "BTCUSDT-1h.csv").write_text(text)
    return folder


@pytest.fixture(scope="session")
def served(small_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small world on a real socket, at 2025-09-21T12:00Z."""
    path = tmp_path_factory.mktemp("clock") / "clock"
    with WorldClock.create(path, datetime(2025, 9, 21, 12, tzinfo=UTC)) as clock:
        command = [
            "-m",
            "infra.local.world",
            "--clock",
            str(path),
            "--recording",
            str(small_folder),
        ]
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=ROOT
        )
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            yield Served(f"http://127.0.0.1:{ready['port']}", ready, clock, process)
        finally:
            process.terminate()
            process.wait(timeout=10)
            process.stdout.close()
