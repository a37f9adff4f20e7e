"""Pushing to open WebSockets through API Gateway's @connections API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from automoney.channels.posting import SignedPosts
from automoney.errors import ConnectionGone, SourceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


@dataclass(frozen=True, slots=True)
class ApiGatewaySockets:
    """Meets ports.Sockets.  `client` points at the WebSocket API's own management URL,
    and so do `posts`, which are what there are many of.

    Raises ConnectionGone for a 410, SourceUnavailable (with `status` if there was an answer) for
    a throttled or full socket, a payload above 128 KB, and an API that does not answer.
    """

    client: "ApiGatewayManagementApiClient"
    posts: SignedPosts

    def post(self, connection_id: str, payload: bytes) -> None:
        self.posts.post(connection_id, payload)

    def close(self, connection_id: str) -> None:
        with _calling(connection_id):
            self.client.delete_connection(ConnectionId=connection_id)

    def last_active(self, connection_id: str) -> datetime:
        with _calling(connection_id):
            return self.client.get_connection(ConnectionId=connection_id)["LastActiveAt"]


@contextmanager
def _calling(connection_id: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 410:
            raise ConnectionGone(connection_id) from error
        raise SourceUnavailable("WebSocket API", str(error), status=status) from error
    except BotoCoreError as error:
        raise SourceUnavailable("WebSocket API", str(error)) from error
