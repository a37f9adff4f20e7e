"""Which outside world the runtime lives in, and the process that plays it unless it is real.

live            the real APIs, on the wall's clock
recorded:DIR    recorded data in the real APIs' wire formats, on a clock of its own
synthetic       the same from a seeded generator; labelled as such wherever it is shown
"""

import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from automoney.encoding import parse_utc
from automoney.errors import AutomoneyError, InvalidInput
from automoney.market.assets import WATCHED
from automoney.settings import Settings
from automoney.sources.table import SOURCES, source_named
from infra.local.recordings import ROOT, default_recording
from infra.local.services.process import privileges
from infra.local.services.state import DEFAULT_FOLDER, State
from infra.local.world.clock import WorldClock

logger = logging.getLogger(__name__)

KINDS = ("live", "recorded:DIR", "synthetic")
_RECORDED_KEY = "recorded" + "0" * 24  # the played APIs want a key in the real one's form
_READY_SECONDS = 60
# Where the played world keeps a source whose own name is not its place.
_PLACES = {"fred_csv": "fredcsv", "alternative_me": "alternative-me"}
NEVER = datetime.fromtimestamp(0, UTC)  # what the clock of a new state says


class WorldFailed(AutomoneyError):
    """The process that plays the outside world did not start; the message says why."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What `--world` asked for."""

    kind: str
    folder: Path | None = None


def parse_choice(text: str) -> Choice:
    """Read `live`, `synthetic`, `recorded` or `recorded:DIR`; InvalidInput for anything else."""
    kind, _, folder = text.partition(":")
    if kind == "recorded":
        return Choice("recorded", Path(folder).expanduser() if folder else default_recording())
    if kind in ("live", "synthetic") and not folder:
        return Choice(kind)
    raise InvalidInput("--world", text, f"one of {', '.join(KINDS)}")


def state_for(folder: Path | None, choice: Choice) -> tuple[State, Path]:
    """The state folder and that of the keys; a folder never mixes two worlds' data."""
    if folder is None:
        keys = State(DEFAULT_FOLDER).folder
        state = State(keys / choice.kind)
    else:
        state = State(folder)
        keys = state.folder
    marker = state.folder / "world"
    known = marker.read_text().strip() if marker.exists() else choice.kind
    if known != choice.kind:
        expected = f"a folder without the data of a {known} world, such as a new one"
        raise InvalidInput("--state", str(state.folder), expected)
    state.write(marker, f"{choice.kind}\n")
    return state, keys


async def reachable() -> bool:
    """Whether the real price source answers."""
    urls = Settings.parse(os.environ).source_urls
    url = f"{urls.get('binance', source_named('binance').url)}/api/v3/ping"
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=4) as client:
            return (await client.get(url)).is_success
    return False


@dataclass(frozen=True, slots=True)
class World:
    """`environment` says where its APIs are; `begins` and `ends` span what it can show.

    `clock` is the played world's own, None for the real one.  `assets` are those with prices.
    """

    kind: str
    environment: dict[str, str]
    begins: datetime | None = None
    ends: datetime | None = None
    clock: WorldClock | None = None
    glassnode_until: datetime | None = None
    assets: tuple[str, ...] = WATCHED
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    def now(self) -> datetime:
        return self.clock.now() if self.clock else datetime.now(UTC)

    def check(self) -> None:
        """Raise WorldFailed if its process has stopped."""
        if self._process is not None and (code := self._process.poll()) is not None:
            raise WorldFailed(f"the {self.kind} world stopped (exit {code})")

    def close(self) -> None:
        """End its process."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
            if self._process.stdout:
                self._process.stdout.close()
        if self.clock:
            self.clock.close()

    def keys(self, until: datetime) -> dict[str, str]:
        """The keys to have in a span that ends at `until`: Glassnode's only where it has data."""
        covered = self.glassnode_until is not None and until <= self.glassnode_until
        return {"AUTOMONEY_GLASSNODE_KEY": _RECORDED_KEY} if covered else {}


