"""Listening sockets, opened before anything is served, so that a taken port is told at once."""

import socket

from automoney.errors import InvalidInput


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on `port`, or on any free one for 0; InvalidInput naming `--port` if it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InvalidInput("--port", port, f"a free port ({error.strerror})") from error
    return listener
