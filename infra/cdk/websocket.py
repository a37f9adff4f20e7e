"""The WebSocket API's front: the API, its stage, and the `ping` route that calls no function.

Its other routes lead to functions, and functions push through it; so they are added by the
functions' stack (see `triggers`), and this one stands below.
"""

import json
from typing import Final

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk.aws_apigateway import CfnAccount
from constructs import Construct

from infra.cdk.installation import Installation
from infra.cdk.logs import keep_log, log_access
from infra.cdk.reviewed import accept

STAGE: Final = "live"
PONG: Final = {"event": "pong"}


class WebsocketStack(Stack):
    """A client opens `url`; functions push to connections through `management_url`."""

    api: apigateway.WebSocketApi
    stage: apigateway.WebSocketStage
    url: str
    management_url: str
    may_push: iam.ManagedPolicy

    def __init__(self, scope: Construct, id: str, *, installation: Installation) -> None:
        super().__init__(scope, id, description="AutoMoney: WebSocket API")
        self.api = apigateway.WebSocketApi(
            self,
            "Api",
            api_name=f"{installation.name}-websocket",
            route_selection_expression="$request.body.action",
        )
        ping = self._ping()
        self.stage = apigateway.WebSocketStage(
            self,
            "Stage",
            web_socket_api=self.api,
            stage_name=STAGE,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=200, burst_limit=400),
        )
        front = self.stage.node.default_child
        if not isinstance(front, apigateway.CfnStage):
            raise AssertionError("a stage without a CloudFormation stage")
        front.add_resource_dependency(ping)  # AWS refuses a stage while there is no route
        front.add_resource_dependency(self._may_log())
        log_access(
            front,
            keep_log(self, "AccessLog"),
            "eventType",
            "routeKey",
            "status",
            "connectionId",
            "error.message",
            "integrationErrorMessage",
        )
        self.url = self.stage.url
        self.management_url = self.stage.callback_url
        self.may_push = self._may_push()
        CfnOutput(self, "WebsocketUrl", value=self.url)

    def _ping(self) -> apigateway.CfnRoute:
        """`{"action": "ping"}` is answered by the gateway itself and keeps the socket open."""
        integration = apigateway.CfnIntegration(
            self,
            "Ping",
            api_id=self.api.api_id,
            integration_type="MOCK",
            template_selection_expression="200",
            request_templates={"200": json.dumps({"statusCode": 200})},
        )
        apigateway.CfnIntegrationResponse(
            self,
            "PingAnswer",
            api_id=self.api.api_id,
            integration_id=integration.ref,
            integration_response_key="$default",
            template_selection_expression="200",
            response_templates={"200": json.dumps(PONG)},
        )
        route = apigateway.CfnRoute(
            self,
            "PingRoute",
            api_id=self.api.api_id,
            route_key="ping",
            target=f"integrations/{integration.ref}",
            route_response_selection_expression="$default",
        )
        apigateway.CfnRouteResponse(
            self,
            "PingRouteAnswer",
            api_id=self.api.api_id,
            route_id=route.ref,
            route_response_key="$default",
        )
        accept(route, "AwsSolutions-APIG4", "only $connect can be authorised, and it is")
        return route

    def _may_push(self) -> iam.ManagedPolicy:
        """Post to, look at and close this stage's connections, whatever they are called."""
        connections = f"{STAGE}/*/@connections/*"
        policy = iam.ManagedPolicy(
            self,
            "MayPush",
            description="Push to the WebSocket API's connections",
            statements=[
                iam.PolicyStatement(
                    actions=["execute-api:ManageConnections"],
                    resources=[
                        self.format_arn(
                            service="execute-api",
                            resource=self.api.api_id,
                            resource_name=connections,
                        )
                    ],
                )
            ],
        )
        front = self.api.node.default_child
        if not isinstance(front, apigateway.CfnApi):
            raise AssertionError("an API without a CloudFormation API")
        accept(
            policy,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:"
            f"<AWS::AccountId>:<{self.get_logical_id(front)}>/{connections}]",
            "connections come and go, and API Gateway names them as they come",
        )
        return policy

    def _may_log(self) -> CfnAccount:
        """Let API Gateway write to CloudWatch: a setting of the whole account and region.

        It stays when the stack goes, since other APIs of the account may by then rely on it.
        """
        role = iam.Role(
            self,
            "LogRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
                )
            ],
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        account = CfnAccount(self, "LogAccount", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        accept(
            role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AmazonAPIGatewayPushToCloudWatchLogs]",
            "API Gateway refuses a role with less than this policy of AWS's own",
        )
        return account
