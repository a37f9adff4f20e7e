"""The command line and the life of the process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from infra.local.world.__main__ import main
from infra.local.world.clock import WorldClock
from tests.infra.world.conftest import ENVIRONMENT, ROOT


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    WorldClock.create(path, datetime(2025, 9, 21, 12, tzinfo=UTC)).close()
    return path


def test_it_serves_until_it_is_told_to_end(small_folder: Path, clock: Path) -> None:
    command = [sys.executable, "-m", "infra.local.world", "--clock", str(clock)]
    with subprocess.Popen(
        [*command, "--recording", str(small_folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        url = f"http://127.0.0.1:{ready['port']}/binance/api/v3/time"
        assert httpx.get(url).json() == {"serverTime": 1_758_456_000_000}
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) in (0, -signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


def test_it_ends_with_its_parent(small_folder: Path, clock: Path) -> None:
    """A process starts the world, passes its line on, and dies without a word to it."""
    program = (
        "import os, subprocess, sys\n"
        "command = [sys.executable, '-m', 'infra.local.world', '--clock', sys.argv[1]]\n"
        "command += ['--recording', sys.argv[2]]\n"
        "world = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)\n"
        "print(world.pid, world.stdout.readline(), flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(clock), str(small_folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    pid, _, line = done.stdout.partition(" ")
    try:
        assert _refuses_within(json.loads(line)["port"], seconds=10)
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def _refuses_within(port: int, seconds: float) -> bool:
    """Wait for nobody to listen there any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.05)
    return False


def test_bad_input_is_two_and_one_line(
    tmp_path: Path, small_folder: Path, clock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad"
    (bad / "binance").mkdir(parents=True)
    good = (small_folder / "binance" / "BTCUSDT-1h.csv").read_text().splitlines()
    good[30] = good[30].replace(",129,", ",x,")
    (bad / "binance" / "BTCUSDT-1h.csv").write_text("\n".join(good))
    none = tmp_path / "none"
    here = ["--clock", str(clock)]
    for arguments, message in (
        ([*here, "--recording", str(bad)], f"{bad}/binance/BTCUSDT-1h.csv:31: open 'x' is not a"),
        ([*here, "--recording", str(none)], f"{none}: no candles; looked for binance/BTCUSDT-1h"),
        ([*here, "--recording", str(small_folder), "--assets", "DOGE"], "--assets was 'DOGE'"),
        ([*here, "--synthetic", "1", "--to", "tomorrow"], "--to was 'tomorrow'"),
        ([*here, "--synthetic", "1", "--to", "2025-09-22T01:00Z"], "end was"),
        (["--clock", str(none), "--recording", str(small_folder)], f"clock was '{none}'"),
    ):
        assert main(arguments) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith(message)
        assert output.err.count("\n") == 1


def test_one_world_at_a_time(clock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--clock", str(clock), "--synthetic", "1", "--recording", "x"])
    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
