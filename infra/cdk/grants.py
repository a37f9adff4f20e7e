"""What a row of the manifest may do: IAM statements for exactly its columns, and no `*` but AWS's.

Some actions know no resource: those on network interfaces (a function in a VPC makes its own) and
X-Ray's.  Pushing to connections is a policy of the WebSocket API's stack.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from automoney.manifest import SHAPES, Function, Table
from infra.cdk.reviewed import accept
from infra.cdk.storage import StorageStack
from infra.cdk.websocket import WebsocketStack

_ROW_ACTIONS: Final = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
_TABLE_ACTIONS: Final[Mapping[Table, tuple[str, ...]]] = {
    Table.LEASES: ("GetItem", "PutItem", "UpdateItem"),  # no delete: its fence would start anew
    Table.CONNECTIONS: (*_ROW_ACTIONS, "Scan"),  # pruning looks at all of them
    Table.TICKETS: ("GetItem", "PutItem", "DeleteItem"),
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
        if row.internet:
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
    return role


def _allow(role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))


def _table_arns(table: dynamodb.TableV2, kind: Table) -> list[str]:
    index = SHAPES[kind].index
    return [table.table_arn, *([f"{table.table_arn}/index/{index[0]}"] if index else [])]
