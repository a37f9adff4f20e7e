"""`python -m infra.local.world`: load a recording or make one up, say so, and serve it.

One line of JSON on standard output when ready; errors on standard error.  Exit 2 for bad input.
It ends when it is told to (SIGTERM, SIGINT) or when the process that started it has ended.
"""

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import uvicorn

from automoney.encoding import parse_utc, utc_text
from automoney.errors import AutomoneyError
from automoney.market.assets import WATCHED, asset_named
from infra.local.world.clock import WorldClock, moment
from infra.local.world.recording import Recording, load_recording
from infra.local.world.server import CutShortOnPurpose, World
from infra.local.world.synthetic import DEFAULT_END, synthetic_recording

_PARENT_SECONDS = 0.5  # between two looks at whether the parent lives


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; return the exit code."""
    parent = os.getppid()
    options = _parser().parse_args(arguments)
    try:
        assets = _assets(options.assets)
        if options.recording is not None:
            recording = load_recording(options.recording, assets)
        else:
            recording = synthetic_recording(
                options.synthetic,
                assets,
                end=_end(options.to),
                five_minute_days=options.days,
            )
        clock = WorldClock.open(options.clock)
    except AutomoneyError as error:
        print(error, file=sys.stderr)
        return 2
    with clock, socket.create_server(("127.0.0.1", options.port), backlog=1024) as listener:
        print(json.dumps(ready_line(recording, listener.getsockname()[1])), flush=True)
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(World(recording, clock), listener, parent), loop_factory=_loop())
    return 0


def ready_line(recording: Recording, port: int) -> dict[str, object]:
    """What the runtime needs to know; `resolution` has the covered spans by asset and timeframe."""
    until = recording.glassnode_until
    return {
        "port": port,
        "world": recording.world,
        "from": utc_text(recording.begins),
        "to": utc_text(recording.ends),
        "glassnode_until": utc_text(until) if until else None,
        "resolution": {
            asset: {
                timeframe.value: [[utc_text(moment(at)) for at in span] for span in bars.spans]
                for timeframe, bars in ladder.given.items()
            }
            for asset, ladder in recording.ladders.items()
        },
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local.world", description=__doc__)
    parser.add_argument("--clock", type=Path, required=True, metavar="FILE")
    worlds = parser.add_mutually_exclusive_group(required=True)
    worlds.add_argument("--recording", type=Path, metavar="DIR")
    worlds.add_argument("--synthetic", type=int, metavar="SEED")
    parser.add_argument("--assets", default=",".join(WATCHED))
    parser.add_argument(
        "--days", type=int, default=30, help="synthetic: so many last days come in 5-minute candles"
    )
    parser.add_argument("--to", help="synthetic: the midnight in UTC at which the world ends")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    return parser


def _assets(text: str) -> tuple[str, ...]:
    assets = tuple(asset for asset in text.upper().split(",") if asset)
    return tuple(asset_named(asset, "--assets").code for asset in assets or ("",))


def _end(text: str | None) -> datetime:
    return DEFAULT_END if text is None else parse_utc(text, "--to")


def _loop() -> "type[asyncio.AbstractEventLoop] | None":
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


async def _serve(world: World, listener: socket.socket, parent: int) -> None:
    logging.getLogger("uvicorn.error").addFilter(CutShortOnPurpose())
    server = uvicorn.Server(
        uvicorn.Config(
            world,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=3600,
            timeout_graceful_shutdown=1,
        )
    )
    watch = asyncio.ensure_future(_end_with(parent, server))
    try:
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()


async def _end_with(parent: int, server: uvicorn.Server) -> None:
    """Stop once the parent has ended: an orphan is handed to another process."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells us, so we look
        await asyncio.sleep(_PARENT_SECONDS)
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
