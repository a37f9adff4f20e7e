"""Event bodies as AWS sends them, for the functions that are played here."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from automoney.encoding import utc_text

_ACCOUNT = "000000000000"


def scheduled(
    function: str, rule: str, time: datetime, detail: Mapping[str, str], *, region: str
) -> dict[str, Any]:
    """An EventBridge rule's event, with the `time` at which it fires."""
    name = f"{function}-{rule}" if rule else function
    return {
        "version": "0",
        "id": str(uuid4()),
        "source": "automoney.schedule",
        "detail-type": "Scheduled Event",
        "time": utc_text(time),
        "resources": [f"arn:aws:events:{region}:{_ACCOUNT}:rule/automoney-{name}"],
        "detail": dict(detail),
    }


def queued(messages: Sequence[Mapping[str, Any]], queue_url: str, *, region: str) -> dict[str, Any]:
    """What an SQS event source hands to a function for messages received by boto3."""
    name = queue_url.rsplit("/", 1)[-1]
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message.get("Attributes", {})),
                "messageAttributes": {},
                "md5OfBody": hashlib.md5(
                    message["Body"].encode(), usedforsecurity=False
                ).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{region}:{_ACCOUNT}:{name}",
                "awsRegion": region,
            }
            for message in messages
        ]
    }
