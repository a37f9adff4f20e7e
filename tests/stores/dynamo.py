"""The two DynamoDBs that the stores' contract tests run on: our strict fake, and moto's server."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest

from automoney.settings import Settings
from infra.local.services.aws import own_session
from tests.fakes_dynamo import FakeDynamo

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Dynamo:
    """A client and the tables' names there."""

    client: "DynamoDBClient"
    leases: str
    connections: str
    tickets: str
    rates: str
    replies: str


@dataclass
class Clock:
    """A wall clock that a test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def dynamo_of(kind: str, request: pytest.FixtureRequest) -> Dynamo:
    """`fake`: empty and this test's own; `moto`: shared, so tests take names of their own."""
    if kind == "fake":
        return Dynamo(FakeDynamo().client, "leases", "connections", "tickets", "rates", "replies")
    services = request.getfixturevalue("aws")
    names = Settings()
    client = _client(services.aws_endpoint_url, services.aws_access_key, services.aws_secret_key)
    return Dynamo(
        client,
        names.leases_table,
        names.connections_table,
        names.tickets_table,
        names.rates_table,
        names.replies_table,
    )


@cache
def _client(url: str, access_key: str, secret_key: str) -> "DynamoDBClient":
    return own_session(access_key, secret_key).client("dynamodb", endpoint_url=url)
