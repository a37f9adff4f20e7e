"""The sockets that are open now, and what waits to go out on each."""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.websockets import WebSocket

from infra.local.gateway.limits import Limits


class SocketGone(Exception):
    """No open socket has this id."""


class BufferFull(Exception):
    """The socket's other end does not read as fast as we are asked to send."""


@dataclass(frozen=True, slots=True)
class Farewell:
    """The close frame of a socket."""

    code: int
    reason: str


class LiveSocket:
    """One open socket.  What is sent on it leaves in order, by `pump`, and never blocks a sender.

    Activity is a message in either direction; WebSocket's own pings are not.
    """

    def __init__(
        self, connection_id: str, source_ip: str, user_agent: str, at: datetime, limits: Limits
    ) -> None:
        self.connection_id = connection_id
        self.source_ip = source_ip
        self.user_agent = user_agent
        self.connected_at = at
        self.farewell: Farewell | None = None
        self._limits = limits
        self._queue: asyncio.Queue[str | Farewell] = asyncio.Queue()
        self._waiting = 0  # bytes
        self._opened = self._active = asyncio.get_running_loop().time()

    @property
    def last_active_at(self) -> datetime:
        return self.connected_at + timedelta(seconds=self._active - self._opened)

    def touch(self) -> None:
        """Something came in."""
        self._active = asyncio.get_running_loop().time()

    def send(self, text: str) -> None:
        """Queue a text frame.  Raises SocketGone after `close`, BufferFull at the limit."""
        if self.farewell is not None:
            raise SocketGone(self.connection_id)
        size = len(text)
        limits = self._limits
        if (
            self._queue.qsize() >= limits.queued_frames
            or self._waiting + size > limits.queued_bytes
        ):
            raise BufferFull(self.connection_id)
        self._waiting += size
        self._queue.put_nowait(text)
        self.touch()

    def close(self, code: int, reason: str) -> None:
        """Queue the close frame behind what was sent; nothing can be sent after it."""
        if self.farewell is None:
            self.farewell = Farewell(code, reason)
            self._queue.put_nowait(self.farewell)

    async def pump(self, websocket: WebSocket) -> None:
        """Send what is queued until the farewell has left.

        Raises TimeoutError when a frame can't leave because the other end does not read, and
        WebSocketDisconnect when there is no other end any more.
        """
        while True:
            frame = await self._queue.get()
            async with asyncio.timeout(self._limits.stalled.total_seconds()):
                if isinstance(frame, Farewell):
                    await websocket.close(frame.code, frame.reason)
                    return
                await websocket.send_text(frame)
            self._waiting -= len(frame)

    async def watch(self) -> None:
        """Close when idle for too long or open for too long, as AWS does."""
        loop = asyncio.get_running_loop()
        end = self._opened + self._limits.socket_total.total_seconds()
        while True:
            due = min(end, self._active + self._limits.socket_idle.total_seconds())
            if loop.time() >= due:
                self.close(1001, "Going away")
                return
            await asyncio.sleep(due - loop.time())


class Hub:
    """All open sockets by id.  Belongs to one event loop; functions reach it by HTTP."""

    def __init__(self, *, now: Callable[[], datetime], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.now = now
        self.closing = False
        self._live: dict[str, LiveSocket] = {}
        self._serving: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._live)

    @property
    def at_rest(self) -> bool:
        """Whether no socket is open, opening, or still having its $disconnect run."""
        return not self._serving

    @staticmethod
    def new_id() -> str:
        """A connection id that looks like one of AWS's: 16 characters, the last a `=`."""
        return urlsafe_b64encode(secrets.token_bytes(11)).decode()

    def open(self, connection_id: str, source_ip: str, user_agent: str) -> LiveSocket:
        live = LiveSocket(connection_id, source_ip, user_agent, self.now(), self.limits)
        self._live[connection_id] = live
        return live

    def find(self, connection_id: str) -> LiveSocket:
        """The open socket of that id; raises SocketGone."""
        live = self._live.get(connection_id)
        if live is None or live.farewell is not None:
            raise SocketGone(connection_id)
        return live

    def forget(self, connection_id: str) -> None:
        self._live.pop(connection_id, None)

    def serving(self, task: asyncio.Task[None]) -> None:
        """Remember that `task` serves a socket, so that `close_all` can wait for it."""
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def close_all(self, *, timeout: timedelta = timedelta(seconds=5)) -> None:  # noqa: ASYNC109
        """Refuse new sockets, close all open ones with 1001, and wait for their $disconnect.

        To be called before the servers stop: the $disconnect functions may still want to push.
        """
        self.closing = True
        for live in list(self._live.values()):
            live.close(1001, "Going away")
        serving = self._serving - {asyncio.current_task()}
        if serving:
            await asyncio.wait(serving, timeout=timeout.total_seconds())
