"""Sockets that remember what was pushed, and can be gone, stuck or idle."""

import json
from datetime import datetime
from threading import Lock
from typing import Any

from automoney.errors import ConnectionGone, SourceUnavailable


class FakeSockets:
    """Meets ports.Sockets.  A socket exists once it is in `active`; `stuck` ones are throttled."""

    def __init__(self, **active: datetime) -> None:
        self.active = dict(active)
        self.stuck: set[str] = set()
        self.closed: list[str] = []
        self._sent: list[tuple[str, bytes]] = []
        self._lock = Lock()

    def post(self, connection_id: str, payload: bytes) -> None:
        with self._lock:
            self._find(connection_id)
            self._sent.append((connection_id, payload))

    def close(self, connection_id: str) -> None:
        with self._lock:
            self._find(connection_id)
            del self.active[connection_id]
            self.closed.append(connection_id)

    def last_active(self, connection_id: str) -> datetime:
        with self._lock:
            return self._find(connection_id)

    def heard(self, connection_id: str) -> list[dict[str, Any]]:
        """What a socket was told, in order."""
        return [json.loads(payload) for target, payload in self._sent if target == connection_id]

    def _find(self, connection_id: str) -> datetime:
        if connection_id in self.stuck:
            raise SourceUnavailable("WebSocket API", "Too many requests", status=429)
        if connection_id not in self.active:
            raise ConnectionGone(connection_id)
        return self.active[connection_id]