def live() -> World:
    return World("live", {"AUTOMONEY_WORLD": "live"})


@dataclass(frozen=True, slots=True)
class Launched:
    """A played world whose process is loading; `ready` waits for it."""

    choice: Choice
    process: "subprocess.Popen[str]"
    clock_file: Path
    log: Path

    def ready(self) -> World:
        """The world, its clock as it was left; raises InvalidInput for a bad recording."""
        process, choice = self.process, self.choice
        assert process.stdout is not None
        told = process.stdout.readline()
        if not told:
            code = process.wait(_READY_SECONDS)
            process.stdout.close()
            lines = self.log.read_text(errors="replace").strip().splitlines()
            complaint = lines[-1] if lines else f"exit {code}"
            if code == 2:
                name = f"{choice.kind}:{choice.folder}" if choice.folder else choice.kind
                raise InvalidInput("--world", name, f"data that can be read: {complaint}")
            raise WorldFailed(f"the {choice.kind} world did not start: {complaint}; see {self.log}")
        ready = json.loads(told)
        until = ready.get("glassnode_until")
        return World(
            choice.kind,
            _environment(ready, choice.kind),
            parse_utc(ready["from"]),
            parse_utc(ready["to"]),
            WorldClock.open(self.clock_file),
            parse_utc(until) if until else None,
            tuple(ready["resolution"]),
            process,
        )

    def close(self) -> None:
        """End the process, if `ready` has not handed it over."""
        self.process.terminate()
        self.process.wait(5)
        if self.process.stdout:
            self.process.stdout.close()


def launch(
    choice: Choice,
    state: State,
    *,
    assets: tuple[str, ...],
    seed: int,
    clock_file: Path | None = None,
) -> Launched:
    """Start the process that plays a recorded or synthetic world.

    It goes by the state's own clock, or by that of `clock_file`, which leaves the state's alone.
    """
    clock_file = clock_file or state.folder / "world.clock"
    if not clock_file.exists():
        WorldClock.create(clock_file, NEVER).close()
    command = [sys.executable, "-m", "infra.local.world", "--clock", str(clock_file)]
    command += ["--assets", ",".join(assets), "--port", "0"]
    if choice.folder is not None:
        command += ["--recording", str(choice.folder.absolute())]
    else:
        command += ["--synthetic", str(seed)]
    log = state.log(clock_file.stem)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [
                *privileges("the world", unprivileged=False, death_signal=signal.SIGTERM),
                *command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}"},
            text=True,
            process_group=0,
        )
    return Launched(choice, process, clock_file, log)


def _environment(ready: dict[str, str], kind: str) -> dict[str, str]:
    base = f"http://127.0.0.1:{ready['port']}"
    urls = {
        f"AUTOMONEY_{source.name.upper()}_URL": f"{base}/{_PLACES.get(source.name, source.name)}"
        for source in SOURCES
    }
    return {"AUTOMONEY_WORLD": kind, "AUTOMONEY_FRED_KEY": _RECORDED_KEY, **urls}


def window(world: World, *, days: float, start: datetime | None) -> tuple[datetime, datetime]:
    """The span to play, in whole days: the last `days` of the world, or `days` from `start` on."""
    assert world.begins is not None and world.ends is not None, "only a played world has a span"
    span = timedelta(days=days)
    begin_at = start if start is not None else world.ends - span
    if not world.begins <= begin_at < world.ends:
        covered = f"a day from {world.begins:%Y-%m-%d} to before {world.ends:%Y-%m-%d}"
        if start is not None:
            raise InvalidInput("--from", f"{start:%Y-%m-%d}", covered)
        longest = (world.ends - world.begins).days
        raise InvalidInput("--days", f"{days:g}", f"at most {longest}: {covered} is there")
    return begin_at, min(begin_at + span, world.ends)
