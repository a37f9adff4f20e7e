"""One-time tickets: a browser can set no header on a WebSocket, so it brings one of these."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from automoney.encoding import parse_utc, utc_text
from automoney.errors import Unauthorized
from automoney.stores.dynamo import ConditionFailed, speaking_to

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GOOD_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class DynamoTickets:
    """Meets ports.Tickets.

    A row a ticket: its SHA-256 (who reads the table can't use it), user_id, issued_at and expires
    (the table's TTL, seconds since 1970; DynamoDB may take days, so `issued_at` is what counts).
    """

    client: "DynamoDBClient"
    table: str

    def issue(self, user_id: str, *, now: datetime) -> str:
        ticket = token_urlsafe(32)
        with speaking_to(self.table):
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_key(ticket),
                    "user_id": {"S": user_id},
                    "issued_at": {"S": utc_text(now)},
                    "expires": {"N": str(int((now + GOOD_FOR).timestamp()) + 1)},
                },
            )
        return ticket

    def redeem(self, ticket: str, *, now: datetime) -> str:
        """Delete the ticket, so that of any number of callers one gets the user."""
        try:
            with speaking_to(self.table):
                deleted = self.client.delete_item(
                    TableName=self.table,
                    Key=_key(ticket),
                    ConditionExpression="attribute_exists(ticket)",
                    ReturnValues="ALL_OLD",
                )
        except ConditionFailed:
            raise Unauthorized("the ticket is unknown or was used before") from None
        item = deleted["Attributes"]
        if now - parse_utc(item["issued_at"]["S"]) >= GOOD_FOR:
            raise Unauthorized("the ticket has expired")
        return item["user_id"]["S"]


def _key(ticket: str) -> dict[str, Any]:
    return {"ticket": {"S": sha256(ticket.encode()).hexdigest()}}
