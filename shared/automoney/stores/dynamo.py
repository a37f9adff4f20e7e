"""DynamoDB's failures in our words, for the stores that live there."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from automoney.errors import SourceUnavailable


class ConditionFailed(Exception):
    """The condition of a conditional write did not hold.  Never leaves the stores."""


@contextmanager
def speaking_to(table: str) -> Iterator[None]:
    """Raise ConditionFailed for a refused condition, SourceUnavailable for all other failures."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise ConditionFailed(table) from error
        raise SourceUnavailable(f"DynamoDB table {table}", str(error)) from error
    except BotoCoreError as error:
        raise SourceUnavailable(f"DynamoDB table {table}", str(error)) from error
