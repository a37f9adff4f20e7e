"""`./dev backfill`: load history through the real sources into Postgres, as often as one likes.

It may be stopped or killed at any time: the same command goes on where it was.  It starts what it
needs, as `./dev start` does, on a clock of its own: the state's clock stays where it is.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from automoney import wiring
from automoney.encoding import dumps, utc_text
from automoney.errors import AutomoneyError, InvalidInput, Unknown
from automoney.sources.table import SOURCES, sources_of
from automoney.workflows.backfill import Span, backfill
from infra.local.backfill_screen import Display, display_on
from infra.local.backfill_summary import complain, show, summary
from infra.local.recompute import Comparison, recompute
from infra.local.services import ServiceFailed, start_stores
from infra.local.services.state import State, StateInUse
from infra.local.worlds import Choice, World, launch, live, parse_choice, reachable, state_for

BEGINNING = datetime(2017, 8, 17, tzinfo=UTC)  # of Binance's candles
_LOCK = 6_021_024  # any constant of our own: only one backfill at a time in a database
_LOCK_SECONDS = 3.0  # a backfill that was killed may hold it for a moment
_PRICES = "prices"


class AnotherRuns(AutomoneyError):
    """Somebody else is loading history into the same database."""


def run(given: Namespace) -> int:
    """Load it, say how it went, and return the exit status."""
    began = time.perf_counter()
    names = _names(given.source)
    display = display_on(sys.stderr)
    with _terminated_like_interrupted():
        try:
            result = _load(given, names, display)
        except StateInUse as error:
            display.close()
            print(f"./dev: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            display.close()
            print("stopped; the same command goes on from here", file=sys.stderr)
            return 130
        finally:
            display.close()
    result["seconds"] = round(time.perf_counter() - began, 2)
    if given.json:
        print(dumps(result))
    else:
        show(result, sys.stdout)
    return complain(result)


def known_sources() -> tuple[str, ...]:
    """Names of the sources that have history: of prices the exchange itself, of the rest all."""
    rest = [source.name for source in SOURCES if source.group != _PRICES]
    return (sources_of(_PRICES)[0].name, *rest)


def _names(wanted: Sequence[str] | None) -> tuple[str, ...]:
    for name in wanted or ():
        if name not in known_sources():
            raise Unknown("--source", name, known_sources())
    return tuple(dict.fromkeys(wanted or ()))


def _load(given: Namespace, names: tuple[str, ...], display: Display) -> dict[str, Any]:
    choice = _world(given.world, display)
    now = datetime.now(UTC)
    if choice.kind == "live":
        span = _span(given, now)
    state, _ = state_for(given.state, choice)
    with ExitStack() as ending:
        with state.hold():  # told before anything is started; it is held for good further down
            display.notice("starting Postgres, Valkey and the world ...")
        if choice.kind == "live":
            world = live()
        else:
            world = _play(choice, state, given, ending)
            assert world.ends is not None and world.clock is not None, "it is a played one"
            span = _span(given, world.ends)
            world.clock.set(span.end)
        stores = start_stores(state, database_url=given.database_url, redis_url=given.redis_url)
        ending.callback(stores.stop)
        assets = _wire(given, world, stores.environment(), span, display)
        ending.callback(wiring.use, os.environ)
        wiring.migrate()
        ending.enter_context(_alone())
        try:
            return _run(world, span, names, assets, display)
        except (psycopg.Error, BaseExceptionGroup) as error:
            stores.check()
            if isinstance(error, psycopg.Error) or error.subgroup(psycopg.Error):
                raise ServiceFailed(f"Postgres was lost: {_first(error)}") from error
            raise


def _run(
    world: World, span: Span, names: tuple[str, ...], assets: tuple[str, ...], display: Display
) -> dict[str, Any]:
    jobs = wiring.backfill_jobs(span.start, span.end, names)
    found = {job.source for job in jobs}
    for name in names:
        if name not in found:
            variable = f"AUTOMONEY_{name.upper()}_KEY"
            raise InvalidInput("--source", name, f"one whose key is known: set {variable}")
    display.notice(f"{world.kind} history from {utc_text(span.start)} to {utc_text(span.end)}")
    try:
        reports = wiring.run(backfill(jobs, watcher=display, timer=time.perf_counter))
    finally:
        wiring.leave()
    compared: tuple[Comparison, ...] = ()
    if not names or sources_of(_PRICES)[0].name in names:
        display.notice("working out all indicators once more ...")
        compared = tuple(recompute(assets, wiring.candles(), wiring.cache(), at=span.end))
    return summary(world.kind, span, reports, compared)


def _first(error: BaseException) -> BaseException:
    """The error itself, or the first one of a group."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


# ---------------------------------------------------------------- what it runs in


def _world(wanted: str | None, display: Display) -> Choice:
    """As `./dev start` chooses it."""
    if wanted is not None:
        return parse_choice(wanted)
    if asyncio.run(reachable()):
        return Choice("live")
    display.notice("the real market cannot be reached: going on with SYNTHETIC data instead")
    return Choice("synthetic")


def _span(given: Namespace, present: datetime) -> Span:
    """From `--from` to `--to`, neither of which lies beyond the world's `present`."""
    end = given.end if given.end is not None else present
    if end > present:
        raise InvalidInput("--to", utc_text(end), f"{utc_text(present)} at the latest")
    if given.start >= end:
        raise InvalidInput("--from", utc_text(given.start), f"a time before {utc_text(end)}")
    return Span(given.start, end)


def _play(choice: Choice, state: State, given: Namespace, ending: ExitStack) -> World:
    """A played world; its clock's file is needed no longer once both sides have it open."""
    with tempfile.TemporaryDirectory(prefix="automoney-backfill-") as folder:
        launched = launch(
            choice,
            state,
            assets=given.assets,
            seed=given.seed,
            clock_file=Path(folder) / "backfill-world.clock",
        )
        ending.callback(launched.close)
        world = launched.ready()
    ending.callback(world.close)
    return world


def _wire(
    given: Namespace,
    world: World,
    environment: dict[str, str],
    span: Span,
    display: Display,
) -> tuple[str, ...]:
    """Point the product at what was started; the assets that the world has prices of."""
    assets = tuple(asset for asset in given.assets if asset in world.assets)
    if missing := [asset for asset in given.assets if asset not in assets]:
        display.notice(f"the {world.kind} market has no prices of {', '.join(missing)}")
    played = world.clock is not None
    wiring.use(
        {
            **os.environ,
            **environment,
            **world.environment,
            **(world.keys(span.end) if played else {}),
            "AUTOMONEY_ASSETS": ",".join(assets),
        },
        wiring.Surroundings(market_clock=world.now if played else None, waits=display),
    )
    return assets


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the database's only right to be backfilled; AnotherRuns if somebody has it."""
    deadline = time.monotonic() + _LOCK_SECONDS
    with wiring.database().connection() as connection:
        while True:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
            if row == (True,):
                break
            if time.monotonic() > deadline:
                raise AnotherRuns("another backfill is loading into this database")
            time.sleep(0.1)
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # a lost connection has let go of it
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: in order, and with the same words."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
