"""The gateway's WebSocket layer, frame by frame: RFC 6455 as Autobahn|Testsuite asks it.

That suite runs on Python 2 alone; these are the substance of its core groups by its case numbers.
Frames are written by hand: a library would not send most of them.  The gateway answers a text
message that asks for `ping`, which stands in for the suite's echo, and closes binary with 1003 as
API Gateway does.
"""

import os
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.infra.gateway.served import Gateway

PING = b'{"action":"ping"}'
PONG = b'{"event": "pong"}'
TEXT, BINARY, CLOSE, PINGS, PONGS = 1, 2, 8, 9, 10
CONT = 0


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True
) -> bytes:
    head = bytes([fin << 7 | rsv << 4 | opcode])
    size = len(payload)
    if size < 126:
        length = bytes([mask << 7 | size])
    elif size < 65_536:
        length = bytes([mask << 7 | 126]) + size.to_bytes(2)
    else:
        length = bytes([mask << 7 | 127]) + size.to_bytes(8)
    if not mask:
        return head + length + payload
    key = os.urandom(4)
    return head + length + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


class Raw:
    """A socket after its handshake, and the frames that come on it."""

    def __init__(self, gateway: Gateway) -> None:
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), 5)
        key = b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Authorization: Bearer ada\r\n\r\n".encode()
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")

    def _more(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError
        self._buffer += data

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def next(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        assert first & 0x80, "the gateway does not send fragments"
        assert not first & 0x70, "nor reserved bits"
        assert not second & 0x80, "a server's frames are not masked"
        size = second
        if second == 126:
            size = int.from_bytes(self._take(2))
        elif second == 127:
            size = int.from_bytes(self._take(8))
        return first & 15, self._take(size)

    def closed_with(self) -> int:
        """The close code; 1006 for an end without one."""
        try:
            while True:
                opcode, payload = self.next()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2]) if payload else 1005
        except (EOFError, ConnectionError):
            return 1006


@contextmanager
def opened(gateway: Gateway) -> Iterator[Raw]:
    raw = Raw(gateway)
    try:
        yield raw
    finally:
        raw.socket.close()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


PADDED = PING[:-1] + b" " * 200 + b"}"
LARGE = PING[:-1] + b" " * 65_536 + b"}"
UNICODE = '{"action":"ping","x":"κόσμε\U0010ffff"}'.encode()
IN_THREE = (
    frame(TEXT, PING[:5], fin=False) + frame(CONT, PING[5:9], fin=False) + frame(CONT, PING[9:])
)
ANSWERED = {
    "1.1.2 a small text": [frame(TEXT, PING)],
    "1.1.4 a text of 16-bit length": [frame(TEXT, PADDED)],
    "1.1.7 a text of 64-bit length": [frame(TEXT, LARGE)],
    "1.1.8 the same in chops of 997 bytes": cut(frame(TEXT, LARGE), 997),
    "2.10 ten pings first": [frame(PINGS, b"x") * 10 + frame(TEXT, PING)],
    "2.7 an unsolicited pong": [frame(PONGS) + frame(TEXT, PING)],
    "2.9 a pong with payload, then a ping": [frame(PONGS, b"x") + frame(PINGS) + frame(TEXT, PING)],
    "5.3 fragments in one chop": [IN_THREE],
    "5.5 fragments byte by byte": cut(IN_THREE, 1),
    "5.6 a ping between fragments": [
        frame(TEXT, PING[:5], fin=False) + frame(PINGS, b"now") + frame(CONT, PING[5:])
    ],
    "5.19 pings among many fragments": [
        frame(TEXT, PING[:1], fin=False)
        + b"".join(frame(CONT, PING[i : i + 1], fin=False) + frame(PINGS) for i in range(1, 16))
        + frame(CONT, PING[16:])
    ],
    "6.1.2 empty fragments around": [
        frame(TEXT, b"", fin=False) + frame(CONT, PING, fin=False) + frame(CONT, b"")
    ],
    "6.2.1 UTF-8 in one": [frame(TEXT, UNICODE)],
    "6.2.3 UTF-8 cut within letters": [
        b"".join(
            frame(CONT if i else TEXT, UNICODE[i : i + 1], fin=i == len(UNICODE) - 1)
            for i in range(len(UNICODE))
        )
    ],
    "10.1.1 auto-fragmented text": [
        b"".join(
            frame(CONT if i else TEXT, part, fin=i == len(cut(LARGE, 1300)) - 1)
            for i, part in enumerate(cut(LARGE, 1300))
        )
    ],
}


