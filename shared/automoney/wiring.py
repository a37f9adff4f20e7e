"""The only place that reads the environment and the clock and builds clients.

Builders import what they need inside, so that a function pays only for what it is wired to; what
they build is kept for the next invocation.
"""

import gc
import json
import os
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from automoney.settings import Settings

if TYPE_CHECKING:
    import asyncio

    from fastapi import FastAPI
    from httpx import AsyncBaseTransport
    from redis import Redis

    from automoney.identity import Verifier
    from automoney.ports import Alerts, Trades
    from automoney.schedule import Slot
    from automoney.sources.table import Source
    from automoney.stores.backfills import PostgresBackfills
    from automoney.stores.books import PostgresBooks
    from automoney.stores.breakers import PostgresBreaker
    from automoney.stores.budgets import PostgresBudget
    from automoney.stores.cache import RedisMarketCache
    from automoney.stores.candles import PostgresCandles
    from automoney.stores.collections import PostgresCollections
    from automoney.stores.connections import DynamoConnections
    from automoney.stores.database import Database
    from automoney.stores.executions import PostgresExecutions
    from automoney.stores.history import PostgresHistory
    from automoney.stores.leases import DynamoLeases
    from automoney.stores.marks import PostgresMarks
    from automoney.stores.outbox import PostgresOutbox
    from automoney.stores.readings import PostgresReadings
    from automoney.stores.tickets import DynamoTickets
    from automoney.transport import Limit, Transport
    from automoney.workflows.backfill import Job
    from automoney.workflows.collect import DataCollector
    from automoney.workflows.collect_prices import PriceCollector
    from automoney.workflows.collect_series import SeriesCollector
    from automoney.workflows.execute_orders import OrderExecutor
    from automoney.workflows.patience import Waits
    from automoney.workflows.purge import Purge
    from automoney.workflows.run_strategy import StrategyRunner

_HISTORY = timedelta(days=9 * 366)  # Binance's own history is shorter: weekly EMA55 gets all of it
_LEASE_TERM = timedelta(minutes=15)  # longer than any function's time limit

_CLOSED = {"database", "market_database", "redis"}  # builders of what holds connections open

_lock = threading.RLock()
_built: dict[str, Any] = {}
_here = threading.local()  # what belongs to one thread's event loop
_environment: Mapping[str, str] = os.environ


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a replay has of its own; None everywhere is the cloud.

    `market_clock` tells the time of the world that is traded, `event_loop` makes the loops that
    sources are asked on, and `connections` the transport they are asked through.  With `waits` they
    are asked with patience, and it is told of each wait.
    """

    market_clock: Callable[[], datetime] | None = None
    event_loop: "Callable[[], asyncio.AbstractEventLoop] | None" = None
    connections: "Callable[[], AsyncBaseTransport] | None" = None
    waits: "Waits | None" = None


def use(environment: Mapping[str, str], surroundings: Surroundings | None = None) -> None:
    """Wire anew from `environment`, in other surroundings than the cloud's if given."""
    global _environment, _surroundings, _here  # noqa: PLW0603  # this module is the one switch
    leave()
    with _lock:
        for name in _CLOSED & _built.keys():
            _built[name].close()
        _built.clear()
        _here = threading.local()
        _environment, _surroundings = environment, surroundings or Surroundings()


_surroundings = Surroundings()


def _once[T](builder: Callable[[], T]) -> Callable[[], T]:
    """Build at the first call, once in the process, and keep it until `use`."""

    @wraps(builder)
    def kept() -> T:
        name = builder.__name__
        if name not in _built:
            with _lock:
                if name not in _built:
                    _built[name] = builder()
        found: T = _built[name]
        return found

    return kept


def _once_here[T](builder: Callable[[], T]) -> Callable[[], T]:
    """As `_once`, but once a thread: for what belongs to the thread's event loop."""

    @wraps(builder)
    def kept() -> T:
        name = builder.__name__
        if not hasattr(_here, name):
            setattr(_here, name, builder())
        found: T = getattr(_here, name)
        return found

    return kept


