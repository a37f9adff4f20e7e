"""What AWS keeps and sends for us: secrets, queues, DynamoDB's tables, alarms, sockets."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from automoney.wiring.core import clock, closed_by_use, environment, once, settings

if TYPE_CHECKING:
    from automoney.ports import Alerts
    from automoney.stores.connections import DynamoConnections
    from automoney.stores.leases import DynamoLeases
    from automoney.stores.rates import DynamoRates
    from automoney.stores.replies import DynamoReplies
    from automoney.stores.tickets import DynamoTickets

# Longer than the time limit of any function that holds one, so that no holder outlives his lease;
# shorter than Lambda's wait for the third try (60 s, then 120 s), so that if a holder was killed
# the slot is still judged.
LEASE_TERM = timedelta(seconds=150)


def client(service: str, **more: Any) -> Any:
    """A boto3 client of `service`; `more` overrides its options, a `config` some of ours."""
    import boto3
    from botocore.config import Config

    here = settings()
    session = boto3.session.Session(
        aws_access_key_id=environment().get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=environment().get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=environment().get("AWS_SESSION_TOKEN"),
        region_name=here.aws_region,
    )
    config = Config(
        connect_timeout=2, read_timeout=10, retries={"mode": "standard"}, max_pool_connections=32
    ).merge(more.pop("config", Config()))
    options = {"endpoint_url": here.aws_endpoint_url, **more}
    return session.client(service, config=config, **options)  # type: ignore[call-overload]  # by name


@once
def _dynamodb() -> Any:
    return client("dynamodb")


@once
def queue_client() -> Any:
    """A boto3 SQS client."""
    return client("sqs")


def secret(variable: str) -> dict[str, str]:
    """The JSON secret whose ARN `variable` holds; empty without the variable."""
    arn = environment().get(variable)
    if not arn:
        return {}
    text = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    found: dict[str, str] = json.loads(text)
    return found


@once
def keys() -> dict[str, str]:
    """Keys of outside sources, by name: from the settings, else from the secret ops filled in."""
    return {**secret("AUTOMONEY_KEYS_SECRET"), **settings().source_keys}


@once
def leases() -> "DynamoLeases":
    from automoney.stores.leases import DynamoLeases

    return DynamoLeases(_dynamodb(), settings().leases_table, clock, LEASE_TERM)


@once
def connections() -> "DynamoConnections":
    from automoney.stores.connections import DynamoConnections

    return DynamoConnections(_dynamodb(), settings().connections_table)


@once
def rates() -> "DynamoRates":
    from automoney.stores.rates import DynamoRates

    return DynamoRates(_dynamodb(), settings().rates_table)


@once
def replies() -> "DynamoReplies":
    from automoney.stores.replies import DynamoReplies

    return DynamoReplies(_dynamodb(), settings().replies_table)


@once
def tickets() -> "DynamoTickets":
    from automoney.stores.tickets import DynamoTickets

    return DynamoTickets(_dynamodb(), settings().tickets_table)


@once
def alert_client() -> Any:
    """A boto3 SNS client."""
    return client("sns")


@once
def alerts() -> "Alerts":
    from automoney.channels.alerts import LogAlerts, SnsAlerts

    topic = settings().alerts_topic_arn
    return SnsAlerts(alert_client(), topic) if topic else LogAlerts()


@once
def sockets() -> Any:
    from automoney.channels.posting import Credentials, SignedPosts
    from automoney.channels.sockets import ApiGatewaySockets

    url, names = settings().ws_management_url, environment()

    def credentials() -> Credentials:
        return Credentials(
            names.get("AWS_ACCESS_KEY_ID", ""),
            names.get("AWS_SECRET_ACCESS_KEY", ""),
            names.get("AWS_SESSION_TOKEN"),
        )

    posts = closed_by_use(SignedPosts(url, settings().aws_region, credentials, clock))
    return ApiGatewaySockets(client("apigatewaymanagementapi", endpoint_url=url), posts)
