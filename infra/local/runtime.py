"""The local runtime: the services, an outside world, and AWS's parts played around the product.

It invokes the real handlers with real event bodies; only the clock and the world differ from what
runs in the cloud.
"""

import asyncio
import gc
import logging
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import uvicorn
import uvloop
from httpx_aiohttp import AiohttpTransport
from starlette.types import ASGIApp

from automoney import wiring
from automoney.encoding import parse_utc, utc_text
from automoney.errors import InvalidInput
from automoney.manifest import FUNCTIONS, Deploy, Queue, function_named
from automoney.observability import logger as function_logger
from automoney.ports import Follower
from automoney.trading.strategies import HODL_WAVE, STRATEGIES
from infra.local import events, tokens
from infra.local.alerts import Alert, Inbox
from infra.local.gateway import (
    FunctionError,
    FunctionTimeout,
    Hub,
    Limits,
    create_app,
    create_management_app,
)
from infra.local.lambdas import Lambdas
from infra.local.ports import open_listener
from infra.local.queues import Queues
from infra.local.recordings import ROOT
from infra.local.scheduler import LATE, Agenda, Due, first_firings, rules
from infra.local.screen import Screen
from infra.local.services import Services, State, start_services
from infra.local.worlds import NEVER, Choice, World, launch, live, window

HOST = "127.0.0.1"
DEMO_USER = "ada"
_SESSION = timedelta(hours=12)
_REDELIVERY = 15.0  # seconds between looks for messages that became visible again
_CHECK = 1.0  # seconds between looks at the services


