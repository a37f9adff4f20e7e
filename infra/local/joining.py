"""The database of a state folder: of the runtime that uses it now, or started for the moment."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from automoney import wiring
from automoney.errors import InvalidInput
from infra.local.services import ServiceFailed
from infra.local.services.postgres import Postgres
from infra.local.services.process import Server
from infra.local.services.state import DEFAULT_FOLDER, State, StateInUse


def add_options(parser: ArgumentParser) -> None:
    """Where the database is."""
    parser.add_argument(
        "--state", type=Path, help="folder that a runtime kept everything in (the newest of ours)"
    )
    parser.add_argument("--database-url", help="a Postgres to ask instead of a state's own")


@contextmanager
def joined(given: Namespace) -> Iterator[None]:
    """Wire the product to the database that `add_options` was told, for the block.

    Raises InvalidInput for a folder in which no runtime kept anything, ServiceFailed for a
    database that does not answer.
    """
    with ExitStack() as ending:
        url = given.database_url or ending.enter_context(_database(_state(given.state)))
        wiring.use({**os.environ, "AUTOMONEY_DATABASE_URL": url})
        ending.callback(wiring.use, os.environ)
        if given.database_url is None:
            wiring.migrate()
        yield


def _state(folder: Path | None) -> State:
    """The folder, if there is a database in it; without one the newest of our own."""
    if folder is not None:
        if not _has_database(folder):
            expected = "a folder that ./dev start or ./dev demo --state kept a database in"
            raise InvalidInput("--state", str(folder), expected)
        return State(folder)
    ours = [one for one in (DEFAULT_FOLDER, *DEFAULT_FOLDER.glob("*")) if _has_database(one)]
    if not ours:
        expected = "a folder: nothing was kept yet, ./dev start or ./dev demo --state DIR does so"
        raise InvalidInput("--state", None, expected)
    newest = max(ours, key=_last_used)
    print(f"state: {newest}", file=sys.stderr)
    return State(newest)


def _has_database(folder: Path) -> bool:
    return (folder / "postgres" / "data").is_dir()


def _last_used(folder: Path) -> float:
    """When a runtime last took the folder, seconds since 1970; 0 if none ever did."""
    lock = folder / "lock"
    return lock.stat().st_mtime if lock.exists() else 0.0


@contextmanager
def _database(state: State) -> Iterator[str]:
    """Its URL.  A runtime that holds the folder goes on; else Postgres runs for the block alone."""
    postgres = Postgres(state)
    with ExitStack() as ending:
        try:
            ending.enter_context(state.hold())
        except StateInUse:
            yield _running(postgres, state)
            return
        server = Server(postgres, state)
        ending.callback(server.stop)
        server.start()
        server.wait_ready()
        yield postgres.url(server.port)


def _running(postgres: Postgres, state: State) -> str:
    try:
        port = json.loads((state.folder / "services" / "postgres.json").read_text())["port"]
    except (FileNotFoundError, ValueError, KeyError):
        port = 0
    if not port or not postgres.ready(port):
        raise ServiceFailed(
            f"{state.folder} is in use, but its Postgres does not answer: try again when it is up,"
            " or name a database with --database-url"
        )
    return postgres.url(port)
