"""The command line behind `./dev`.  Exit 0: done; 1: failed; 2: bad input."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from automoney.errors import AutomoneyError, InvalidInput, Unknown
from automoney.market.assets import WATCHED, asset_named
from automoney.market.candles import Timeframe

VERBS = {
    "start": "run everything on this machine and serve the page, until Ctrl-C",
    "demo": "play recorded days at full speed and print what came of it",
    "backfill": "load history into Postgres; stopped or killed, the same command goes on",
    "backtest": "play a strategy over recorded years and say what came of it",
    "indicators": "print the indicators of a file of candles, a closed bar each",
    "lookahead": "show that no slot of a backtest knows what comes after it",
    "judges": "print the judges' rules, which docs/judges.md holds",
    "explain": "say of a run what was decided and why, like an analyst's note",
    "verify": "make a run once more from its receipts alone, and name the first byte that differs",
    "drill": "break a part for real, and see each step that is promised for it",
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


def _backfill(words: Sequence[str]) -> int:
    from infra.local.backfill import BEGINNING, known_sources, run

    parser = _Parser(prog="./dev backfill", description=VERBS["backfill"])
    _world_options(parser, start=BEGINNING, about_start=f"first day ({BEGINNING:%Y-%m-%d})")
    parser.add_argument(
        "--to", dest="end", type=_date, help="the day to end before (now, or the world's end)"
    )
    parser.add_argument(
        "--source",
        action="append",
        metavar="NAME",
        help=f"only from this one, may be given again: {', '.join(known_sources())}",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args(words)
    _log_to_stderr(logging.ERROR)
    return run(given)


def _indicators(words: Sequence[str]) -> int:
    from infra.local.candle_file import BadRow
    from infra.local.indicators import TIMEFRAMES, print_indicators

    parser = _Parser(prog="./dev indicators", description=VERBS["indicators"])
    parser.add_argument(
        "--candles",
        required=True,
        metavar="FILE",
        help="CSV, also gzipped, with open_time,open,high,low,close,volume; - is standard input",
    )
    names = [timeframe.value for timeframe in TIMEFRAMES]
    parser.add_argument("--timeframe", choices=names, default="1w", help="of the bars (1w)")
    parser.add_argument("--json", action="store_true", help="one JSON object a bar, all of them")
    given = parser.parse_args(words)
    try:
        return print_indicators(given.candles, Timeframe(given.timeframe), as_json=given.json)
    except BadRow as error:  # FILE:LINE first, where editors look for it
        print(error, file=sys.stderr)
        return 2


def _judges(words: Sequence[str]) -> int:
    from infra.local.judges import judges_in_words

    _Parser(prog="./dev judges", description=VERBS["judges"]).parse_args(words)
    print(judges_in_words(), end="")
    return 0


def _as_module(verb: str, name: str = "") -> Callable[[Sequence[str]], int]:
    """A verb whose module, of the same name or this one, has `add_options` and `run`."""

    def run(words: Sequence[str]) -> int:
        _log_to_stderr(logging.ERROR)  # first: the functions' logger keeps off what is there
        module = import_module(f"infra.local.{name or verb}")
        parser = _Parser(prog=f"./dev {verb}", description=VERBS[verb])
        module.add_options(parser)
        given = parser.parse_args(words)
        found: int = module.run(given)
        return found

    return run


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


def _world_options(
    parser: argparse.ArgumentParser,
    *,
    start: datetime | None = None,
    about_start: str = "first day of a played world",
) -> None:
    parser.add_argument("--world", help="live, recorded:DIR or synthetic")
    parser.add_argument("--state", type=Path, help="folder that keeps everything")
    parser.add_argument("--from", dest="start", type=_date, default=start, help=about_start)
    parser.add_argument("--assets", type=_assets, default=WATCHED, help="BTC,ETH")
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
    try:
        return tuple(asset_named(asset).code for asset in assets or ("",))
    except Unknown as error:
        known = ", ".join(error.known)
        raise argparse.ArgumentTypeError(f"{error.value!r}: known are {known}") from error


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


_RUN = {
    "start": _start,
    "demo": _demo,
    "backfill": _backfill,
    "backtest": _as_module("backtest", "backtest.command"),
    "lookahead": _as_module("lookahead", "lookahead.command"),
    "indicators": _indicators,
    "judges": _judges,
    "explain": _as_module("explain"),
    "verify": _as_module("verify"),
    "drill": _as_module("drill"),
    "token": _token,
}
