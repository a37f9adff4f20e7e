"""Server processes that end when we do, on a port that stays the same from run to run.

On Linux the kernel ends a child when the THREAD that started it ends (`setpriv --pdeathsig`), so
not even `kill -9` leaves a server behind.  Start servers from the main thread, or from one that
lives as long as they should.  Elsewhere, what was left behind is ended at the next start: each
child's process number is kept together with the moment it was born, and only both name it.

Children get a process group of their own: Ctrl-C in a terminal reaches us alone, and we end them
in order.
"""

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from automoney.errors import AutomoneyError
from infra.local.services.state import State

logger = logging.getLogger(__name__)

_TRIES = 3  # at a port that someone else may take between our look and the server's bind
_POLL_SECONDS = 0.02
_LOG_LIMIT_BYTES = 10_000_000
_NOBODY = 65534

setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
death_signals = setpriv is not None


class ServiceFailed(AutomoneyError):
    """A local service did not start, did not answer or stopped.  One line, fit to be shown."""


class Program(Protocol):
    """How to run one server.  `title` is for people, `name` for files."""

    @property
    def title(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def unprivileged(self) -> bool:
        """Whether it refuses to be root."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What makes it end in good order, losing nothing."""

    @property
    def kill_signal(self) -> signal.Signals:
        """What ends it when that took too long."""

    def prepare(self) -> None:
        """Lay out its folder.  May take seconds the first time.  Raises ServiceFailed."""

    def command(self, port: int) -> Sequence[str]: ...
    def environment(self) -> Mapping[str, str]: ...
    def ready(self, port: int) -> bool:
        """Whether it answers us, and is ours; ServiceFailed if it never will."""


class Server:
    """A program that runs.  `start` only launches it; `wait_ready` returns once it answers."""

    def __init__(self, program: Program, state: State, *, start_timeout: float = 30) -> None:
        self.program = program
        self.log = state.log(program.name)
        self.port = 0
        self._state = state
        self._record = state.room("services") / f"{program.name}.json"
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """End what an earlier run left behind, lay out the folder and launch the process."""
        known = self._known()
        _end_leftover(self.program, known)
        self.program.prepare()
        port = known.get("port")
        self._launch(free_port(port if isinstance(port, int) else 0))

    def wait_ready(self) -> None:
        """Wait until it answers; take another port if it lost the race for this one."""
        for tries_left in reversed(range(_TRIES)):
            deadline = time.monotonic() + self._start_timeout
            while self.alive and time.monotonic() < deadline:
                if self.program.ready(self.port):
                    return
                time.sleep(_POLL_SECONDS)
            if self.alive:
                raise ServiceFailed(
                    f"{self.program.title} did not answer within {self._start_timeout:g} s;"
                    f" see {self.log}"
                )
            if not tries_left or not _taken(self.port):
                break
            self._launch(free_port(0))
        self.check()

    def check(self) -> None:
        """Raise ServiceFailed if it has stopped."""
        if self._process is not None and (code := self._process.poll()) is not None:
            ended = f"exit {code}" if code >= 0 else signal.Signals(-code).name
            raise ServiceFailed(
                f"{self.program.title} stopped ({ended}): {self._last_words()}; see {self.log}"
            )

    def stop(self, timeout: float = 10) -> None:
        """End it in good order, or else by force.  Nothing to do if it has ended."""
        if self._process is None:
            return
        began = time.monotonic()
        if self.alive:
            self._process.send_signal(self.program.stop_signal)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                logger.warning("%s did not stop within %g s", self.program.title, timeout)
                self._process.send_signal(self.program.kill_signal)
                self._process.wait(timeout)
        self._process = None
        self._state.write(self._record, json.dumps({"port": self.port}))
        logger.info("%s stopped in %.2f s", self.program.title, time.monotonic() - began)

    def _launch(self, port: int) -> None:
        _rotate(self.log)
        with self.log.open("ab") as log:
            self._log_offset = log.tell()
            self._process = subprocess.Popen(
                [*self._privileges(), *self.program.command(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._state.folder,
                env=dict(self.program.environment()),
                process_group=0,
            )
        self.port = port
        record = {"port": port, "pid": self._process.pid, "born": born(self._process.pid)}
        self._state.write(self._record, json.dumps(record))

    def _privileges(self) -> list[str]:
        program = self.program
        return privileges(
            program.title, unprivileged=program.unprivileged, death_signal=program.stop_signal
        )

    def _known(self) -> dict[str, object]:
        try:
            known = json.loads(self._record.read_text())
        except (FileNotFoundError, ValueError):
            return {}  # only a hint: without it we take any port
        return known if isinstance(known, dict) else {}

    def _last_words(self) -> str:
        """Why it ended, by its own log: the last line that sounds like it, else the last one."""
        with self.log.open("rb") as log:
            log.seek(self._log_offset)
            lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
        lines = [line for line in lines if line][-4:]
        grave = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (grave or lines or ["it said nothing"])[-1]


def privileges(
    title: str, *, unprivileged: bool, death_signal: signal.Signals | None = None
) -> list[str]:
    """The words to put before a command so that it runs with these; none if none are needed.

    `unprivileged` makes root `nobody`, but leaves the right to pass through folders that are
    closed to others.  `death_signal` is what the command gets when the calling thread ends; a
    change of user would clear it, so one setpriv does both: it sets the signal last.
    """
    options: list[str] = []
    if unprivileged and os.geteuid() == 0:
        if setpriv is None:
            raise ServiceFailed(f"{title} refuses to run as root: start this as another user")
        options += [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        options += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    if death_signal and death_signals:
        options += ["--pdeathsig", death_signal.name.removeprefix("SIG")]
    return [setpriv, *options] if setpriv and options else []


def give_to_nobody(folder: Path) -> None:
    """Make `folder` belong to whom root's unprivileged programs run as."""
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)


def born(pid: int) -> str | None:
    """When a process began, in the system's own words; None if there is none (or a zombie).

    A process number is used again after a while, number and birth together are not.
    """
    if sys.platform == "linux":
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = status.rpartition(")")[2].split()  # the name before it may hold anything
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] == "Z" else f"{boot} {fields[19]}"
    told = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None


def command_line(pid: int) -> str:
    """The words a process was started with; empty if there is none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    told = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def end_stranger(pid: int, program: Program, timeout: float = 10) -> None:
    """End a process that is ours but not our child: one that an earlier run left behind."""
    birth = born(pid)
    for ending in (program.stop_signal, program.kill_signal, signal.SIGKILL):
        if birth is None or born(pid) != birth:
            return
        logger.info("ending process %d, which an earlier run left behind", pid)
        os.kill(pid, ending)
        if _wait(lambda: born(pid) != birth, timeout):
            return
    raise ServiceFailed(f"{program.title} of an earlier run, process {pid}, cannot be ended")


def free_port(preferred: int) -> int:
    """A port of 127.0.0.1 that nobody listens on: `preferred` if it is one of those."""
    if preferred and not _taken(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: connections of the last run that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _end_leftover(program: Program, known: Mapping[str, object]) -> None:
    pid = known.get("pid")
    if isinstance(pid, int) and known.get("born") and born(pid) == known["born"]:
        end_stranger(pid, program)


def _wait(done: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(_POLL_SECONDS)
    return done()


def _rotate(log: Path) -> None:
    """Keep one old log: a laptop that runs for a year keeps a small folder."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