def preload(module: str) -> None:
    """Import `module` before the first event, which would otherwise wait for it.

    Without garbage collection meanwhile: all that an import makes is there to stay, and looking
    it over again and again takes a tenth of LangGraph's second.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        import_module(module)
    finally:
        if collecting:
            gc.enable()


def clock() -> datetime:
    """The wall: for leases, tokens, idle limits and durations."""
    return datetime.now(UTC)


def market_clock() -> datetime:
    """What time it is in the world that is traded; in a replay that is not the wall's."""
    return (_surroundings.market_clock or clock)()


@_once
def settings() -> Settings:
    return Settings.parse(_environment)


@_once_here
def _runner() -> "asyncio.Runner":
    import asyncio

    return asyncio.Runner(loop_factory=_surroundings.event_loop)


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on this thread's own event loop, which lives on: so do its pooled connections."""
    return _runner().run(work)


def leave() -> None:
    """Close what belongs to this thread's event loop, and the loop; for a thread that ends."""
    if hasattr(_here, "_transport"):
        run(_transport().aclose())
    if hasattr(_here, "_runner"):
        _runner().close()
    _here.__dict__.clear()


# ---------------------------------------------------------------- AWS


def _aws(service: str, **more: Any) -> Any:
    import boto3
    from botocore.config import Config

    here = settings()
    session = boto3.session.Session(
        aws_access_key_id=_environment.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=_environment.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=_environment.get("AWS_SESSION_TOKEN"),
        region_name=here.aws_region,
    )
    options = {"endpoint_url": here.aws_endpoint_url, **more}
    config = Config(
        connect_timeout=2, read_timeout=10, retries={"mode": "standard"}, max_pool_connections=32
    )
    return session.client(service, config=config, **options)  # type: ignore[call-overload]  # by name


@_once
def _dynamodb() -> Any:
    return _aws("dynamodb")


@_once
def queue_client() -> Any:
    """A boto3 SQS client."""
    return _aws("sqs")


