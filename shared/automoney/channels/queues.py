"""SQS: batches of followers for `execute_orders`, and events for `ws_broadcast`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automoney.encoding import dumps
from automoney.messages import Numbered

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LARGEST = 200_000  # bytes in one message; SQS takes 256 KiB with its attributes


@dataclass(frozen=True, slots=True)
class SqsOrderQueue:
    """Meets `ports.OrderQueue`.  One message: `{"executionId": ..., "users": [...]}`."""

    client: "SQSClient"
    url: str
    batch: int

    def hand_out(self, execution_id: str, users: Sequence[str]) -> None:
        bodies = (
            dumps({"executionId": execution_id, "users": users[start : start + self.batch]})
            for start in range(0, len(users), self.batch)
        )
        _send(self.client, self.url, bodies)


@dataclass(frozen=True, slots=True)
class SqsEventQueue:
    """Meets `ports.EventQueue`.  One message: `{"messages": [{"userId": ..., "event": ...}]}`."""

    client: "SQSClient"
    url: str

    def send(self, messages: Sequence[Numbered]) -> None:
        _send(self.client, self.url, _packed(messages))


def _packed(messages: Sequence[Numbered]) -> Iterator[str]:
    parts: list[str] = []
    size = 0
    for message in messages:
        part = dumps({"userId": message.user_id, "event": message.envelope()})
        length = len(part.encode())
        if parts and size + length > _LARGEST:
            yield f'{{"messages":[{",".join(parts)}]}}'
            parts, size = [], 0
        parts.append(part)
        size += length
    if parts:
        yield f'{{"messages":[{",".join(parts)}]}}'


def _send(client: "SQSClient", url: str, bodies: Iterable[str]) -> None:
    for body in bodies:
        client.send_message(QueueUrl=url, MessageBody=body)
