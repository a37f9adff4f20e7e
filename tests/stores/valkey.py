"""A Valkey of a test's own, that it may empty, stop and start again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from infra.local.services.process import Server
from infra.local.services.state import State
from infra.local.services.valkey import Valkey


class OwnValkey:
    """Runs on the same port whenever it runs."""

    def __init__(self, folder: Path) -> None:
        state = State(folder)
        self._program = Valkey(state)
        self._server = Server(self._program, state)
        self.start()

    def start(self) -> None:
        self._server.start()
        self._server.wait_ready()

    def stop(self) -> None:
        self._server.stop()

    def client(self) -> Redis:
        """As `wiring.redis` makes one."""
        found: Redis = Redis.from_url(
            self._program.url(self._server.port),
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        return found


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    own = OwnValkey(tmp_path / "valkey")
    yield own
    own.stop()