@dataclass(frozen=True, slots=True)
class Options:
    """How to run.  `speed` is market seconds a second; None plays as fast as it can.

    `days` and `start` choose the span of a played world; `keys` is the folder of the signing key;
    `environment` are settings of the product that differ from those it is run with here.
    """

    world: Choice
    state: State
    keys: Path
    port: int
    speed: float | None
    days: float
    start: datetime | None = None
    assets: tuple[str, ...] = ("BTC", "ETH")
    seed: int = 1
    database_url: str | None = None
    redis_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Runtime:
    """Everything that runs, once `started` has built it."""

    def __init__(
        self,
        options: Options,
        screen: Screen,
        *,
        world: World,
        services: Services,
        lambdas: Lambdas,
        queues: Queues,
        port: int,
        span: tuple[datetime, datetime | None],
        alerts: list[Alert],
    ) -> None:
        self.options = options
        self.screen = screen
        self.world = world
        self.services = services
        self.port = port
        self.begins, self.ends = span
        self.alerts = alerts
        self._lambdas = lambdas
        self._queues = queues
        self._paused: dict[str, str | None] = {}  # by rule, why it last passed over its slot

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def token(self, user: str) -> str:
        """A token for REST and WebSocket."""
        return self.session(user).token

    def session(self, user: str) -> tokens.Session:
        """A token, and what the page is told with it."""
        return tokens.session(self.options.keys, user, ["user"], now=wiring.clock(), ttl=_SESSION)

    async def deploy(self) -> None:
        """What a deployment does once: the schema, and fences that a lost table forgot."""
        for function in FUNCTIONS:
            if any(isinstance(trigger, Deploy) for trigger in function.triggers):
                await self._lambdas.invoke(function.name, {})
        for strategy, fence in wiring.executions().fences().items():
            wiring.leases().restore_fence(f"strategy:{strategy}", fence)

    def enrol(self, user: str) -> None:
        """Give `user` an account and, unless he follows something, let him follow HODL-Wave."""
        at, books = self.world.now(), wiring.books()
        books.open_account(user, at=at, paper_money=wiring.settings().paper_money)
        if all(books.follower(name, user) is None for name in STRATEGIES):
            books.follow(Follower(user, HODL_WAVE.id, HODL_WAVE.guards), at=at)

    async def first_tick(self) -> None:
        """Fire every rule of the market for its latest slot, and hand over what was left behind.

        A strategy whose latest slot is too old to act on, and that has never run, judges the
        present moment instead: somebody who starts this wants to see something.
        """
        now = self.world.now()
        for due in first_firings(now):
            detail = dict(due.rule.detail)
            strategy = detail.get("strategy")
            if strategy and now - due.at > timedelta(minutes=10):
                if wiring.executions().latest(strategy) is None:
                    detail["slot"] = utc_text(self.world.now().replace(microsecond=0))
                elif self.world.clock is None:
                    continue  # its slot has passed; the next one comes as usual
            await self.fire(due, detail)

    async def play(self, until: datetime | None = None) -> None:
        """Fire the market's rules as they fall due, `until` a moment, the world's end or for ever.

        To go on afterwards, choose a moment at which nothing is due.
        """
        ends = until or self.ends
        agenda = Agenda(rules(wall=False), self.world.now())
        while ends is None or agenda.next_at < ends:
            await self._wait(agenda.next_at)
            due = agenda.pop()
            if not await self.fire(due, dict(due.rule.detail)) and not agenda.again(due):
                self._given_up(due)
        await self._queues.settled()
        if self.world.clock is not None and ends is not None:
            self.world.clock.set(ends)

    async def keep(self) -> None:
        """The wall's rules, redelivered messages and a look at the services, for ever."""
        agenda = Agenda(rules(wall=True), wiring.clock())
        redeliver = time.monotonic() + _REDELIVERY
        while True:
            await asyncio.sleep(_CHECK)
            self.services.check()
            self.world.check()
            while agenda.next_at <= wiring.clock():
                due = agenda.pop()
                await self.fire(due, dict(due.rule.detail))
            if time.monotonic() >= redeliver:
                redeliver = time.monotonic() + _REDELIVERY
                for queue in Queue:
                    await self._queues.drain(queue)
                self._tell_failures()

    async def fire(self, due: Due, detail: Mapping[str, str]) -> bool:
        """Invoke a rule's function and hand over what it queued; False if it failed."""
        region = self.services.region
        fired = max(due.fires, due.at)
        event = events.scheduled(due.function.name, due.rule.name, fired, detail, region=region)
        began = time.perf_counter()
        try:
            answer = await self._lambdas.invoke(due.function.name, event)
        except (FunctionError, FunctionTimeout) as error:
            self.screen.problem(str(error))
            return False
        if Queue.ORDERS in due.function.sends and answer.get("handed", 1):
            await self._queues.drain(Queue.ORDERS)
        if answer.get("relayed"):
            self._queues.follow(Queue.EVENTS)  # telling holds nobody's market up
        self._tell_failures()
        if self._told_before(due.rule.name, answer):
            return True
        if answer.get("outcome") in ("judged", "known"):
            answer = {**answer, **self._served(answer["execution"])}
        if not due.rule.wall:
            name = due.function.name.removeprefix("collect_")
            seconds = time.perf_counter() - began
            self.screen.tick(due.at, due.rule.name or name, answer, seconds)
        return True

    def _told_before(self, rule: str, answer: Mapping[str, Any]) -> bool:
        """Whether it is paused and the screen has said so: once is enough."""
        paused = answer.get("reason") if answer.get("outcome") == "paused" else None
        before = self._paused.get(rule)
        self._paused[rule] = paused
        return paused is not None and paused == before

    def _given_up(self, due: Due) -> None:
        """After the last try the admin is told, as Lambda's on-failure destination does."""
        told = f"{due.function.name} failed for {due.at:%Y-%m-%d %H:%M}"
        wiring.alerts().warn(told, f"It was tried {due.tries + 1} times and is not tried again.")

    async def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """What the gateway calls: run a function, and hand over what it queued."""
        answer: dict[str, Any] | None = await self._lambdas.invoke(name, event)
        if event.get("requestContext", {}).get("http", {}).get("method") == "POST":
            for queue in function_named(name).sends:  # nothing else may have queued something
                self._queues.follow(queue)
        return answer

    def _tell_failures(self) -> None:
        while self._queues.failures:
            self.screen.problem(self._queues.failures.pop(0))

    @staticmethod
    def _served(execution: str) -> dict[str, int]:
        with wiring.database().connection() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM orders WHERE execution_id = %s"
                " AND executed_at IS NOT NULL),"
                " (SELECT count(*) FROM trades WHERE execution_id = %s)",
                (execution, execution),
            ).fetchone()
        return {"served": row[0], "trades": row[1]} if row else {}

    async def _wait(self, until: datetime) -> None:
        """Let the market's time come to `until`: by waiting, at `speed`, or at once."""
        ahead = (until - self.world.now()).total_seconds()
        if self.world.clock is None:
            await asyncio.sleep(max(0.0, ahead))
            return
        if self.options.speed is not None:
            await asyncio.sleep(max(0.0, ahead) / self.options.speed)
        self.world.clock.set(until)


