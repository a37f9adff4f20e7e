"""A Lambda for each row of the manifest: code, limits, settings, grants and triggers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from constructs import Construct

from automoney.errors import InvalidInput
from automoney.manifest import (
    Authorizer,
    Consume,
    Cron,
    Deploy,
    Function,
    Http,
    Queue,
    Socket,
    Table,
)
from automoney.schedule import RETRIES
from automoney.settings import Settings
from infra.cdk.grants import has_keys, role_for
from infra.cdk.installation import Installation
from infra.cdk.logs import keep_log
from infra.cdk.network import FUNCTIONS, NetworkStack
from infra.cdk.rest import RestStack
from infra.cdk.reviewed import accept
from infra.cdk.storage import DATABASE_NAME, StorageStack
from infra.cdk.triggers import (
    GRACE,
    add_authorizer,
    add_consumer,
    add_http_route,
    add_rule,
    add_socket_route,
    run_at_deploy,
)
from infra.cdk.websocket import WebsocketStack

_NOT_TO_PACK = ["__pycache__", "*.pyc"]
_TABLE_SETTINGS = {
    Table.LEASES: "leases_table",
    Table.CONNECTIONS: "connections_table",
    Table.TICKETS: "tickets_table",
    Table.RATES: "rates_table",
    Table.REPLIES: "replies_table",
}
_QUEUE_SETTINGS = {
    Queue.ORDERS: "orders_queue_url",
    Queue.EVENTS: "events_queue_url",
    Queue.LOOKS: "looks_queue_url",
}


@dataclass(frozen=True, slots=True)
class Code:
    """`functions` has a folder a row, each with a `handler.py`; `layer` has a `python` folder."""

    functions: Path
    layer: Path


@dataclass(frozen=True, slots=True)
class Below:
    """The stacks that functions build on."""

    network: NetworkStack
    storage: StorageStack
    websocket: WebsocketStack
    rest: RestStack


class FunctionsStack(Stack):
    """`functions` by row name.  Raises InvalidInput for a row without its handler."""

    functions: dict[str, lambda_.Function]

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        installation: Installation,
        below: Below,
        rows: Sequence[Function],
        code: Code,
    ) -> None:
        super().__init__(scope, id, description="AutoMoney: functions")
        self._installation = installation
        self._below = below
        self._code = code
        self._layer = lambda_.LayerVersion(
            self,
            "Layer",
            description="AutoMoney's own code and what it imports",
            code=lambda_.Code.from_asset(str(code.layer), exclude=_NOT_TO_PACK),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )
        self.functions = {row.name: self._function(row) for row in rows}
        authorizer = next(
            (
                add_authorizer(self, self.functions[row.name], below.websocket)
                for row in rows
                if _has(row, Authorizer)
            ),
            None,
        )
        for row in rows:
            self._invoke(row, authorizer)

    def _function(self, row: Function) -> lambda_.Function:
        folder = self._code.functions / row.name
        if not (folder / "handler.py").is_file():
            raise InvalidInput("manifest row", row.name, f"a handler in functions/{row.name}/")
        name = f"{self._installation.name}-{row.name}"
        log = keep_log(self, f"{row.name}-log", f"/aws/lambda/{name}")
        role = role_for(
            self,
            row,
            log=log,
            storage=self._below.storage,
            websocket=self._below.websocket,
            models=self._installation.models,
        )
        scheduled = _has(row, Cron)
        function = lambda_.Function(
            self,
            row.name,
            function_name=name,
            description=row.purpose,
            code=lambda_.Code.from_asset(str(folder), exclude=_NOT_TO_PACK),
            handler="handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            layers=[self._layer],
            timeout=Duration.seconds(row.timeout),
            memory_size=row.memory,
            environment=self._environment(row),
            role=role,
            log_group=log,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=self._below.network.vpc if row.stores else None,
            vpc_subnets=FUNCTIONS if row.stores else None,
            security_groups=[self._below.network.functions] if row.stores else None,
            max_event_age=GRACE if scheduled else None,
            retry_attempts=RETRIES if scheduled else None,
            on_failure=destinations.SnsDestination(self._below.storage.alerts)
            if scheduled
            else None,
        )
        accept(function, "AwsSolutions-L1", "the layer's wheels are chosen and tested for 3.13")
        return function

    def _environment(self, row: Function) -> dict[str, str]:
        """What the row's function is told: names and addresses it is granted, never a secret."""
        storage, websocket = self._below.storage, self._below.websocket
        told: dict[str, str] = {_variable("aws_region"): self.region}
        for table in row.tables:
            told[_variable(_TABLE_SETTINGS[table])] = storage.tables[table].table_name
        for queue in row.sends:
            told[_variable(_QUEUE_SETTINGS[queue])] = storage.queues[queue].queue_url
        if row.alerts:
            told[_variable("alerts_topic_arn")] = storage.alerts.topic_arn
        if row.sockets:
            told[_variable("ws_management_url")] = websocket.management_url
        if _has(row, Http):
            told[_variable("ws_url")] = websocket.url
        if _has(row, Http) or _has(row, Authorizer):
            told[_variable("allowed_origins")] = ",".join(self._installation.allowed_origins)
            told[_variable("jwt_issuer")] = self._installation.jwt_issuer
            told[_variable("jwt_audience")] = self._installation.jwt_audience
            told[_variable("jwks")] = self._installation.jwks
        if row.stores:
            told[_variable("redis_url")] = storage.cache_url
            told |= {
                "AUTOMONEY_REDIS_SECRET": storage.cache_secret.secret_arn,
                "AUTOMONEY_DATABASE_SECRET": storage.database_secret.secret_arn,
                "AUTOMONEY_DATABASE_HOST": storage.database_host,
                "AUTOMONEY_DATABASE_NAME": DATABASE_NAME,
            }
            if has_keys(row, self._installation.models):
                told["AUTOMONEY_KEYS_SECRET"] = storage.keys_secret.secret_arn
        if row.models:
            told |= self._installation.model_variables
        return told

    def _invoke(
        self, row: Function, authorizer: apigateway.IWebSocketRouteAuthorizer | None
    ) -> None:
        function = self.functions[row.name]
        for trigger in row.triggers:
            match trigger:
                case Deploy():
                    others = [other for other in self.functions.values() if other is not function]
                    run_at_deploy(self, function, before=others)
                case Cron():
                    id = "-".join(part for part in (row.name, trigger.name) if part)
                    name = f"{self._installation.name}-{id}"
                    add_rule(self, trigger, function, f"{id}-rule", name)
                case Consume():
                    concurrency = self._installation.scale.consumers
                    add_consumer(trigger, function, self._below.storage, concurrency=concurrency)
                case Socket():
                    add_socket_route(
                        self, trigger, function, self._below.websocket, authorizer=authorizer
                    )
                case Http():
                    add_http_route(self, function, self._below.rest.api)
                case Authorizer():
                    pass  # comes with the route that asks it


def _has(row: Function, kind: type) -> bool:
    return any(isinstance(trigger, kind) for trigger in row.triggers)


def _variable(setting: str) -> str:
    """The environment variable of a field of Settings; KeyError if it has no such field."""
    return f"AUTOMONEY_{Settings.__dataclass_fields__[setting].name.upper()}"
