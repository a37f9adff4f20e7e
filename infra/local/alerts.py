"""What the topic of alerts sends its subscribers: received over HTTP, as a pager would have it.

As in the cloud there is one subscriber a severity, and the topic chooses what each of them gets.
A thread of its own answers, for whoever publishes waits until it has, on whatever thread he is.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

WARNING, CRITICAL = "warning", "critical"


@dataclass(frozen=True, slots=True)
class Alert:
    """`severity` is warning or critical."""

    severity: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.severity.upper()}: {self.subject}"


class Inbox:
    """Subscribes to a topic; `told` is called with each alert, on another thread."""

    def __init__(self, told: Callable[[Alert], None]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def subscribe(self, sns: Any, topic_arn: str) -> None:
        """Have all that is published to the topic sent here; `sns` is a boto3 client."""
        for severity in (WARNING, CRITICAL):
            sns.subscribe(
                TopicArn=topic_arn,
                Protocol="http",
                Endpoint=f"http://127.0.0.1:{self._server.server_address[1]}/{severity}",
                Attributes={"FilterPolicy": json.dumps({"severity": [severity]})},
            )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def read(severity: str, body: bytes) -> Alert | None:
    """The alert in a notification; None for SNS's other messages.

    Source: AWS, "Parsing Amazon SNS message formats".
    """
    note = json.loads(body)
    if note.get("Type") != "Notification":
        return None
    subject, _, detail = note["Message"].partition("\n\n")
    return Alert(severity, subject, detail)


def _handler(told: Callable[[Alert], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            alert = read(self.path.strip("/"), body)
            if alert is not None:
                told(alert)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what came is told by whoever asked for it."""

    return Handler
