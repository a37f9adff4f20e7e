"""What is sent to SQS: whole, in as few calls as it takes, and an error if some was refused."""

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.stub import Stubber

from automoney.channels.queues import SqsEventQueue, SqsOrderQueue
from automoney.errors import SourceUnavailable
from automoney.messages import Numbered, scores_message
from infra.local.services import Services
from infra.local.services.aws import own_session
from tests.builders import judgement

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queue:
    """A queue of this test's own, and how many calls were made to send."""

    def __init__(self, services: Services) -> None:
        session = own_session(services.aws_access_key, services.aws_secret_key)
        self.client: SQSClient = session.client("sqs", endpoint_url=services.aws_endpoint_url)
        self.url = self.client.create_queue(QueueName=f"sent-{uuid4().hex[:8]}")["QueueUrl"]
        self.calls = 0
        self.client.meta.events.register("before-call.sqs.SendMessageBatch", self._count)

    def _count(self, **_: object) -> None:
        self.calls += 1

    def bodies(self) -> list[str]:
        """Of all messages that wait."""
        found = []
        while some := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [one["Body"] for one in some]
        return found


@pytest.fixture
def queue(aws: Services) -> Queue:
    return Queue(aws)


def test_followers_are_handed_out_in_batches_ten_a_call(queue: Queue) -> None:
    users = [f"user-{number:03}" for number in range(46)]

    SqsOrderQueue(queue.client, queue.url, batch=2).hand_out("run", users)

    batches = [json.loads(body) for body in queue.bodies()]
    assert {one["executionId"] for one in batches} == {"run"}
    assert sorted(user for one in batches for user in one["users"]) == users
    assert len(batches) == 23
    assert queue.calls == 3


def test_events_go_out_whole_and_no_call_is_larger_than_sqs_takes(queue: Queue) -> None:
    message = scores_message(judgement())
    count = 3 * 200_000 // len(message.text)
    sent = [Numbered("ada", number, message) for number in range(count)]

    SqsEventQueue(queue.client, queue.url).send(sent)

    bodies = queue.bodies()
    found = [one for body in bodies for one in json.loads(body)["messages"]]
    assert sorted(one["event"]["seq"] for one in found) == list(range(count))
    assert found[0] == {"userId": "ada", "event": sent[found[0]["event"]["seq"]].envelope()}
    assert max(len(body.encode()) for body in bodies) < 256 * 1024
    assert queue.calls == len(bodies)


def test_what_sqs_refuses_of_a_call_is_not_passed_over(queue: Queue) -> None:
    refused = {"Id": "1", "SenderFault": False, "Code": "InternalError"}
    with Stubber(queue.client) as stubbed:
        stubbed.add_response(
            "send_message_batch",
            {
                "Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "-"}],
                "Failed": [refused],
            },
        )

        with pytest.raises(SourceUnavailable, match="1 of 2 refused: InternalError"):
            SqsOrderQueue(queue.client, queue.url, batch=1).hand_out("run", ["ada", "bob"])
