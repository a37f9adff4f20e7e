"""Many open sockets in a process of their own, as light as they can be.

`python -m benchmarks.push_clients PORT COUNT` opens them for users u0, u1, … and prints a line.
For each number N on standard input it waits for N frames more, at most 60 seconds, and prints a
JSON line: how many came, how often the same came to one socket again, when the last one came, and
the delays of all, in milliseconds, from the `sent` that their data hold (CLOCK_MONOTONIC).
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any, cast

import uvloop

from benchmarks.push_files import raise_limit

_SHAKE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer u{}\r\n\r\n"
)


class Tally:
    """What has come since it was last asked."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.seen: Counter[tuple[int, int]] = Counter()
        self.last = 0.0

    def count(self, user: int, frame: bytes) -> None:
        self.last = time.monotonic()
        message = json.loads(frame)
        self.seen[user, message["seq"]] += 1
        self.delays.append((self.last - message["data"]["sent"]) * 1000)


class Client(asyncio.Protocol):
    def __init__(self, user: int, tally: Tally) -> None:
        self.user, self._tally, self._buffer = user, tally, b""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.WriteTransport", transport).write(_SHAKE.format(self.user).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._buffer = rest
            self.opened.set_result(None)
        while (frame := self._frame()) is not None:
            self._tally.count(self.user, frame)

    def _frame(self) -> bytes | None:
        """The next whole text frame: unmasked, and below 64 KiB here."""
        if len(self._buffer) < 4:
            return None
        assert self._buffer[0] == 0x81, self._buffer[:4]
        start, size = 2, self._buffer[1]
        if size == 126:
            start, size = 4, int.from_bytes(self._buffer[2:4])
        if len(self._buffer) < start + size:
            return None
        frame = self._buffer[start : start + size]
        self._buffer = self._buffer[start + size :]
        return frame


async def _run(port: int, count: int) -> None:
    loop, tally = asyncio.get_running_loop(), Tally()
    clients: list[Any] = []
    for start in range(0, count, 200):
        some = [
            loop.create_connection(lambda user=user: Client(user, tally), "127.0.0.1", port)  # type: ignore[misc]
            for user in range(start, min(count, start + 200))
        ]
        opened = await asyncio.gather(*some)
        await asyncio.gather(*(client.opened for _, client in opened))
        clients += opened
    print(json.dumps({"open": len(clients)}), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        wanted, end = int(line), time.monotonic() + 60
        while len(tally.delays) < wanted and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        again = sum(tally.seen.values()) - len(tally.seen)
        told = {"came": len(tally.seen), "again": again, "last": tally.last}
        print(json.dumps(told | {"delays": tally.delays}), flush=True)
        tally.delays, tally.seen = [], Counter()


if __name__ == "__main__":
    raise_limit(12_000)
    uvloop.run(_run(int(sys.argv[1]), int(sys.argv[2])))
