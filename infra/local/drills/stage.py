"""Where a drill takes place: a local runtime of its own, in a state that is gone afterwards."""

import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from automoney import wiring
from automoney.market.assets import WATCHED
from automoney.trading.strategies import HODL_WAVE
from infra.local import tokens
from infra.local.alerts import CRITICAL, Alert
from infra.local.recordings import default_recording
from infra.local.runtime import DEMO_USER, Options, Runtime, started
from infra.local.worlds import Choice, state_for

_BETWEEN = timedelta(minutes=1)  # after a full hour: nothing is due then
_TOKEN_LIVES = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is promised, whether it was seen, and what was."""

    promise: str
    ok: bool
    seen: str


class Quiet:
    """A screen that shows nothing; what a drill has to say are its steps."""

    def notice(self, text: str) -> None: ...
    def problem(self, text: str) -> None: ...
    def tick(self, at: datetime, name: str, answer: Mapping[str, Any], seconds: float) -> None: ...


@dataclass(slots=True)
class Stage:
    """A runtime whose first slot has been judged, and the steps that were seen on it."""

    runtime: Runtime
    client: httpx.AsyncClient
    began: float
    steps: list[Step] = field(default_factory=list)

    @property
    def world(self) -> str:
        return self.runtime.world.kind

    @property
    def ok(self) -> bool:
        """Whether every step was seen."""
        return all(step.ok for step in self.steps)

    @property
    def alerts(self) -> list[Alert]:
        return self.runtime.alerts

    def critical(self) -> list[str]:
        """What somebody had to get up for, so far."""
        return [one.subject for one in self.alerts if one.severity == CRITICAL]

    def check(self, promise: str, ok: bool, seen: str) -> None:
        """Note a step."""
        self.steps.append(Step(promise, ok, seen))
        self.say(f"{'seen' if ok else 'NOT SEEN'}: {promise}")

    def say(self, text: str) -> None:
        """Progress, on standard error."""
        print(f"{monotonic() - self.began:5.1f} s  {text}", file=sys.stderr, flush=True)

    def slot(self, hours: float) -> datetime:
        """That many hours after the first slot."""
        return self.runtime.begins + timedelta(hours=hours)

    async def play(self, hours: float) -> None:
        """Let the market come to just after `hours` from the first slot."""
        self.say(f"the market goes on to {self.slot(hours):%Y-%m-%d %H:%M}")
        await self.runtime.play(self.slot(hours) + _BETWEEN)

    async def run(self, hours: float) -> dict[str, Any]:
        """What `GET /api/executions/{id}` says of the slot at `hours`."""
        name = f"{HODL_WAVE.id}:{self.slot(hours):%Y-%m-%dT%H:%MZ}"
        found: dict[str, Any] = await self.get(f"/api/executions/{name}")
        return found

    async def get(self, path: str) -> Any:
        """The JSON that the REST API answers, whatever its status."""
        return (await self.client.get(path, headers=self.bearer(DEMO_USER))).json()

    def bearer(self, user: str, role: str = "user") -> dict[str, str]:
        keys = self.runtime.options.keys
        roles = sorted({"user", role})
        token = tokens.mint(keys, user, roles, now=wiring.clock(), ttl=_TOKEN_LIVES)
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def staged(
    *,
    days: float,
    start: datetime | None = None,
    assets: tuple[str, ...] = WATCHED,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """A stage that can play `days`, in the recorded world or, without recordings, a synthetic one.

    It begins at `start`, which only the recorded world has, or so many days before the end.
    """
    began = monotonic()
    recording = default_recording()
    recorded = (recording / "binance").is_dir()
    choice = Choice("recorded", recording) if recorded else Choice("synthetic")
    with tempfile.TemporaryDirectory(prefix="automoney-drill-") as folder:
        state, keys = state_for(Path(folder), choice)
        options = Options(
            world=choice,
            state=state,
            keys=keys,
            port=0,
            speed=None,
            days=days,
            start=start if recorded else None,
            assets=assets,
            environment=environment or {},
        )
        async with (
            started(options, Quiet()) as runtime,
            httpx.AsyncClient(base_url=runtime.url, timeout=30, trust_env=False) as client,
        ):
            stage = Stage(runtime, client, began)
            runtime.enrol(DEMO_USER)
            await runtime.first_tick()
            stage.say(f"the {stage.world} market runs, and its first slot has been judged")
            yield stage
