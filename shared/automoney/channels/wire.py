"""One kept HTTP/1.1 connection, as little of it as `PostToConnection` takes.

`http.client` parses headers as e-mail, which costs more processor time than all else of a call.
"""

import socket
import ssl
from urllib.parse import SplitResult


class Cut(Exception):
    """The other end closed the connection, or spoke no HTTP."""


class Wire:
    """Not safe to share between threads.  OSError (TimeoutError too) and Cut are what can fail."""

    def __init__(self, base: SplitResult, timeout: float, trust: ssl.SSLContext | None) -> None:
        assert base.hostname is not None, "a URL of settings has a host"
        port = base.port or (443 if base.scheme == "https" else 80)
        self._socket = socket.create_connection((base.hostname, port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if trust is not None:
            self._socket = trust.wrap_socket(self._socket, server_hostname=base.hostname)
        self.kept = False  # whether it has served a call before
        self.open = True

    def close(self) -> None:
        self.open = False
        self._socket.close()

    def ask(self, request: bytes) -> int:
        """Send a whole request, take a whole answer; its status."""
        self._socket.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head = answer[:end].lower()
        if not head.startswith(b"http/1.") or not head[9:12].isdigit():
            raise Cut("no HTTP")
        status = int(head[9:12])
        length = 0 if status == 204 else _length(head)
        if length is None:  # chunked, or until it closes: the status is all we want
            self.close()
            return status
        left = length - (len(answer) - end - 4)
        while left > 0:
            left -= len(self._more())
        self.kept = True
        if b"\r\nconnection: close" in head:
            self.close()
        return status

    def _more(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise Cut("closed")
        return data


def _length(head: bytes) -> int | None:
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if not found:
        return None
    text = rest.partition(b"\r\n")[0].strip()
    return int(text) if text.isdigit() else None
