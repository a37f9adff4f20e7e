"""Open WebSocket connections and what each of them wants to hear."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from automoney.encoding import parse_utc, utc_text
from automoney.errors import ConnectionGone
from automoney.ports import Connection, Subscription
from automoney.stores.dynamo import ConditionFailed, speaking_to

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BY_USER = "by_user"  # the index on user_id, with all attributes in it

# API Gateway cuts a socket after 2 hours; what is then still here was never told of it.
_KEPT = timedelta(hours=3)
_ALL = "*"


@dataclass(frozen=True, slots=True)
class DynamoConnections:
    """Meets ports.Connections.

    A row a connection: connection_id, user_id, connected_at, expires (the table's TTL, seconds
    since 1970) and, while there are any, subscriptions as a set of `event|strategy`, `*` for all.
    `of_user` reads an index that lags the table by some milliseconds.
    """

    client: "DynamoDBClient"
    table: str

    def add(self, connection: Connection) -> None:
        item: dict[str, Any] = {
            "connection_id": {"S": connection.connection_id},
            "user_id": {"S": connection.user_id},
            "connected_at": {"S": utc_text(connection.connected_at)},
            "expires": {"N": str(int((connection.connected_at + _KEPT).timestamp()))},
        }
        if connection.subscriptions:  # DynamoDB knows no empty set
            item["subscriptions"] = {"SS": sorted(map(_text, connection.subscriptions))}
        with speaking_to(self.table):
            self.client.put_item(TableName=self.table, Item=item)

    def remove(self, connection_id: str) -> None:
        with speaking_to(self.table):
            self.client.delete_item(TableName=self.table, Key=_key(connection_id))

    def get(self, connection_id: str) -> Connection | None:
        with speaking_to(self.table):
            found = self.client.get_item(
                TableName=self.table, Key=_key(connection_id), ConsistentRead=True
            )
        return _connection(found["Item"]) if "Item" in found else None

    def of_user(self, user_id: str) -> list[Connection]:
        with speaking_to(self.table):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                IndexName=BY_USER,
                KeyConditionExpression="user_id = :user",
                ExpressionAttributeValues={":user": {"S": user_id}},
            )
            return _oldest_first(item for page in pages for item in page["Items"])

    def all(self) -> list[Connection]:
        with speaking_to(self.table):
            pages = self.client.get_paginator("scan").paginate(TableName=self.table)
            return _oldest_first(item for page in pages for item in page["Items"])

    def subscribe(self, connection_id: str, subscription: Subscription) -> None:
        """Add to what the connection hears; raise ConnectionGone if there is no such one."""
        try:
            self._change("ADD", connection_id, subscription)
        except ConditionFailed:
            raise ConnectionGone(connection_id) from None

    def unsubscribe(self, connection_id: str, subscription: Subscription) -> None:
        """Take exactly this one away; nothing happens if it is not there."""
        with suppress(ConditionFailed):
            self._change("DELETE", connection_id, subscription)

    def _change(self, verb: str, connection_id: str, subscription: Subscription) -> None:
        with speaking_to(self.table):
            self.client.update_item(
                TableName=self.table,
                Key=_key(connection_id),
                UpdateExpression=f"{verb} subscriptions :one",
                # an update would otherwise create a row that belongs to nobody
                ConditionExpression="attribute_exists(connection_id)",
                ExpressionAttributeValues={":one": {"SS": [_text(subscription)]}},
            )


def _key(connection_id: str) -> dict[str, Any]:
    return {"connection_id": {"S": connection_id}}


def _text(subscription: Subscription) -> str:
    return f"{subscription.event or _ALL}|{subscription.strategy_id or _ALL}"


def _subscription(text: str) -> Subscription:
    event, _, strategy_id = text.partition("|")
    return Subscription(
        None if event == _ALL else event, None if strategy_id == _ALL else strategy_id
    )


def _connection(item: Mapping[str, Any]) -> Connection:
    return Connection(
        item["connection_id"]["S"],
        item["user_id"]["S"],
        parse_utc(item["connected_at"]["S"]),
        frozenset(map(_subscription, item.get("subscriptions", {}).get("SS", ()))),
    )


def _oldest_first(items: Iterable[Mapping[str, Any]]) -> list[Connection]:
    return sorted(map(_connection, items), key=lambda one: (one.connected_at, one.connection_id))
