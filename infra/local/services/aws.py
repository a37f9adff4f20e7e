"""DynamoDB, SQS and SNS, played by moto's server: in memory, so every start begins empty.

Run as a module it is that server: `python -m infra.local.services.aws PORT`.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automoney.manifest import FUNCTIONS, SHAPES, Consume, Queue
from automoney.settings import Settings
from infra.local.services.state import State, random_password

if TYPE_CHECKING:
    import boto3

REGION = Settings().aws_region
_ROOT = Path(__file__).resolve().parents[3]
_MAX_RECEIVES = 5


@dataclass(frozen=True, slots=True)
class Resources:
    """What `provision` made, by the names that functions are told."""

    orders_queue_url: str
    events_queue_url: str
    looks_queue_url: str
    alerts_topic_arn: str


class Moto:
    """The server, with credentials that are good for nothing else and new at every start."""

    title = "The AWS stand-in"
    name = "aws"
    unprivileged = False
    stop_signal = signal.SIGKILL  # it keeps nothing, so there is nothing to end in good order
    kill_signal = signal.SIGKILL

    def __init__(self, state: State) -> None:
        self.access_key = f"LOCAL{random_password()[:11]}"
        self.secret_key = random_password()
        self._config = state.room("aws") / "config"
        state.write(self._config, "[default]\n")

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def prepare(self) -> None:
        """Nothing to lay out: it keeps nothing."""

    def command(self, port: int) -> Sequence[str]:
        return [sys.executable, "-m", "infra.local.services.aws", str(port)]

    def environment(self) -> Mapping[str, str]:
        path = os.pathsep.join((str(_ROOT), str(_ROOT / "shared")))
        return {**os.environ, **self.credentials(), "PYTHONPATH": path}

    def credentials(self) -> dict[str, str]:
        """Environment variables that keep boto away from the user's own AWS account."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": "",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_PROFILE": "default",  # a profile of his would not be found in this file
            "AWS_CONFIG_FILE": str(self._config),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def ready(self, port: int) -> bool:
        from http.client import HTTPConnection

        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/moto-api/data.json")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def provision(session: "boto3.Session", endpoint_url: str) -> Resources:
    """Create what the manifest's functions use; what is there already stays as it is."""
    from botocore.config import Config

    # proxies: a proxy in the user's environment cannot reach this machine's loopback.
    config = Config(proxies={}, retries={"total_max_attempts": 1})

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]

    _create_tables(client("dynamodb"))
    queues = _create_queues(client("sqs"))
    topic = client("sns").create_topic(Name="automoney-alerts")["TopicArn"]
    return Resources(queues[Queue.ORDERS], queues[Queue.EVENTS], queues[Queue.LOOKS], topic)


def own_session(access_key: str, secret_key: str) -> "boto3.Session":
    """A session that looks at no file, variable or metadata service of the user's."""
    import boto3
    import botocore.session

    nothing = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    files = {"profile": nothing, "config_file": nowhere, "credentials_file": nowhere}
    return boto3.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=files),
    )


def serve(port: int) -> None:
    """Be the server until killed.  Its log has warnings, not every request."""
    import logging

    from moto.moto_server.werkzeug_app import create_backend_app
    from moto.server import main

    for service in ("dynamodb", "sqs", "sns"):
        create_backend_app(service)  # loads it now, while whoever started us loads his client

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    main(["--host", "127.0.0.1", "--port", str(port)])


def _create_tables(dynamodb: Any) -> None:
    settings = Settings()
    for table, shape in SHAPES.items():
        keys = [shape.key]
        extra: dict[str, Any] = {}
        if shape.index:
            name, by = shape.index
            keys.append(by)
            extra["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": name,
                    "KeySchema": [{"AttributeName": by, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ]
        try:
            dynamodb.create_table(
                TableName=getattr(settings, f"{table.value}_table"),
                KeySchema=[{"AttributeName": shape.key, "KeyType": "HASH"}],
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"} for name in keys
                ],
                BillingMode="PAY_PER_REQUEST",
                **extra,
            )
        except dynamodb.exceptions.ResourceInUseException:
            continue


def _create_queues(sqs: Any) -> dict[Queue, str]:
    """Each with a queue for what failed five times; hidden for longer than its function may run."""
    urls = {}
    for queue in Queue:
        dead = sqs.create_queue(QueueName=f"automoney-{queue.value}-dead")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": asked["Attributes"]["QueueArn"],
            "maxReceiveCount": _MAX_RECEIVES,
        }
        made = sqs.create_queue(
            QueueName=f"automoney-{queue.value}",
            Attributes={
                "VisibilityTimeout": str(_longest_run(queue) + 10),
                "RedrivePolicy": json.dumps(redrive),
            },
        )
        urls[queue] = made["QueueUrl"]
    return urls


def _longest_run(queue: Queue) -> int:
    """In seconds, of the functions that consume it."""
    return max(
        function.timeout
        for function in FUNCTIONS
        if any(
            isinstance(trigger, Consume) and trigger.queue is queue for trigger in function.triggers
        )
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
