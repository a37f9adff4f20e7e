"""How often a caller has asked in this minute and the last: in Redis, or in DynamoDB without it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from automoney.errors import SourceUnavailable
from automoney.observability import logger
from automoney.ports.limits import Counted
from automoney.stores.dynamo import speaking_to
from automoney.stores.redis_link import RedisLink

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MINUTE = 60
_LIVES = timedelta(minutes=3)  # longer than a minute counts, so that the last one can be read


@dataclass(frozen=True, slots=True)
class RedisRates:
    """Meets ports.Rates: a key a caller and minute, `rate:CALLER:MINUTE`."""

    link: RedisLink

    def count(self, caller: str, *, now: datetime) -> Counted | None:
        minute = _minute(now)
        replies = self.link.send(
            ("GET", _key(caller, minute - 1)),
            ("INCR", _key(caller, minute)),
            ("EXPIRE", _key(caller, minute), int(_LIVES.total_seconds())),
        )
        if replies is None or not isinstance(replies[1], int):
            return None
        before = replies[0] if isinstance(replies[0], bytes) else b"0"
        return Counted(int(before), replies[1])

    def take_back(self, caller: str, *, now: datetime) -> None:
        self.link.send(("DECR", _key(caller, _minute(now))))


@dataclass(frozen=True, slots=True)
class DynamoRates:
    """Meets ports.Rates: a row a caller and minute with `hits`, which expires."""

    client: "DynamoDBClient"
    table: str

    def count(self, caller: str, *, now: datetime) -> Counted | None:
        minute = _minute(now)
        try:
            with speaking_to(self.table):
                found = self.client.get_item(
                    TableName=self.table, Key=_row(_key(caller, minute - 1))
                )
                hits = self._add(_key(caller, minute), 1, now)
        except SourceUnavailable as error:
            logger.error("requests are not counted", extra={"reason": str(error)})
            return None
        before = found.get("Item", {}).get("hits", {}).get("N", "0")
        return Counted(int(before), hits)

    def take_back(self, caller: str, *, now: datetime) -> None:
        try:
            with speaking_to(self.table):
                self._add(_key(caller, _minute(now)), -1, now)
        except SourceUnavailable as error:
            logger.error("a refused request stays counted", extra={"reason": str(error)})

    def _add(self, key: str, number: int, now: datetime) -> int:
        updated = self.client.update_item(
            TableName=self.table,
            Key=_row(key),
            UpdateExpression="SET #expires = :expires ADD #hits :number",
            ExpressionAttributeNames={"#expires": "expires", "#hits": "hits"},
            ExpressionAttributeValues={
                ":expires": {"N": str(int((now + _LIVES).timestamp()))},
                ":number": {"N": str(number)},
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(updated["Attributes"]["hits"]["N"])


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // _MINUTE


def _key(caller: str, minute: int) -> str:
    return f"rate:{caller}:{minute}"


def _row(key: str) -> dict[str, Any]:
    return {"caller": {"S": key}}
