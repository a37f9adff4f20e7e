"""What invokes a function: each kind of trigger in the manifest as the AWS resources that do it."""

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import Duration, Stack, triggers
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from automoney.manifest import Consume, Cron, Route, Socket
from automoney.schedule import MISFIRE_GRACE, RETRIES
from infra.cdk.reviewed import accept
from infra.cdk.storage import StorageStack
from infra.cdk.websocket import WebsocketStack

GRACE: Final = Duration.seconds(int(MISFIRE_GRACE.total_seconds()))  # later, a run is skipped


def add_rule(scope: Construct, cron: Cron, function: lambda_.Function, id: str, name: str) -> None:
    """Invoke `function` at the cron's times with the event that `schedule_event` describes."""
    events.Rule(
        scope,
        id,
        rule_name=name,
        schedule=events.Schedule.expression(cron.schedule.eventbridge),
        targets=[
            targets.LambdaFunction(
                function,
                event=events.RuleTargetInput.from_object(schedule_event(cron)),
                max_event_age=GRACE,
                retry_attempts=RETRIES,
            )
        ],
    )


def schedule_event(cron: Cron) -> dict[str, Any]:
    """The event of a cron rule, as EventBridge would send it but with our source and detail.

    A rule's constant input would replace the whole event, `time` and all, and the slot is cut
    from that; so it is spelled out with the fields that EventBridge fills in.
    """
    return {
        "version": "0",
        "id": events.EventField.event_id,
        "source": "automoney.schedule",
        "detail-type": "Scheduled Event",
        "time": events.EventField.time,
        "resources": events.EventField.from_path("$.resources"),
        "detail": dict(cron.detail),
    }


def add_consumer(
    consume: Consume, function: lambda_.Function, storage: StorageStack, *, concurrency: int
) -> None:
    """Hand the queue's messages to `function` in batches; those it reports come again alone."""
    function.add_event_source(
        sources.SqsEventSource(
            storage.queues[consume.queue],
            batch_size=consume.batch,
            max_concurrency=concurrency,
            report_batch_item_failures=True,
        )
    )


def add_socket_route(
    scope: Construct,
    socket: Socket,
    function: lambda_.Function,
    websocket: WebsocketStack,
    *,
    authorizer: apigateway.IWebSocketRouteAuthorizer | None,
) -> None:
    """Hand a route's events to `function`; `$connect` asks `authorizer` first."""
    connecting = socket.route is Route.CONNECT
    name = socket.route.name.capitalize()
    route = apigateway.WebSocketRoute(
        scope,
        f"{name}Route",
        web_socket_api=websocket.api,
        route_key=socket.route.value,
        integration=integrations.WebSocketLambdaIntegration(f"{name}Integration", function),
        authorizer=authorizer if connecting else None,
    )
    if not connecting:
        accept(route, "AwsSolutions-APIG4", "only $connect can be authorised, and it is")


def add_authorizer(
    scope: Construct, function: lambda_.Function, websocket: WebsocketStack
) -> apigateway.IWebSocketRouteAuthorizer:
    """Let `function` decide who may connect.

    It lists no identity source.  API Gateway turns away, unasked, whoever lacks one of those
    listed, and a program sends a header where a browser sends a ticket in the query.
    """
    stack = Stack.of(scope)
    authorizer = apigateway.CfnAuthorizer(
        scope,
        "Authorizer",
        api_id=websocket.api.api_id,
        name=function.node.id,
        authorizer_type="REQUEST",
        authorizer_uri=stack.format_arn(
            service="apigateway",
            account="lambda",
            resource="path",
            resource_name=f"2015-03-31/functions/{function.function_arn}/invocations",
        ),
    )
    function.add_permission(
        "AuthorizerPermission",
        principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
        source_arn=stack.format_arn(
            service="execute-api",
            resource=websocket.api.api_id,
            resource_name=f"authorizers/{authorizer.ref}",
        ),
    )
    return apigateway.WebSocketAuthorizer.from_web_socket_authorizer_attributes(
        scope, "RouteAuthorizer", authorizer_id=authorizer.ref, authorizer_type="CUSTOM"
    )


def run_at_deploy(
    scope: Construct, function: lambda_.Function, *, before: Sequence[lambda_.Function]
) -> None:
    """Run `function` in each deployment that changes it or the layer, ahead of `before`.

    A failure fails the deployment, and the others keep their old code.  CDK brings a small
    function of its own for this, since CloudFormation itself can only call custom resources.
    """
    triggers.Trigger(
        scope,
        f"{function.node.id}-at-deploy",
        handler=function,
        timeout=function.timeout,
        execute_before=list(before),
    )


def add_http_route(scope: Construct, function: lambda_.Function, api: apigateway.HttpApi) -> None:
    """Hand every HTTP request to `function`, which finds its own way and checks who asks."""
    route = apigateway.HttpRoute(
        scope,
        "HttpRoute",
        http_api=api,
        route_key=apigateway.HttpRouteKey.DEFAULT,
        integration=integrations.HttpLambdaIntegration(
            "HttpIntegration",
            function,
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0,
        ),
    )
    accept(
        route,
        "AwsSolutions-APIG4",
        "the function verifies the token itself, and /api/health asks for none",
    )
