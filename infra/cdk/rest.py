"""The HTTP API's front: the API, who may call it from a web page, its stage.

The one route, everything, leads to the function with the Http trigger (see `triggers`).
"""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import Construct

from infra.cdk.installation import Installation
from infra.cdk.logs import keep_log, log_access


class RestStack(Stack):
    """REST under `url`, without a stage in its path."""

    api: apigateway.HttpApi
    url: str

    def __init__(self, scope: Construct, id: str, *, installation: Installation) -> None:
        super().__init__(scope, id, description="AutoMoney: REST API")
        origins = list(installation.allowed_origins)
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"{installation.name}-rest",
            create_default_stage=False,
            cors_preflight=apigateway.CorsPreflightOptions(
                allow_origins=origins,
                allow_methods=[
                    apigateway.CorsHttpMethod.GET,
                    apigateway.CorsHttpMethod.POST,
                    apigateway.CorsHttpMethod.PUT,
                    apigateway.CorsHttpMethod.DELETE,
                ],
                allow_headers=["authorization", "content-type", "idempotency-key", "if-none-match"],
                expose_headers=[
                    *("content-disposition", "etag", "idempotent-replayed", "link", "location"),
                    "retry-after",
                ],
                max_age=Duration.hours(1),
            )
            if origins
            else None,
        )
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=100, burst_limit=200),
        )
        front = stage.node.default_child
        if not isinstance(front, apigateway.CfnStage):
            raise AssertionError("a stage without a CloudFormation stage")
        log_access(
            front,
            keep_log(self, "AccessLog"),
            "httpMethod",
            "path",
            "status",
            "responseLatency",
            "identity.sourceIp",
            "integrationErrorMessage",
        )
        self.url = self.api.api_endpoint
        CfnOutput(self, "ApiUrl", value=self.url)