@pytest.mark.parametrize("case", ANSWERED)
def test_what_is_allowed_is_answered(gateway: Gateway, case: str) -> None:
    with opened(gateway) as raw:
        for part in ANSWERED[case]:
            raw.socket.sendall(part)
        opcode, payload = raw.next()
        while opcode == PONGS:
            opcode, payload = raw.next()
        assert (opcode, payload) == (TEXT, PONG)
        raw.socket.sendall(frame(CLOSE, (1000).to_bytes(2)))
        assert raw.closed_with() == 1000


@pytest.mark.parametrize("size", [0, 1, 125])
def test_2_1_to_2_4_a_ping_comes_back_as_it_was(gateway: Gateway, size: int) -> None:
    payload = os.urandom(size)
    with opened(gateway) as raw:
        for part in cut(frame(PINGS, payload), 3):
            raw.socket.sendall(part)
        assert raw.next() == (PONGS, payload)


BAD_UTF8 = {
    "6.3.1 a surrogate": b"\xce\xba\xed\xa0\x80edited",
    "6.4.1 above U+10FFFF": b"\xce\xba\xf4\x90\x80\x80",
    "6.8.1 an impossible byte": b"\xfe",
    "6.11 a lone continuation": b"\x80",
    "6.18 overlong": b"\xc0\xaf",
    "6.21 a lone surrogate": b"\xed\xbf\xbf",
    "6.6.3 cut short": b"\xce\xba\xe1\xbd",
}
FAILING: dict[str, tuple[bytes, int]] = {
    **{name: (frame(TEXT, text), 1007) for name, text in BAD_UTF8.items()},
    "2.5 a ping of 126 bytes": (frame(PINGS, b"x" * 126), 1002),
    "3.1 RSV of 1": (frame(TEXT, PING, rsv=1), 1002),
    "3.3 RSV of 3": (frame(TEXT, PING, rsv=3), 1002),
    "3.5 RSV of 5 in a ping": (frame(PINGS, b"", rsv=5), 1002),
    "3.7 RSV of 7 in a close": (frame(CLOSE, b"", rsv=7), 1002),
    **{f"4.1 opcode {op}": (frame(op, b""), 1002) for op in range(3, 8)},
    **{f"4.2 opcode {op}": (frame(op, b""), 1002) for op in range(11, 16)},
    "5.1 a fragmented ping": (frame(PINGS, b"x", fin=False) + frame(CONT, b"x"), 1002),
    "5.2 a fragmented pong": (frame(PONGS, b"x", fin=False) + frame(CONT, b"x"), 1002),
    "5.9 a continuation of nothing": (frame(CONT, PING), 1002),
    "5.10 the same, not final": (frame(CONT, PING, fin=False), 1002),
    "5.18 a second text within the first": (
        frame(TEXT, PING[:5], fin=False) + frame(TEXT, PING[5:]),
        1002,
    ),
    "7.3.2 a close payload of one byte": (frame(CLOSE, b"x"), 1002),
    "7.3.6 a close reason of 124 bytes": (frame(CLOSE, (1000).to_bytes(2) + b"x" * 124), 1002),
    "7.5.1 a close reason that is no UTF-8": (frame(CLOSE, b"\x03\xe8\xce\xba\xed\xa0\x80"), 1007),
    **{
        f"7.9 close code {code}": (frame(CLOSE, code.to_bytes(2)), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535)
    },
    "RFC 5.1 an unmasked frame": (frame(TEXT, PING, mask=False), 1002),
    "1.2 binary, which API Gateway has not": (frame(BINARY, b"\x00\xff"), 1003),
    "9 a message above 128 KB": (frame(TEXT, b" " * 131_073), 1009),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_is_not_ends_with_the_right_code(gateway: Gateway, case: str) -> None:
    sent, code = FAILING[case]
    with opened(gateway) as raw:
        raw.socket.sendall(sent)
        assert raw.closed_with() == code
        assert not gateway.functions.events("ws_message")


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
)
def test_7_7_a_good_close_code_comes_back(gateway: Gateway, code: int) -> None:
    with opened(gateway) as raw:
        raw.socket.sendall(frame(CLOSE, code.to_bytes(2) + b"x" * 123) + frame(TEXT, PING))
        assert raw.closed_with() == code  # 7.1.3: what follows a close is not answered


def test_7_3_1_an_empty_close_is_answered(gateway: Gateway) -> None:
    with opened(gateway) as raw:
        raw.socket.sendall(frame(CLOSE))
        assert raw.closed_with() in (1000, 1005)
