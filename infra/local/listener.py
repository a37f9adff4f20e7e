"""A program on a real WebSocket, as a frontend would write one: subscribes, listens, counts."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Listener:
    """Receives a user's events; `seen` counts how often each `seq` came."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._ending = AsyncExitStack()
        self._arrived = asyncio.Event()
        self.seen: Counter[int] = Counter()

    async def __aenter__(self) -> "Listener":
        socket = await self._ending.enter_async_context(
            connect(self._url, additional_headers={"Authorization": f"Bearer {self._token}"})
        )
        await socket.send(json.dumps({"action": "subscribe"}))
        reply = json.loads(await socket.recv())
        if reply.get("event") != "subscribed":
            raise ConnectionError(f"the subscription was answered with {reply}")
        listening = asyncio.create_task(self._listen(socket))
        self._ending.callback(listening.cancel)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ending.aclose()

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                event: dict[str, Any] = json.loads(text)
                if "seq" in event:
                    self.seen[event["seq"]] += 1
                    self._arrived.set()
        except ConnectionClosed:
            return

    async def wait_for(self, seq: int, *, seconds: float) -> None:
        """Return once every number up to `seq` has come, or after `seconds` without."""
        deadline = asyncio.get_running_loop().time() + seconds
        while len(self.seen) < seq:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                return
