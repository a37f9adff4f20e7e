"""A price tick end to end, beside the API's own time: handler, cleaning, indicators, stores.

The real `collect_prices` handler gets an EventBridge event every five minutes of a synthetic
world's last days, with the embedded Postgres and Valkey, and the HTTP client that the cloud has.
While at least one request is on its way, from handing it to the HTTP client to the last byte of
the answer, it is the API's time; all the rest of the tick is ours.  The first tick fetches eight
years and is left out.
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from automoney import wiring
from automoney.observability import logger
from automoney.schedule import PRICES
from benchmarks.result import Benchmark, Result
from functions.collect_prices.handler import handler
from infra.local import events
from infra.local.lambdas import Context
from infra.local.scheduler import LATE
from infra.local.services import State, start_services
from infra.local.worlds import Choice, World, launch

_GOAL_MS = 8.0
_SEED = 1
_ASSETS = ("BTC", "ETH")
_STEP = timedelta(minutes=5)


class Stopwatch:
    """Sums the seconds in which at least one request was on its way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._open = 0
        self._since = 0.0

    def start(self) -> None:
        if self._open == 0:
            self._since = time.perf_counter()
        self._open += 1

    def stop(self) -> None:
        self._open -= 1
        if self._open == 0:
            self.seconds += time.perf_counter() - self._since


class Timed(httpx.AsyncBaseTransport):
    """The HTTP client that the cloud has, on a stopwatch."""

    def __init__(self, watch: Stopwatch) -> None:
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)
        self._watch = watch

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._watch.start()
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException:
            self._watch.stop()
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _TimedStream(response.stream, self._watch)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _TimedStream(httpx.AsyncByteStream):
    """An answer's body; closing it stops the watch."""

    def __init__(self, inner: httpx.AsyncByteStream, watch: Stopwatch) -> None:
        self._inner = inner
        self._watch = watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
        self._watch.stop()


@dataclass(frozen=True, slots=True)
class Tick:
    """One invocation: `own` and `api` milliseconds, and whether an hour had just closed."""

    own: float
    api: float
    closed: bool


def ticks(count: int) -> Iterator[Tick]:
    """Play that many ticks up to the world's end, each as it comes."""
    watch = Stopwatch()
    for told in logger.handlers:
        if isinstance(told, logging.StreamHandler):
            told.setStream(sys.stderr)  # figures are what standard output is for
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state")
        launched = launch(Choice("synthetic"), state, assets=_ASSETS, seed=_SEED)
        with start_services(state) as services:
            world = launched.ready()
            try:
                surroundings = wiring.Surroundings(world.now, connections=lambda: Timed(watch))
                environment = {**services.environment(), **world.environment}
                wiring.use(environment, surroundings)
                wiring.migrate()
                yield from _played(world, watch, count)
            finally:
                wiring.leave()
                wiring.use({})
                world.close()


def _played(world: World, watch: Stopwatch, count: int) -> Iterator[Tick]:
    assert world.clock is not None and world.ends is not None, "a synthetic world has both"
    first = PRICES.slot_at(world.ends).at - (count + 1) * _STEP
    context: Any = Context("collect_prices", 512, "", "", "", "", "", float("inf"))
    for number in range(count + 1):
        at = first + number * _STEP
        world.clock.set(at + LATE)
        event = events.scheduled("collect_prices", "", at + LATE, {}, region="local")
        watch.seconds = 0.0
        began = time.perf_counter()
        answer = handler(event, context)
        took = time.perf_counter() - began
        assert answer["outcome"] == "ok", answer
        if number:  # the first one fetches years
            api = watch.seconds
            yield Tick((took - api) * 1000, api * 1000, at.minute == 0)


def _run(quick: bool) -> Sequence[Result]:
    played = list(ticks(24 if quick else 600))
    every = [tick.own for tick in played]
    quiet = [tick.own for tick in played if not tick.closed]
    closing = [tick.own for tick in played if tick.closed]
    median = statistics.median(every)
    return [
        Result("price tick, p50", median, "ms", f"<= {_GOAL_MS:g} ms", median <= _GOAL_MS),
        Result("price tick, p95", _p95(every), "ms"),
        Result("quiet tick, p50", statistics.median(quiet), "ms"),
        Result("quiet tick, p95", _p95(quiet), "ms"),
        Result("tick on which an hour closed, p50", statistics.median(closing), "ms"),
        Result("tick on which an hour closed, p95", _p95(closing), "ms"),
        Result("the API's own time a tick, p50", statistics.median(t.api for t in played), "ms"),
    ]


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[round(0.95 * (len(values) - 1))]


BENCHMARK = Benchmark("ticks", "a price tick from event to stores, without the API's time", _run)
