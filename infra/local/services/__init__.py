"""The services that the product needs, real ones, on this machine: Postgres, Valkey and AWS.

with start_services(State()) as services:
    environment |= services.environment()
"""

import logging
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from infra.local.services.aws import REGION, Moto, Resources, own_session, provision
from infra.local.services.postgres import Postgres
from infra.local.services.process import Server, ServiceFailed
from infra.local.services.state import State
from infra.local.services.valkey import Valkey, ping

__all__ = ["ServiceFailed", "Services", "State", "Stores", "start_services", "start_stores"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """Where everything is.  Stops what it started when its `with` block ends."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    aws_endpoint_url: str
    aws_access_key: str
    aws_secret_key: str = field(repr=False)
    region: str
    orders_queue_url: str
    events_queue_url: str
    looks_queue_url: str
    alerts_topic_arn: str
    _credentials: dict[str, str] = field(repr=False)
    _servers: tuple[Server, ...] = field(repr=False)
    _ending: ExitStack = field(repr=False)

    def environment(self) -> dict[str, str]:
        """The variables that make the product, boto3 included, use these and nothing else."""
        passed_by = ",".join(filter(None, ("127.0.0.1,localhost", os.environ.get("NO_PROXY"))))
        return {
            "AUTOMONEY_DATABASE_URL": self.database_url,
            "AUTOMONEY_REDIS_URL": self.redis_url,
            "AUTOMONEY_AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AUTOMONEY_AWS_REGION": self.region,
            "AUTOMONEY_ORDERS_QUEUE_URL": self.orders_queue_url,
            "AUTOMONEY_EVENTS_QUEUE_URL": self.events_queue_url,
            "AUTOMONEY_LOOKS_QUEUE_URL": self.looks_queue_url,
            "AUTOMONEY_ALERTS_TOPIC_ARN": self.alerts_topic_arn,
            **self._credentials,
            "NO_PROXY": passed_by,
            "no_proxy": passed_by,
        }

    def pids(self) -> dict[str, int]:
        """The process number of each server that we started, by its name."""
        return {server.program.name: server.pid for server in self._servers if server.pid}

    def check(self) -> None:
        """Raise ServiceFailed, saying which and why, if one has stopped."""
        for server in self._servers:
            server.check()

    def stop(self) -> None:
        """End the servers, the last started first, and let others use the state folder."""
        self._ending.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@dataclass(frozen=True, slots=True)
class Stores:
    """Postgres and Redis alone, for work that asks nothing of AWS.  Used like `Services`."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    _servers: tuple[Server, ...] = field(repr=False)
    _ending: ExitStack = field(repr=False)

    def environment(self) -> dict[str, str]:
        """The variables that make the product keep its data here."""
        return {
            "AUTOMONEY_DATABASE_URL": self.database_url,
            "AUTOMONEY_REDIS_URL": self.redis_url,
        }

    def check(self) -> None:
        """Raise ServiceFailed, saying which and why, if one has stopped."""
        for server in self._servers:
            server.check()

    def stop(self) -> None:
        """End the servers, and let others use the state folder."""
        self._ending.close()


def start_stores(
    state: State, *, database_url: str | None = None, redis_url: str | None = None
) -> Stores:
    """As `start_services`, without AWS."""
    with ExitStack() as ending:
        ending.enter_context(state.hold())
        postgres, valkey = Postgres(state), Valkey(state)
        cache = None if redis_url else _start(ending, Server(valkey, state))
        database = None if database_url else _start(ending, Server(postgres, state))
        servers = tuple(server for server in (cache, database) if server)
        _reach_given(database_url, redis_url)
        for server in servers:
            server.wait_ready()
        return Stores(
            database_url or postgres.url(database.port if database else 0),
            redis_url or valkey.url(cache.port if cache else 0),
            servers,
            ending.pop_all(),
        )
    raise AssertionError("unreachable: the block returns or raises")


def start_services(
    state: State, *, database_url: str | None = None, redis_url: str | None = None
) -> Services:
    """Start what no URL is given for, and return once everything answers.

    Call it from the main thread, or one that lives as long as the services should: on Linux they
    end with it.  Raises InvalidInput if the state folder is in use, ServiceFailed for a service
    that does not start or answer; nothing is left running then.
    """
    began = time.monotonic()
    with ExitStack() as ending:
        ending.enter_context(state.hold())
        moto, postgres, valkey = Moto(state), Postgres(state), Valkey(state)
        aws = _start(ending, Server(moto, state))  # first, because it is the slowest
        cache = None if redis_url else _start(ending, Server(valkey, state))
        database = None if database_url else _start(ending, Server(postgres, state))
        servers = tuple(server for server in (aws, cache, database) if server)

        _reach_given(database_url, redis_url)
        session = own_session(moto.access_key, moto.secret_key)  # loads while the others do
        for server in reversed(servers):
            server.wait_ready()
            logger.info("%s ready after %.2f s", server.program.title, time.monotonic() - began)

        endpoint = moto.url(aws.port)
        made: Resources = provision(session, endpoint)
        logger.info("services ready after %.2f s", time.monotonic() - began)
        return Services(
            database_url=database_url or postgres.url(database.port if database else 0),
            redis_url=redis_url or valkey.url(cache.port if cache else 0),
            aws_endpoint_url=endpoint,
            aws_access_key=moto.access_key,
            aws_secret_key=moto.secret_key,
            region=REGION,
            orders_queue_url=made.orders_queue_url,
            events_queue_url=made.events_queue_url,
            looks_queue_url=made.looks_queue_url,
            alerts_topic_arn=made.alerts_topic_arn,
            _credentials=moto.credentials(),
            _servers=servers,
            _ending=ending.pop_all(),
        )
    raise AssertionError("unreachable: the block returns or raises")


def _start(ending: ExitStack, server: Server) -> Server:
    ending.callback(server.stop)
    server.start()
    return server


def _reach_given(database_url: str | None, redis_url: str | None) -> None:
    """Raise ServiceFailed, saying why, if one that is not ours does not answer."""
    if redis_url:
        _reach_redis(redis_url)
    if database_url:
        _reach_postgres(database_url)


def _reach_postgres(url: str) -> None:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())  # libpq likes several lines
        raise ServiceFailed(f"no Postgres answers at {_without_password(url)}: {reason}") from error


def _reach_redis(url: str) -> None:
    import redis

    try:
        ping(url)
    except (redis.RedisError, ValueError) as error:
        raise ServiceFailed(f"no Redis answers at {_without_password(url)}: {error}") from error


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    shown = f"{name}{colon and ':***'}{at}{host}"
    return urlunsplit(parts._replace(netloc=shown))
