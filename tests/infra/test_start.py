"""`./dev start` as somebody at a terminal uses it, pulled plugs included."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The first run buys, so every kill comes with trades that could be lost or repeated.
BUSY = ("--from", "2021-05-10", "--days", "2")


class Running:
    """A `./dev start` and what it printed."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path, port: int) -> None:
        self.process, self.log, self.port = process, log, port

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]

    def ticks(self, function: str) -> list[dict[str, Any]]:
        return [
            one for one in self.lines() if one["event"] == "tick" and one["function"] == function
        ]

    def wait_for(self, text: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert self.process.poll() is None, f"it ended early:\n{self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def children(self) -> list[int]:
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(pid) for pid in listed.stdout.split()]

    def get(self, path: str, token: str = "") -> Any:
        request = Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urlopen(request, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if path.startswith("/api") else body


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def all_gone(pids: list[int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def start(market_data: Path, state: Path, *words: str, port: int = 0) -> Iterator[Running]:
    chosen = port or free_port()
    log = state.with_suffix(f".{time.monotonic_ns()}.log")
    command = [str(ROOT / "dev"), "start", "--state", str(state), "--port", str(chosen)]
    command += ["--log", "json", *words]
    environment = {**os.environ, "AUTOMONEY_MARKET_DATA": str(market_data)}
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, text=True, env=environment)
    running = Running(process, log, chosen)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def token(state: Path) -> str:
    printed = subprocess.run(
        [str(ROOT / "dev"), "token", "--user", "ada", "--state", str(state)],
        capture_output=True,
        text=True,
        check=True,
    )
    return printed.stdout.strip().splitlines()[-1]


def history(running: Running, state: Path) -> dict[str, Any]:
    """Everything that was committed for ada, oldest first."""
    bearer = token(state)
    found = {
        name: running.get(f"/api/{name}?limit=200", bearer)[name][::-1]
        for name in ("decisions", "trades")
    }
    events = running.get("/api/events?since=0&limit=500", bearer)
    portfolio = running.get("/api/portfolio", bearer)
    return {**found, "events": events, "portfolio": portfolio}


def test_it_runs_the_first_tick_at_once_serves_the_page_and_ends_without_a_trace(
    market_data: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with start(market_data, state, "--world", "recorded", "--speed", "60") as running:
        running.wait_for('"function": "hodl-wave"')
        assert b"AutoMoney" in running.get("/")
        assert running.get("/api/health")["world"] == "recorded"
        assert running.ticks("prices")[0]["answer"]["outcome"] == "ok"
        assert running.ticks("hodl-wave")[0]["answer"]["outcome"] == "judged"
        scores = running.get("/api/agents/scores?strategyId=hodl-wave", token(state))
        assert set(scores["assets"]) == {"BTC", "ETH"}
        children = running.children()
        assert len(children) >= 4  # Postgres, Valkey, AWS, the world

        running.process.send_signal(signal.SIGINT)  # Ctrl-C
        assert running.process.wait(20) == 0
    assert all_gone(children)
    with pytest.raises(URLError):
        running.get("/")


@pytest.mark.parametrize("kills", [3])
def test_killed_in_mid_run_it_loses_no_trade_and_repeats_none(
    market_data: Path, tmp_path: Path, kills: int
) -> None:
    fast = ("--world", "recorded", "--speed", "20000", *BUSY)
    end = "has come to its end"
    undisturbed = tmp_path / "undisturbed"
    with start(market_data, undisturbed, *fast) as running:
        running.wait_for(end, 120)
        expected = history(running, undisturbed)

    disturbed = tmp_path / "disturbed"
    for number in range(kills):
        words = fast if number == 0 else fast[:4]
        with start(market_data, disturbed, *words) as running:
            running.wait_for('"function": "prices"')
            done = len(running.ticks("hodl-wave"))
            deadline = time.monotonic() + 60
            while len(running.ticks("hodl-wave")) <= done and time.monotonic() < deadline:
                time.sleep(0.01)  # as near to a run as can be seen from outside
            children = running.children()
            running.process.kill()
            running.process.wait(10)
        assert all_gone(children), "kill -9 left something running"
    with start(market_data, disturbed, *fast[:4]) as running:
        running.wait_for(end, 120)
        found = history(running, disturbed)

    assert expected["trades"], "a drill without a trade shows nothing"
    assert found == expected


def test_a_taken_port_is_told_in_one_line(market_data: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(market_data, tmp_path / "state", "--world", "recorded", port=port) as running:
            assert running.process.wait(60) == 2
            last = running.log.read_text().strip().splitlines()[-1]
    assert last == f"./dev: --port was {port}; expected a free port (Address already in use)"


def test_a_state_folder_that_cannot_be_one_is_told_in_one_line(
    market_data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "state"
    file.write_text("a file")
    with start(market_data, file, "--world", "recorded") as running:
        assert running.process.wait(60) == 2
        last = running.log.read_text().strip().splitlines()[-1]
    assert last.startswith("./dev: --state was ")


def test_a_state_of_another_world_is_refused(market_data: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "world").write_text("synthetic\n")
    with start(market_data, state, "--world", "recorded") as running:
        assert running.process.wait(60) == 2
        assert "without the data of a synthetic world" in running.log.read_text()


def test_a_dead_postgres_is_told_in_one_line(market_data: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with start(market_data, state, "--world", "recorded", "--speed", "60") as running:
        running.wait_for('"function": "hodl-wave"')
        postgres = json.loads((state / "services" / "postgres.json").read_text())["pid"]
        os.kill(postgres, signal.SIGKILL)
        assert running.process.wait(60) == 1
        last = running.log.read_text().strip().splitlines()[-1]
    assert last.startswith("./dev: Postgres stopped (SIGKILL)")
