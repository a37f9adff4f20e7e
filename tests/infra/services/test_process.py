"""A server process of our own: its port, its end, its last words.  Run on small real servers."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.services.process import Server, ServiceFailed, born, free_port
from infra.local.services.state import State

LISTEN = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
SERVE = f"{LISTEN}\nwhile True: s.accept()[0].close()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVE}"
DIE = "import sys; print('hello'); print('FATAL: no disk'); print('bye'); sys.exit(3)"


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Small:
    """A program of a few words of Python."""

    code: str
    title: str = "Small"
    name: str = "small"
    unprivileged: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    answered: Callable[[int], bool] = answers

    def prepare(self) -> None:
        pass

    def command(self, port: int) -> Sequence[str]:
        return [sys.executable, "-u", "-S", "-c", self.code, str(port)]

    def environment(self) -> Mapping[str, str]:
        return {}

    def ready(self, port: int) -> bool:
        return self.answered(port)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_it_answers_and_ends(state: State) -> None:
    server = Server(Small(SERVE), state)
    server.start()
    server.wait_ready()
    pid = server.pid
    server.check()

    assert pid is not None
    assert answers(server.port)
    server.stop()
    assert born(pid) is None
    assert not answers(server.port)
    server.stop()  # again is no mistake


def test_its_port_stays_the_same_from_run_to_run(state: State) -> None:
    ports = []
    for _ in range(2):
        server = Server(Small(SERVE), state)
        server.start()
        server.wait_ready()
        ports.append(server.port)
        server.stop()

    assert ports[0] == ports[1]


def test_a_port_that_somebody_else_has_by_now_is_left_to_him(state: State) -> None:
    server = Server(Small(SERVE), state)
    server.start()
    server.wait_ready()
    before = server.port
    server.stop()

    with socket.create_server(("127.0.0.1", before)):
        server = Server(Small(SERVE), state)
        server.start()
        server.wait_ready()
        after = server.port
        server.stop()

    assert after != before


def test_a_port_lost_between_our_look_and_its_bind_is_replaced(state: State) -> None:
    """The first launch finds its port taken and dies; the second gets another port."""
    taken = socket.create_server(("127.0.0.1", 0))
    ours = Small(SERVE)
    server = Server(ours, state)
    ours.answered = lambda port: port != taken.getsockname()[1] and answers(port)
    with taken:
        server._launch(taken.getsockname()[1])
        server.wait_ready()

        assert server.port != taken.getsockname()[1]
        assert server.alive
        server.stop()


def test_one_that_dies_says_how_why_and_where_to_look(state: State) -> None:
    server = Server(Small(DIE), state)
    server.start()

    with pytest.raises(ServiceFailed) as failure:
        server.wait_ready()
    assert str(failure.value) == (
        f"Small stopped (exit 3): FATAL: no disk; see {state.folder}/logs/small.log"
    )


def test_one_that_is_killed_later_is_noticed(state: State) -> None:
    server = Server(Small(SERVE), state)
    server.start()
    server.wait_ready()
    assert server._process is not None
    server._process.kill()
    server._process.wait()

    with pytest.raises(ServiceFailed, match=r"^Small stopped \(SIGKILL\): it said nothing; see "):
        server.check()
    server.stop()


def test_one_that_never_answers_is_given_up(state: State) -> None:
    server = Server(Small(SERVE, answered=lambda _: False), state, start_timeout=0.1)
    server.start()

    with pytest.raises(ServiceFailed, match=r"^Small did not answer within 0\.1 s; see "):
        server.wait_ready()
    server.stop()


def test_one_that_does_not_want_to_end_is_ended(state: State) -> None:
    server = Server(Small(DEAF), state)
    server.start()
    server.wait_ready()
    pid = server.pid
    began = time.monotonic()
    server.stop(timeout=0.2)

    assert pid is not None
    assert born(pid) is None
    assert time.monotonic() - began < 5


def test_a_leftover_is_ended_and_its_port_taken_over(state: State) -> None:
    left = Server(Small(SERVE), state)
    left.start()
    left.wait_ready()

    fresh = Server(Small(SERVE), state)
    fresh.start()
    fresh.wait_ready()

    assert not left.alive
    assert fresh.port == left.port
    fresh.stop()


def test_a_stranger_who_got_the_number_is_spared(state: State) -> None:
    stranger = Server(Small(SERVE, name="stranger"), state)
    stranger.start()
    stranger.wait_ready()
    state.write(
        state.room("services") / "small.json", f'{{"pid": {stranger.pid}, "born": "long ago"}}'
    )

    fresh = Server(Small(SERVE), state)
    fresh.start()
    fresh.wait_ready()

    assert stranger.alive
    fresh.stop()
    stranger.stop()


def test_a_long_log_is_put_aside(state: State) -> None:
    state.log("small").write_bytes(b"x" * 10_000_001)
    server = Server(Small(SERVE), state)
    server.start()
    server.wait_ready()
    server.stop()

    assert state.log("small").stat().st_size == 0
    assert (state.logs / "small.log.1").stat().st_size == 10_000_001


def test_a_free_port_is_the_preferred_one_if_that_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert free_port(number) != number
    assert free_port(number) == number
