"""Answers to requests that were sent with an Idempotency-Key, in DynamoDB: for all Lambdas."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from automoney.encoding import dumps
from automoney.ports.replies import KEPT_FOR, Kept, Refusal
from automoney.stores.dynamo import ConditionFailed, speaking_to

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Longer than the API's time limit: whoever has a name for longer has died with it.
_UNDER_WAY_FOR = timedelta(seconds=60)
_BEGIN = """
SET #fingerprint = :fingerprint, #owner = :owner, #good = :good, #expires = :expires
REMOVE #answer
"""


@dataclass(frozen=True, slots=True)
class DynamoReplies:
    """Meets ports.Replies.

    A row a name: fingerprint, owner, `good_until` and `expires` (seconds since 1970; the table's
    TTL may take days, so `good_until` is what counts), and once there is one the `answer`.
    """

    client: "DynamoDBClient"
    table: str
    # Of one process's threads one at a time: DynamoDB needs no such help, but moto, which stands in
    # for it on a laptop, looks and writes in two steps.
    _turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def begin(
        self, name: str, fingerprint: str, *, owner: str, now: datetime
    ) -> Kept | Refusal | None:
        try:
            with self._turn, speaking_to(self.table):
                self.client.update_item(
                    TableName=self.table,
                    Key=_key(name),
                    UpdateExpression=_BEGIN,
                    ConditionExpression="attribute_not_exists(#good) OR #good <= :now",
                    ExpressionAttributeNames={
                        "#fingerprint": "fingerprint",
                        "#owner": "owner",
                        "#good": "good_until",
                        "#expires": "expires",
                        "#answer": "answer",
                    },
                    ExpressionAttributeValues={
                        ":fingerprint": {"S": fingerprint},
                        ":owner": {"S": owner},
                        ":good": _seconds(now + _UNDER_WAY_FOR),
                        ":expires": _seconds(now + KEPT_FOR),
                        ":now": _seconds(now),
                    },
                )
        except ConditionFailed:
            return self._found(name, fingerprint)
        return None

    def finish(self, name: str, kept: Kept, *, owner: str, now: datetime) -> None:
        answer = dumps([kept.status, kept.body, kept.media_type, kept.headers])
        with suppress(ConditionFailed), speaking_to(self.table):
            self.client.update_item(
                TableName=self.table,
                Key=_key(name),
                UpdateExpression="SET #answer = :answer, #good = :good, #expires = :expires",
                ConditionExpression="#owner = :owner",
                ExpressionAttributeNames={
                    "#answer": "answer",
                    "#good": "good_until",
                    "#expires": "expires",
                    "#owner": "owner",
                },
                ExpressionAttributeValues={
                    ":answer": {"S": answer},
                    ":good": _seconds(now + KEPT_FOR),
                    ":expires": _seconds(now + KEPT_FOR),
                    ":owner": {"S": owner},
                },
            )

    def give_up(self, name: str, *, owner: str) -> None:
        with suppress(ConditionFailed), speaking_to(self.table):
            self.client.update_item(
                TableName=self.table,
                Key=_key(name),
                UpdateExpression="REMOVE #good",
                ConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#good": "good_until", "#owner": "owner"},
                ExpressionAttributeValues={":owner": {"S": owner}},
            )

    def _found(self, name: str, fingerprint: str) -> Kept | Refusal:
        with speaking_to(self.table):
            read = self.client.get_item(TableName=self.table, Key=_key(name), ConsistentRead=True)
        row = read.get("Item", {})
        if row.get("fingerprint", {}).get("S", fingerprint) != fingerprint:
            return Refusal.ANOTHER
        if "answer" not in row:
            return Refusal.UNDER_WAY
        return Kept(*json.loads(row["answer"]["S"]))


def _key(name: str) -> dict[str, Any]:
    return {"name": {"S": name}}


def _seconds(moment: datetime) -> dict[str, Any]:
    return {"N": str(int(moment.timestamp()))}
