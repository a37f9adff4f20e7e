"""Logs: kept for a month, and one line of JSON a request at the two APIs' front doors."""

import json

from aws_cdk import RemovalPolicy, aws_logs
from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import Construct


def keep_log(scope: Construct, id: str, name: str | None = None) -> aws_logs.LogGroup:
    """A log group that goes when its stack goes."""
    return aws_logs.LogGroup(
        scope,
        id,
        log_group_name=name,
        retention=aws_logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )


def log_access(stage: apigateway.CfnStage, group: aws_logs.LogGroup, *fields: str) -> None:
    """Log each request's `fields` of API Gateway's `$context`.

    Never the query string, which holds tickets, and no header, which hold tokens.
    """
    line = {field: f"$context.{field}" for field in ("requestId", "requestTime", *fields)}
    stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=group.log_group_arn, format=json.dumps(line)
    )