def _secret(variable: str) -> dict[str, str]:
    """The JSON secret whose ARN `variable` holds; empty without the variable."""
    arn = _environment.get(variable)
    if not arn:
        return {}
    text = _aws("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    found: dict[str, str] = json.loads(text)
    return found


@_once
def _keys() -> dict[str, str]:
    """Keys of outside sources, by name: from the settings, else from the secret ops filled in."""
    return {**_secret("AUTOMONEY_KEYS_SECRET"), **settings().source_keys}


@_once
def leases() -> "DynamoLeases":
    from automoney.stores.leases import DynamoLeases

    return DynamoLeases(_dynamodb(), settings().leases_table, clock, _LEASE_TERM)


@_once
def connections() -> "DynamoConnections":
    from automoney.stores.connections import DynamoConnections

    return DynamoConnections(_dynamodb(), settings().connections_table)


@_once
def tickets() -> "DynamoTickets":
    from automoney.stores.tickets import DynamoTickets

    return DynamoTickets(_dynamodb(), settings().tickets_table)


@_once
def alerts() -> "Alerts":
    from automoney.channels.alerts import LogAlerts, SnsAlerts

    topic = settings().alerts_topic_arn
    return SnsAlerts(_aws("sns"), topic) if topic else LogAlerts()


@_once
def sockets() -> Any:
    from automoney.channels.sockets import ApiGatewaySockets

    url = settings().ws_management_url
    return ApiGatewaySockets(_aws("apigatewaymanagementapi", endpoint_url=url))


@_once
def verifier() -> "Verifier":
    from automoney.identity import Verifier

    here = settings()
    return Verifier(here.jwt_issuer, here.jwt_audience, here.jwks)


# ---------------------------------------------------------------- stores


@_once
def _database_url() -> str:
    url = settings().database_url
    if url:
        return url
    secret = _secret("AUTOMONEY_DATABASE_SECRET")
    host = _environment.get("AUTOMONEY_DATABASE_HOST") or secret["host"]
    name = _environment.get("AUTOMONEY_DATABASE_NAME") or secret["dbname"]
    user, password = quote(secret["username"], safe=""), quote(secret["password"], safe="")
    return f"postgresql://{user}:{password}@{host}:5432/{name}?sslmode=require"


@_once
def database() -> "Database":
    """For money: a commit is on disk before it returns."""
    from automoney.stores.database import Database

    return Database.open(_database_url(), durable=True)


@_once
def market_database() -> "Database":
    """For the market's data, which could be collected once more."""
    from automoney.stores.database import Database

    return Database.open(_database_url(), durable=False)


@_once
def redis() -> "Redis":
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.retry import Retry

    password = _secret("AUTOMONEY_REDIS_SECRET").get("token")
    options: dict[str, Any] = {"password": password} if password else {}
    found: Redis = Redis.from_url(
        settings().redis_url,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        # A connection that died while it was kept is made anew; silence is not waited for twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        **options,
    )
    return found


@_once
def cache() -> "RedisMarketCache":
    from automoney.stores.cache import RedisMarketCache
    from automoney.stores.ttl import Lives

    return RedisMarketCache(redis(), Lives.changed_by(settings().ttls))


@_once
def candles() -> "PostgresCandles":
    from automoney.stores.candles import PostgresCandles

    return PostgresCandles(market_database())


@_once
def marks() -> "PostgresMarks":
    from automoney.stores.marks import PostgresMarks

    return PostgresMarks(market_database())


@_once
def readings() -> "PostgresReadings":
    from automoney.stores.readings import PostgresReadings

    return PostgresReadings(market_database())


@_once
def collections() -> "PostgresCollections":
    from automoney.stores.collections import PostgresCollections

    return PostgresCollections(market_database())


@_once
def breaker() -> "PostgresBreaker":
    from automoney.stores.breakers import PostgresBreaker

    return PostgresBreaker(market_database())  # which collectors have open anyway


@_once
def budget() -> "PostgresBudget":
    from automoney.stores.budgets import PostgresBudget

    return PostgresBudget(database())


@_once
def backfills() -> "PostgresBackfills":
    from automoney.stores.backfills import PostgresBackfills

    return PostgresBackfills(market_database())


@_once
def executions() -> "PostgresExecutions":
    from automoney.stores.executions import PostgresExecutions

    return PostgresExecutions(database())


@_once
def books() -> "PostgresBooks":
    from automoney.stores.books import PostgresBooks

    return PostgresBooks(database())


@_once
def outbox() -> "PostgresOutbox":
    from automoney.stores.outbox import PostgresOutbox

    return PostgresOutbox(database())


@_once
def history() -> "PostgresHistory":
    from automoney.stores.history import PostgresHistory

    return PostgresHistory(database())


# ---------------------------------------------------------------- sources


class _LateBudget:
    """Connects to the durable database only when a source that has limits is really asked."""

    def take(self, source: str, limits: "Sequence[Limit]", *, now: datetime) -> timedelta | None:
        return budget().take(source, limits, now=now)


@_once_here
def _transport() -> "Transport":
    from automoney.sources.table import SOURCES
    from automoney.transport import Transport

    connections, waits = _surroundings.connections, _surroundings.waits
    made: Callable[..., Transport] = Transport
    if waits is not None:
        from automoney.workflows.patience import PatientTransport

        made = partial(PatientTransport, waits)
    return made(
        breaker=breaker(),
        budget=_LateBudget(),
        limits={row.name: row.limits for row in SOURCES if row.limits},
        clock=market_clock,
        # Who waits does so by the wall, whatever the time in the world that is traded.
        wall=clock if waits is not None and _surroundings.market_clock is not None else None,
        timeout=settings().source_timeout,
        pool=connections() if connections else None,
    )


def _source(row: "Source") -> Any:
    """The source of a row of the table; None for a keyed one without a key."""
    key = _keys().get(row.name, "") if row.keyed else ""
    if row.keyed and not key:
        return None
    return row.made(_transport(), settings().source_urls.get(row.name, row.url), key)


def sources(group: str) -> tuple[Any, ...]:
    """What a group can be asked of, the best first: `PriceSource`s or `SeriesSource`s."""
    from automoney.sources.table import sources_of

    return tuple(made for row in sources_of(group) if (made := _source(row)) is not None)


def _trades() -> "Trades":
    from automoney.sources.table import source_named

    found: Trades = _source(source_named("binance"))
    return found


# ---------------------------------------------------------------- workflows


@_once_here
def price_collector() -> "PriceCollector":
    from automoney.workflows.collect_prices import PriceCollector

    return PriceCollector(
        sources("prices"),
        settings().assets,
        candles=candles(),
        marks=marks(),
        cache=cache(),
        history=_HISTORY,
    )


def series_collector(group: str) -> "SeriesCollector":
    """The collector of `onchain`, `macro` or `sentiment` readings."""
    from automoney.workflows.collect_series import SeriesCollector

    return SeriesCollector(
        group, sources(group), settings().assets, readings=readings(), cache=cache()
    )


def backfill_jobs(start: datetime, end: datetime, names: Collection[str] = ()) -> "list[Job]":
    """What loads the history from `start` to before `end`: of the sources in `names`, or of all.

    Prices come from the first source of them alone, since no other has all bars and volumes.
    """
    from automoney.market.series import SERIES
    from automoney.workflows.backfill import Span
    from automoney.workflows.backfill_candles import TIMEFRAMES, CandleJob, wanted_span
    from automoney.workflows.backfill_readings import ReadingJob

    assets = settings().assets
    jobs: list[Job] = [
        CandleJob(source, asset, timeframe, span, candles(), backfills())
        for source in sources("prices")[:1]
        for timeframe in TIMEFRAMES
        for span in [wanted_span(timeframe, start, end)]
        for asset in assets
    ]
    for group, per_asset in {one.group: one.per_asset for one in SERIES.values()}.items():
        jobs += (
            ReadingJob(source, group, asset, Span(start, end), market_clock(), backfills())
            for source in sources(group)
            for asset in (assets if per_asset else (None,))
        )
    return [job for job in jobs if not names or job.source in names]


def collect(collector: "DataCollector[Any]", slot: "Slot") -> dict[str, Any]:
    """Run a collector for `slot` and record how it went."""
    from automoney.workflows.collect import collect

    def meter() -> int:
        return _transport().bytes

    return run(
        collect(
            collector,
            slot,
            collections=collections(),
            alerts=alerts(),
            clock=clock,
            meter=meter,
        )
    )


@_once
def purge() -> "Purge":
    from automoney.stores.leftovers import PostgresLeftovers
    from automoney.workflows.purge import Purge

    leftovers = PostgresLeftovers(database())
    return Purge(settings().assets, marks(), candles(), leftovers, cache())


@_once
def strategy_runner() -> "StrategyRunner":
    from automoney.agents.panel import LangGraphPanel
    from automoney.channels.queues import SqsOrderQueue
    from automoney.workflows.run_strategy import StrategyRunner
    from automoney.workflows.snapshots import Market

    here = settings()
    return StrategyRunner(
        assets=here.assets,
        leases=leases(),
        market=Market(candles(), marks(), readings(), cache()),
        panel=LangGraphPanel(),
        executions=executions(),
        orders=SqsOrderQueue(queue_client(), here.orders_queue_url, here.order_batch),
        cache=cache(),
        alerts=alerts(),
        market_clock=market_clock,
    )


@_once_here
def order_executor() -> "OrderExecutor":
    from automoney.trading.orders import Costs
    from automoney.workflows.execute_orders import OrderExecutor

    here = settings()
    return OrderExecutor(executions(), books(), _trades(), Costs(here.fee, here.slippage))


def migrate() -> list[str]:
    """Apply the migrations that are missing; return their names."""
    from automoney.stores.schema import migrate

    return migrate(database())


def relay() -> int:
    """Hand every committed event that waits to the queue; return how many."""
    from automoney.channels.queues import SqsEventQueue
    from automoney.workflows.relay import relay

    return relay(outbox(), SqsEventQueue(queue_client(), settings().events_queue_url))


@_once
def rest_api() -> "FastAPI":
    from automoney.api.app import create_app
    from automoney.api.services import Services
    from automoney.workflows.market_view import MarketView

    view = MarketView(settings().assets, candles(), marks(), readings(), cache())
    return create_app(
        Services(
            verifier=verifier(),
            clock=clock,
            market_clock=market_clock,
            settings=settings(),
            executions=executions(),
            books=books(),
            history=history(),
            outbox=outbox(),
            collections=collections(),
            cache=cache(),
            marks=marks(),
            view=view,
            tickets=tickets(),
            check_database=database().answers,
        )
    )
