"""What a row of the manifest may do: IAM statements for exactly its columns, and no `*` but AWS's.

Some actions know no resource: those on network interfaces (a function in a VPC makes its own) and
X-Ray's.  Pushing to connections is a policy of the WebSocket API's stack.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from automoney.manifest import SHAPES, Function, Table
from automoney.model_prices import PROFILES
from automoney.model_settings import ModelSettings
from infra.cdk.reviewed import accept
from infra.cdk.storage import StorageStack
from infra.cdk.websocket import WebsocketStack

_ROW_ACTIONS: Final = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
_TABLE_ACTIONS: Final[Mapping[Table, tuple[str, ...]]] = {
    Table.LEASES: ("GetItem", "PutItem", "UpdateItem"),  # no delete: its fence would start anew
    Table.CONNECTIONS: (*_ROW_ACTIONS, "Scan"),  # pruning looks at all of them
    Table.TICKETS: ("GetItem", "PutItem", "DeleteItem"),
    Table.RATES: ("GetItem", "UpdateItem"),
    Table.REPLIES: ("GetItem", "UpdateItem"),
}
_INTERFACE_ACTIONS: Final = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


def role_for(
    scope: Construct,
    row: Function,
    *,
    log: logs.LogGroup,
    storage: StorageStack,
    websocket: WebsocketStack,
    models: ModelSettings,
) -> iam.Role:
    """The role that the function of `row` runs as.

    Consuming a queue and telling of a failed invocation are granted with the trigger.
    """
    role = iam.Role(
        scope,
        f"{row.name}-role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"{row.name}: {row.purpose}"[:1000],
    )
    everywhere = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    _allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [log.log_group_arn])
    if row.stores:
        everywhere += _INTERFACE_ACTIONS
        secrets = [storage.database_secret.secret_arn, storage.cache_secret.secret_arn]
        _allow(role, ["secretsmanager:GetSecretValue"], secrets)
        if has_keys(row, models):
            _allow(role, ["secretsmanager:GetSecretValue"], [storage.keys_secret.secret_arn])
    _allow(role, everywhere, ["*"])
    accept(role, "AwsSolutions-IAM5[Resource::*]", "these actions accept no narrower resource")
    for table in row.tables:
        actions = [f"dynamodb:{action}" for action in _TABLE_ACTIONS[table]]
        _allow(role, actions, _table_arns(storage.tables[table], table))
    for queue in row.sends:
        _allow(role, ["sqs:SendMessage"], [storage.queues[queue].queue_arn])
    if row.alerts:
        _allow(role, ["sns:Publish"], [storage.alerts.topic_arn])
    if row.sockets:
        role.add_managed_policy(websocket.may_push)
    if row.models and "bedrock" in models.order:
        _allow_model(role, models.bedrock_model)
    return role


def has_keys(row: Function, models: ModelSettings) -> bool:
    """Whether the function of `row` reads the keys of outside APIs."""
    return row.internet or (row.models and "openai" in models.order)


def _allow(role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))


def _allow_model(role: iam.Role, model: str) -> None:
    """Ask `model`, the id or ARN of a foundation model or of an inference profile.

    A profile of AWS's own (`eu.…`) asks its model in whichever region of its has room.
    """
    stack = Stack.of(role)
    asked = f"arn:{stack.partition}:bedrock:{stack.region}:"
    resources = [model if model.startswith("arn:") else f"{asked}:foundation-model/{model}"]
    region, _, name = model.partition(".")
    if region in PROFILES:
        resources = [
            f"{asked}{stack.account}:inference-profile/{model}",
            f"arn:{stack.partition}:bedrock:*::foundation-model/{name}",
        ]
        found = f"Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/{name}"
        accept(role, f"AwsSolutions-IAM5[{found}]", "the profile chooses the region")
    _allow(role, ["bedrock:InvokeModel"], resources)


def _table_arns(table: dynamodb.TableV2, kind: Table) -> list[str]:
    index = SHAPES[kind].index
    return [table.table_arn, *([f"{table.table_arn}/index/{index[0]}"] if index else [])]
