"""Leases by conditional write: at most one holder a name, and a fence that only grows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from automoney.errors import LeaseHeld, SourceUnavailable
from automoney.observability import logger
from automoney.ports import Lease
from automoney.stores.dynamo import ConditionFailed, speaking_to

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# All four are words that DynamoDB reserves or may come to reserve.
_NAMES = {"#owner": "owner", "#fence": "fence", "#expires": "expires"}


@dataclass(frozen=True, slots=True)
class DynamoLeases:
    """Meets ports.Leases.  A row a name: name, fence, expires (ms since 1970), owner while held.

    Rows are never deleted, or the fence would start again.  A killed holder's lease runs out
    after `term` by the wall `clock`, so `term` is longer than any holder may take.
    """

    client: "DynamoDBClient"
    table: str
    clock: Callable[[], datetime]
    term: timedelta

    @contextmanager
    def hold(self, name: str) -> Iterator[Lease]:
        """Hold `name` for the block; raise LeaseHeld at once if someone else does."""
        owner = token_hex(16)
        fence = self._take(name, owner)
        try:
            yield Lease(name, fence)
        finally:
            self._free(name, owner, fence)

    def restore_fence(self, name: str, at_least: int) -> None:
        """Lift the fence to `at_least`, after the table was lost; never lower it."""
        with suppress(ConditionFailed), speaking_to(self.table):
            self.client.update_item(
                TableName=self.table,
                Key={"name": {"S": name}},
                UpdateExpression="SET #fence = :fence",
                ConditionExpression="attribute_not_exists(#fence) OR #fence < :fence",
                ExpressionAttributeNames={"#fence": "fence"},
                ExpressionAttributeValues={":fence": {"N": str(at_least)}},
            )

    def _take(self, name: str, owner: str) -> int:
        now = self.clock()
        try:
            with speaking_to(self.table):
                taken = self.client.update_item(
                    TableName=self.table,
                    Key={"name": {"S": name}},
                    UpdateExpression="SET #expires = :until, #owner = :me ADD #fence :one",
                    # "owner = me": the SDK tries again when the first answer was lost on its way
                    ConditionExpression=(
                        "attribute_not_exists(#expires) OR #expires <= :now OR #owner = :me"
                    ),
                    ExpressionAttributeNames=_NAMES,
                    ExpressionAttributeValues={
                        ":until": {"N": str(_milliseconds(now + self.term))},
                        ":now": {"N": str(_milliseconds(now))},
                        ":me": {"S": owner},
                        ":one": {"N": "1"},
                    },
                    ReturnValues="UPDATED_NEW",
                )
        except ConditionFailed as error:
            raise LeaseHeld(name) from error
        return int(taken["Attributes"]["fence"]["N"])

    def _free(self, name: str, owner: str, fence: int) -> None:
        """End our own lease and nobody else's: it may have run out and been taken over."""
        try:
            with suppress(ConditionFailed), speaking_to(self.table):
                self.client.update_item(
                    TableName=self.table,
                    Key={"name": {"S": name}},
                    UpdateExpression="SET #expires = :never REMOVE #owner",
                    ConditionExpression="#owner = :me AND #fence = :fence",
                    ExpressionAttributeNames=_NAMES,
                    ExpressionAttributeValues={
                        ":never": {"N": "0"},
                        ":me": {"S": owner},
                        ":fence": {"N": str(fence)},
                    },
                )
        except SourceUnavailable as error:
            # The work is done and recorded: failing now would have it retried for nothing, and
            # the lease runs out by itself.
            logger.warning("lease not freed", extra={"lease": name, "reason": str(error)})


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
