"""SQS: followers for `execute_orders`, events for `ws_broadcast`, looks for `run_strategy`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from automoney.encoding import dumps
from automoney.errors import SourceUnavailable
from automoney.messages import Numbered

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_LARGEST = 200_000  # bytes in one message or call; SQS takes 256 KiB with its attributes
_MOST = 10  # messages in one call


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


@dataclass(frozen=True, slots=True)
class SqsLooks:
    """Meets `ports.Looks`.  One message: `{"strategy": ..., "at": ..., "askedBy": ...}`."""

    client: "SQSClient"
    url: str

    def ask(self, strategy_id: str, at: datetime, asked_by: str) -> None:
        body = dumps({"strategy": strategy_id, "at": at, "askedBy": asked_by})
        _send(self.client, self.url, [body])


def _packed(messages: Sequence[Numbered]) -> Iterator[str]:
    parts: list[str] = []
    size = 0
    for message in messages:
        part = f'{{"userId":{dumps(message.user_id)},"event":{message.text}}}'
        length = len(part.encode())
        if parts and size + length > _LARGEST:
            yield f'{{"messages":[{",".join(parts)}]}}'
            parts, size = [], 0
        parts.append(part)
        size += length
    if parts:
        yield f'{{"messages":[{",".join(parts)}]}}'


def _send(client: "SQSClient", url: str, bodies: Iterable[str]) -> None:
    """Send all of them, as many at a time as a call takes; SourceUnavailable if one is refused."""
    for some in _calls(bodies):
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": body} for number, body in enumerate(some)
        ]
        failed = client.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        if failed:
            reasons = ", ".join(sorted({one["Code"] for one in failed}))
            raise SourceUnavailable("sqs", f"{len(failed)} of {len(some)} refused: {reasons}")


def _calls(bodies: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if some and (len(some) == _MOST or size + length > _LARGEST):
            yield some
            some, size = [], 0
        some.append(body)
        size += length
    if some:
        yield some
