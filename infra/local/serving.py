"""`./dev start` and `./dev demo`: choose a world and a state folder, run, and tell."""

import asyncio
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from rich.console import Console

from automoney.encoding import dumps
from automoney.errors import AutomoneyError, InvalidInput
from infra.local.demo import play, show
from infra.local.recordings import default_recording
from infra.local.runtime import DEMO_USER, Options, Runtime, started
from infra.local.screen import Bar, JsonLines, Lines, Screen
from infra.local.services.state import State
from infra.local.worlds import Choice, parse_choice, reachable, state_for


async def serve(given: Namespace) -> int:
    """Run until cancelled."""
    screen: Screen = JsonLines(sys.stdout) if given.log == "json" else Lines(sys.stdout)
    if given.log == "plain":
        screen = Lines(sys.stdout, colours=False)
    choice = await _world_to_serve(given.world, screen)
    state, keys = state_for(given.state, choice)
    options = _options(given, choice, state, keys, port=given.port, speed=given.speed)
    screen.notice("starting Postgres, Valkey, AWS and the world ...")
    async with started(options, screen) as runtime:
        _introduce(runtime, screen)
        runtime.enrol(DEMO_USER)
        await runtime.first_tick()
        await _until_told(runtime, screen)
    return 0


async def demonstrate(given: Namespace) -> int:
    """Play to the end and print the result."""
    if given.world is None:
        recorded = default_recording()
        choice = Choice("recorded", recorded) if recorded.is_dir() else Choice("synthetic")
    else:
        choice = parse_choice(given.world)
    if choice.kind == "live":
        raise InvalidInput("--world", given.world, "recorded:DIR or synthetic: days are played")
    with tempfile.TemporaryDirectory(prefix="automoney-demo-") as folder:
        state, keys = state_for(given.state or Path(folder), choice)
        options = _options(given, choice, state, keys, port=0, speed=None)
        with Bar(given.days) as bar:
            async with started(options, bar) as runtime:
                result = await play(runtime)
    if given.json:
        print(dumps(result))
    else:
        show(result, Console())
    return 0


async def _world_to_serve(wanted: str | None, screen: Screen) -> Choice:
    choice = parse_choice(wanted) if wanted is not None else Choice("live")
    if choice.kind == "live" and not await reachable():
        screen.problem("the real market cannot be reached: going on with SYNTHETIC data instead")
        return Choice("synthetic")
    return choice


def _options(
    given: Namespace,
    choice: Choice,
    state: State,
    keys: Path,
    *,
    port: int,
    speed: float | None,
) -> Options:
    return Options(
        world=choice,
        state=state,
        keys=keys,
        port=port,
        speed=speed,
        days=given.days,
        start=given.start,
        assets=given.assets,
        seed=given.seed,
        database_url=given.database_url,
        redis_url=given.redis_url,
    )


def _introduce(runtime: Runtime, screen: Screen) -> None:
    kind = runtime.world.kind
    if runtime.ends is None:
        screen.notice("market: live")
    else:
        name = kind.upper() if kind == "synthetic" else kind
        screen.notice(
            f"market: {name}, from {runtime.begins:%Y-%m-%d %H:%M} to {runtime.ends:%Y-%m-%d %H:%M}"
            f" at {runtime.options.speed:g}x"
        )
    screen.notice(f"state:  {runtime.options.state.folder}")
    screen.notice(f"page:   {runtime.url}   (Ctrl-C ends everything)")


async def _play_and_stay(runtime: Runtime, screen: Screen) -> None:
    await runtime.play()
    screen.notice(f"the {runtime.world.kind} market has come to its end; the page stays")
    await asyncio.Event().wait()


async def _until_told(runtime: Runtime, screen: Screen) -> None:
    """Run the market's rules and the wall's side by side; an error of either ends both."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_play_and_stay(runtime, screen))
            tasks.create_task(runtime.keep())
    except* AutomoneyError as errors:
        raise errors.exceptions[0] from None
