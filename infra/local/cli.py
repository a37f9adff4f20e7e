"""The command line behind `./dev`.  Exit 0: done; 1: failed; 2: bad input."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from automoney.errors import AutomoneyError, InvalidInput, Unknown
from automoney.settings import KNOWN_ASSETS

VERBS = {
    "start": "run everything on this machine and serve the page, until Ctrl-C",
    "demo": "play recorded days at full speed and print what came of it",
    "token": "print a token for the local runtime's REST and WebSocket",
}
_DEFAULT_PORT = 8080
_DEFAULT_SPEED = 300.0
_START_DAYS = 90
_DEMO_DAYS = 14


class _Parser(argparse.ArgumentParser):
    """Complains in one line, with exit 2."""

    def error(self, message: str) -> NoReturn:
        print(f"./dev: {message}; see ./dev {self.prog.split()[-1]} --help", file=sys.stderr)
        raise SystemExit(2)


def main(words: Sequence[str]) -> int:
    """Run one verb; the exit status."""
    try:
        verb = words[0] if words else ""
        if verb not in VERBS:
            raise Unknown("verb", verb, (*VERBS, "test", "lint", "synth"))
        return _RUN[verb](words[1:])
    except InvalidInput as error:
        print(f"./dev: {error}", file=sys.stderr)
        return 2
    except AutomoneyError as error:
        print(f"./dev: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _start(words: Sequence[str]) -> int:
    parser = _Parser(prog="./dev start", description=VERBS["start"])
    _world_options(parser)
    parser.add_argument("--port", type=int, default=_DEFAULT_PORT, help="of the page (8080)")
    parser.add_argument(
        "--speed",
        type=_speed,
        default=_DEFAULT_SPEED,
        help="market seconds a second in a recorded or synthetic world (300)",
    )
    parser.add_argument("--days", type=_days, default=_START_DAYS, help="to play (90)")
    parser.add_argument("--log", choices=("auto", "plain", "json"), default="auto")
    given = parser.parse_args(words)
    _log_to_stderr(logging.WARNING)

    from infra.local.serving import serve

    return _run(serve(given))


def _demo(words: Sequence[str]) -> int:
    parser = _Parser(prog="./dev demo", description=VERBS["demo"])
    _world_options(parser)
    parser.add_argument("--days", type=_days, default=_DEMO_DAYS, help="to play (14)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args(words)
    _log_to_stderr(logging.ERROR)

    from infra.local.serving import demonstrate

    return _run(demonstrate(given))


def _token(words: Sequence[str]) -> int:
    from infra.local import tokens
    from infra.local.services.state import DEFAULT_FOLDER, State

    parser = _Parser(prog="./dev token", description=VERBS["token"])
    parser.add_argument("--user", required=True, help="whose token")
    parser.add_argument("--role", choices=("user", "ops"), default="user")
    parser.add_argument("--state", type=Path, default=DEFAULT_FOLDER, help="of the runtime")
    given = parser.parse_args(words)
    roles = sorted({"user", given.role})
    keys = State(given.state).folder
    now, ttl = datetime.now(UTC), timedelta(hours=12)
    print(tokens.mint(keys, given.user, roles, now=now, ttl=ttl))
    return 0


def _world_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--world", help="live, recorded:DIR or synthetic")
    parser.add_argument("--state", type=Path, help="folder that keeps everything")
    parser.add_argument("--from", dest="start", type=_date, help="first day of a played world")
    parser.add_argument("--assets", type=_assets, default=KNOWN_ASSETS, help="BTC,ETH")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic world (1)")
    parser.add_argument("--database-url", help="a Postgres to use instead of our own")
    parser.add_argument("--redis-url", help="a Redis to use instead of our own")


def _speed(text: str) -> float:
    with suppress(ValueError):
        if 0 < (speed := float(text)) < float("inf"):
            return speed
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


def _days(text: str) -> float:
    with suppress(ValueError):
        if 0 < (days := float(text)) < 10_000:
            return days
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of days above 0")


def _date(text: str) -> datetime:
    with suppress(ValueError):
        day = datetime.fromisoformat(text)
        return day.replace(tzinfo=UTC) if day.tzinfo is None else day.astimezone(UTC)
    raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2025-09-08")


def _assets(text: str) -> tuple[str, ...]:
    assets = tuple(dict.fromkeys(word.strip().upper() for word in text.split(",") if word.strip()))
    unknown = [asset for asset in assets if asset not in KNOWN_ASSETS]
    if unknown or not assets:
        known = ", ".join(KNOWN_ASSETS)
        raise argparse.ArgumentTypeError(f"{', '.join(unknown) or text!r}: known are {known}")
    return assets


def _log_to_stderr(level: int) -> None:
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run on a fast event loop; Ctrl-C and TERM cancel, so that everything is ended in order."""
    import uvloop

    async def until_told() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(until_told())


_RUN = {"start": _start, "demo": _demo, "token": _token}
