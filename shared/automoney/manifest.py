"""THE table: every function's trigger, limits and grants.

Read by `infra.cdk`, which turns rows into resources, and by `infra.local`, which plays them.
Adding a function means one row here, one folder in `functions/` and one workflow.
"""

from dataclasses import dataclass
from enum import StrEnum

from automoney import schedule
from automoney.schedule import Schedule
from automoney.trading.strategies import STRATEGIES


class Queue(StrEnum):
    """SQS queues; the value is the name's suffix."""

    ORDERS = "orders"
    EVENTS = "events"
    LOOKS = "looks"


class Table(StrEnum):
    """DynamoDB tables; the value is the name's suffix."""

    LEASES = "leases"
    CONNECTIONS = "connections"
    TICKETS = "tickets"
    RATES = "rates"
    REPLIES = "replies"


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's partition `key`, its one index (name, key), and whether rows expire.

    All keys are strings; the attribute that expires is `expires`, in seconds since 1970.
    """

    key: str
    index: tuple[str, str] | None = None
    expiring: bool = True


SHAPES = {
    # A lease's row outlives it: deleting one would reset its fence, which must only ever grow.
    Table.LEASES: Shape("name", expiring=False),
    Table.CONNECTIONS: Shape("connection_id", index=("by_user", "user_id")),
    Table.TICKETS: Shape("ticket"),
    Table.RATES: Shape("caller"),
    Table.REPLIES: Shape("name"),
}


class Route(StrEnum):
    """WebSocket routes of API Gateway."""

    CONNECT = "$connect"
    DISCONNECT = "$disconnect"
    DEFAULT = "$default"


@dataclass(frozen=True, slots=True)
class Cron:
    """EventBridge invokes at `schedule` with the rule's `time` and `detail`.

    `name` tells rules of one function apart: each strategy is a rule of `run_strategy`.
    `wall` rules keep the wall's time even where the market's is simulated: idle limits run on it.
    """

    schedule: Schedule
    name: str = ""
    detail: tuple[tuple[str, str], ...] = ()
    wall: bool = False


@dataclass(frozen=True, slots=True)
class Consume:
    """SQS invokes with up to `batch` messages; failed ones are retried alone."""

    queue: Queue
    batch: int = 10


@dataclass(frozen=True, slots=True)
class Socket:
    """API Gateway's WebSocket API invokes for this route."""

    route: Route


@dataclass(frozen=True, slots=True)
class Authorizer:
    """API Gateway's WebSocket API asks it before `$connect`."""


@dataclass(frozen=True, slots=True)
class Http:
    """API Gateway's HTTP API hands every route to it."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Invoked once by each deployment, and by each start of the local runtime, before all else."""


Trigger = Deploy | Cron | Consume | Socket | Authorizer | Http


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda.  `name` is its folder in `functions/`; `timeout` in seconds, `memory` in MB.

    `stores` means Postgres and Redis, so it sits in the VPC; `sockets` the @connections API.
    `internet` means it calls an outside API; `models` that it asks language models, where there are
    any; `priority` orders functions due at the same moment on the local runtime: collectors first.
    """

    name: str
    purpose: str
    triggers: tuple[Trigger, ...]
    timeout: int
    memory: int = 512
    stores: bool = False
    internet: bool = False
    models: bool = False
    sockets: bool = False
    sends: tuple[Queue, ...] = ()
    tables: tuple[Table, ...] = ()
    alerts: bool = False
    priority: int = 50


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "migrate_database",
        "brings the database's schema up to date",
        (Deploy(),),
        timeout=300,
        stores=True,
        priority=0,
    ),
    Function(
        "collect_prices",
        "prices and candles from Binance, else CoinGecko; indicators",
        (Cron(schedule.PRICES),),
        timeout=60,
        stores=True,
        internet=True,
        sends=(Queue.EVENTS,),
        alerts=True,
        priority=10,
    ),
    Function(
        "collect_onchain",
        "on-chain metrics from Glassnode or Coin Metrics",
        (Cron(schedule.ONCHAIN),),
        timeout=60,
        stores=True,
        internet=True,
        sends=(Queue.EVENTS,),
        alerts=True,
        priority=11,
    ),
    Function(
        "collect_macro",
        "interest rates, money and the dollar from FRED",
        (Cron(schedule.MACRO),),
        timeout=60,
        stores=True,
        internet=True,
        sends=(Queue.EVENTS,),
        alerts=True,
        priority=12,
    ),
    Function(
        "collect_sentiment",
        "the Fear & Greed index from Alternative.me",
        (Cron(schedule.SENTIMENT),),
        timeout=60,
        stores=True,
        internet=True,
        sends=(Queue.EVENTS,),
        alerts=True,
        priority=13,
    ),
    Function(
        "run_strategy",
        "preconditions, snapshot, agents, judgement; hands orders out; takes looks",
        (
            *(
                Cron(strategy.schedule, strategy.id, (("strategy", strategy.id),))
                for strategy in STRATEGIES.values()
            ),
            Consume(Queue.LOOKS, batch=1),
        ),
        timeout=120,
        memory=1024,
        stores=True,
        internet=True,
        models=True,
        sends=(Queue.ORDERS, Queue.EVENTS),
        tables=(Table.LEASES,),
        alerts=True,
        priority=20,
    ),
    Function(
        "execute_orders",
        "decides, fills and books for a batch of followers",
        (Consume(Queue.ORDERS),),
        timeout=120,
        stores=True,
        internet=True,
        sends=(Queue.EVENTS,),
        alerts=True,
    ),
    Function(
        "ws_authorize",
        "lets a socket in by token or one-time ticket",
        (Authorizer(),),
        timeout=10,
        memory=256,
        tables=(Table.TICKETS,),
    ),
    Function(
        "ws_connect",
        "registers a socket; at most three a user",
        (Socket(Route.CONNECT),),
        timeout=10,
        memory=256,
        sockets=True,
        tables=(Table.CONNECTIONS,),
    ),
    Function(
        "ws_disconnect",
        "forgets a socket",
        (Socket(Route.DISCONNECT),),
        timeout=10,
        memory=256,
        tables=(Table.CONNECTIONS,),
    ),
    Function(
        "ws_message",
        "subscribe and unsubscribe",
        (Socket(Route.DEFAULT),),
        timeout=10,
        memory=256,
        sockets=True,
        tables=(Table.CONNECTIONS,),
    ),
    Function(
        "ws_broadcast",
        "pushes committed events to the sockets that asked for them",
        (Consume(Queue.EVENTS),),
        timeout=30,
        sockets=True,
        tables=(Table.CONNECTIONS,),
    ),
    Function(
        "ws_prune",
        "closes sockets that were idle for five minutes",
        (Cron(schedule.PRUNE, wall=True),),
        timeout=60,
        memory=256,
        sockets=True,
        tables=(Table.CONNECTIONS,),
        priority=60,
    ),
    Function(
        "api",
        "the REST API",
        (Http(),),
        timeout=29,
        stores=True,
        models=True,
        sends=(Queue.LOOKS, Queue.EVENTS),
        tables=(Table.TICKETS, Table.RATES, Table.REPLIES),
        alerts=True,  # of models that fail while a user asks
    ),
    Function(
        "purge_cache",
        "drops what is expired or no longer needed",
        (Cron(schedule.PURGE),),
        timeout=120,
        stores=True,
        alerts=True,  # of Redis being gone, as whoever else has it
        priority=70,
    ),
)


def function_named(name: str) -> Function:
    """The row of that name.  Raises KeyError: a caller's typo, not a user's."""
    return {function.name: function for function in FUNCTIONS}[name]
