"""The whole local runtime, started as a user starts it, for browsers and programs to use."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infra.test_start import ROOT, Running, start


@dataclass
class Runtime:
    """A running `./dev start` and how to ask it."""

    running: Running
    state: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.running.port}/"

    def token(self, user: str, role: str = "user") -> str:
        command = [str(ROOT / "dev"), "token", "--user", user, "--state", str(self.state)]
        printed = subprocess.run(
            [*command, "--role", role], capture_output=True, text=True, check=True
        )
        return printed.stdout.strip().splitlines()[-1]

    def get(self, path: str, token: str) -> Any:
        return self.running.get(path, token)


@contextmanager
def runtime(market_data: Path, state: Path, speed: int, *, port: int = 0) -> Iterator[Runtime]:
    """Ends with the block; busy weeks, so that there is something to see.

    A state that has begun goes on where it stopped.
    """
    with pytest.MonkeyPatch.context() as patch:
        # several pages of one user in one minute are more than one reader's share
        patch.setenv("AUTOMONEY_API_LIMIT", "6000")
        words = ["--world", "recorded", "--speed", str(speed)]
        if not state.exists():
            words += ["--from", "2021-05-10", "--days", "60"]
        with start(market_data, state, *words, port=port) as running:
            running.wait_for('"function": "hodl-wave"', 240)  # the machine may be busy
            yield Runtime(running, state)