@asynccontextmanager
async def started(options: Options, screen: Screen) -> AsyncIterator[Runtime]:
    """Start everything, in parallel where it can be; end all of it when the block ends."""
    async with AsyncExitStack() as ending:
        launched = None
        if options.world.kind != "live":
            launched = launch(
                options.world, options.state, assets=options.assets, seed=options.seed
            )
            ending.callback(launched.close)
        listener = open_listener(HOST, options.port)
        ending.callback(listener.close)
        inner = open_listener(HOST, 0)
        ending.callback(inner.close)

        lambdas = Lambdas(FUNCTIONS, region="local")
        loading = asyncio.get_running_loop().run_in_executor(None, lambdas.load)  # from now on
        # The world first: what is wrong with it or the span is told before anything is started.
        world = launched.ready() if launched else live()
        ending.callback(world.close)
        if missing := [one for one in options.assets if one not in world.assets]:
            screen.problem(f"the {world.kind} market has no prices of {', '.join(missing)}")
        span = _span(world, options)
        services = start_services(
            options.state, database_url=options.database_url, redis_url=options.redis_url
        )
        ending.callback(services.stop)
        await loading

        port = listener.getsockname()[1]
        _wire(options, world, services, span[1], port=port, inner=inner.getsockname()[1])
        ending.callback(wiring.use, os.environ)
        ending.callback(lambdas.close)
        log = ending.enter_context(options.state.log("functions").open("a", buffering=1))
        _log_to(log)
        ending.callback(_log_to, sys.stdout)

        alerts = _subscribed(ending, services, screen)
        queues = Queues(
            wiring.queue_client(),
            {
                Queue.ORDERS: services.orders_queue_url,
                Queue.EVENTS: services.events_queue_url,
                Queue.LOOKS: services.looks_queue_url,
            },
            lambdas.invoke,
            region=services.region,
        )
        runtime = Runtime(
            options,
            screen,
            world=world,
            services=services,
            lambdas=lambdas,
            queues=queues,
            port=port,
            span=span,
            alerts=alerts,
        )
        await runtime.deploy()
        gc.freeze()  # modules and tables live as long as we do: no need to look at them again
        hub = Hub(now=wiring.clock)
        await _serve(
            ending,
            create_management_app(hub, services.aws_access_key),
            inner,
        )
        app = create_app(
            invoke=runtime.invoke,
            hub=hub,
            page_dir=ROOT / "dashboard",
            new_session=runtime.session,
            default_user=DEMO_USER,
        )
        await _serve(ending, app, listener)
        ending.push_async_callback(hub.close_all)  # first: its $disconnects still want the servers
        yield runtime


def _subscribed(ending: AsyncExitStack, services: Services, screen: Screen) -> list[Alert]:
    """Have alerts shown as they come; those that came."""
    loop, came = asyncio.get_running_loop(), list[Alert]()

    def told(alert: Alert) -> None:
        came.append(alert)
        loop.call_soon_threadsafe(screen.problem, f"{alert} - {' '.join(alert.detail.split())}")

    inbox = ending.enter_context(Inbox(told))
    inbox.subscribe(wiring.alert_client(), services.alerts_topic_arn)
    return came


def _span(world: World, options: Options) -> tuple[datetime, datetime | None]:
    """From when to when to play; a state that was used before goes on where it stopped."""
    if world.clock is None or world.ends is None:
        return world.now(), None
    left_at = world.clock.now()
    mark = options.state.folder / "until"
    if left_at != NEVER:
        if options.start is not None:
            raise InvalidInput(
                "--from",
                utc_text(options.start),
                f"none, for this state is at {utc_text(left_at)} already; or another --state",
            )
        # To where it was to end; a state that has come there goes on to the world's own end.
        until = parse_utc(mark.read_text().strip()) if mark.exists() else world.ends
        return left_at, until if left_at < until else world.ends
    begins, ends = window(world, days=options.days, start=options.start)
    options.state.write(mark, f"{utc_text(ends)}\n")
    world.clock.set(begins + LATE)
    return begins, ends


def _assets(options: Options, world: World) -> tuple[str, ...]:
    """What was asked for, as far as the world has prices of it."""
    return tuple(asset for asset in options.assets if asset in world.assets)


def _wire(
    options: Options,
    world: World,
    services: Services,
    ends: datetime | None,
    *,
    port: int,
    inner: int,
) -> None:
    """Point the product at what was started; nothing of the user's own AWS settings is used."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.update(services.environment())
    origins = ",".join(f"http://{host}:{port}" for host in (HOST, "localhost"))
    environment = {
        **os.environ,
        **world.environment,
        **(world.keys(ends) if ends else {}),
        "AUTOMONEY_ASSETS": ",".join(_assets(options, world)),
        "AUTOMONEY_WS_MANAGEMENT_URL": f"http://{HOST}:{inner}",
        "AUTOMONEY_WS_URL": f"ws://{HOST}:{port}/ws",
        "AUTOMONEY_JWT_ISSUER": tokens.ISSUER,
        "AUTOMONEY_JWT_AUDIENCE": tokens.AUDIENCE,
        "AUTOMONEY_JWKS": tokens.key_set(options.keys),
        "AUTOMONEY_ALLOWED_ORIGINS": origins,
        **options.environment,
    }
    if world.clock is None:
        wiring.use(environment)
    else:  # a played world is asked thousands of times: the quicker of httpx's transports
        surroundings = wiring.Surroundings(world.now, uvloop.new_event_loop, AiohttpTransport)
        wiring.use(environment, surroundings)


class _Server(uvicorn.Server):
    """Leaves signals to us: Ctrl-C ends the runtime, and that ends the server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _log_to(stream: TextIO) -> None:
    """Where the functions' log lines go."""
    for handler in function_logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)


async def _serve(ending: AsyncExitStack, app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=Limits().socket_message,
        timeout_graceful_shutdown=3,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))

    async def end() -> None:
        server.should_exit = True
        await serving

    ending.push_async_callback(end)
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.01)
