"""What invokes functions: rules, queues, sockets, HTTP and deployments."""

import json
import re
from typing import Any

import pytest

from automoney.manifest import FUNCTIONS, Consume, Cron, Deploy, Function, Queue, Route, Socket
from infra.cdk.app import ROOT
from infra.cdk.triggers import GRACE
from tests.infra.cdk.conftest import ADDED, Synthesised

CRONS = [
    pytest.param(row, trigger, id=f"{row.name}-{trigger.name}")
    for row in FUNCTIONS
    for trigger in row.triggers
    if isinstance(trigger, Cron)
]


def rules_of(synthesised: Synthesised, row: Function) -> list[dict[str, Any]]:
    id, _ = synthesised.functions()[row.name]
    return [
        rule
        for rule in synthesised.resources("functions", "AWS::Events::Rule").values()
        if rule["Targets"][0]["Arn"] == {"Fn::GetAtt": [id, "Arn"]}
    ]


def sent_by(rule: dict[str, Any]) -> dict[str, Any]:
    """The event of a rule's input transformer, filled in as EventBridge does."""
    transformer = rule["Targets"][0]["InputTransformer"]
    fired = {
        "$.id": "17793124-05d4-b198-2fde-7ededc63b103",
        "$.time": "2025-11-05T12:05:21Z",
        "$.resources": ["arn:aws:events:eu-central-1:123456789012:rule/any"],
    }
    values = {name: fired[path] for name, path in transformer["InputPathsMap"].items()}
    template = transformer["InputTemplate"]
    filled = re.sub(r"<(\w+)>", lambda found: json.dumps(values[found[1]]), template)
    event = json.loads(filled)
    assert isinstance(event, dict)
    return event


@pytest.mark.parametrize(("row", "cron"), CRONS)
def test_a_cron_is_a_rule_that_passes_its_time_on(
    plain: Synthesised, row: Function, cron: Cron
) -> None:
    (rule,) = [
        rule for rule in rules_of(plain, row) if sent_by(rule)["detail"] == dict(cron.detail)
    ]
    assert rule["ScheduleExpression"] == cron.schedule.eventbridge
    assert rule["State"] == "ENABLED"
    assert sent_by(rule)["time"] == "2025-11-05T12:05:21Z"
    assert rule["Targets"][0]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 600


def test_there_are_as_many_rules_as_crons(plain: Synthesised, other: Synthesised) -> None:
    assert len(plain.resources("functions", "AWS::Events::Rule")) == len(CRONS)
    assert len(other.resources("functions", "AWS::Events::Rule")) == len(CRONS) + 1
    (added,) = rules_of(other, ADDED)
    assert added["ScheduleExpression"] == "cron(15 6 ? * 2 *)"
    assert sent_by(added)["detail"] == {"flock": "white"}


def test_a_rule_s_event_is_the_recorded_one(plain: Synthesised) -> None:
    recorded = json.loads((ROOT / "tests/events/eventbridge_cron.json").read_text())
    (row,) = [row for row in FUNCTIONS if row.name == "collect_prices"]
    (rule,) = rules_of(plain, row)
    assert sent_by(rule) | {"resources": []} == recorded | {"resources": []}


def test_a_scheduled_function_is_tried_three_times_in_ten_minutes_then_tells(
    plain: Synthesised,
) -> None:
    found = plain.resources("functions", "AWS::Lambda::EventInvokeConfig")
    scheduled = {row.name for row in FUNCTIONS if any(isinstance(t, Cron) for t in row.triggers)}
    ids = {plain.functions()[name][0] for name in scheduled}
    assert {config["FunctionName"]["Ref"] for config in found.values()} == ids
    for config in found.values():
        assert config["MaximumEventAgeInSeconds"] == GRACE.to_seconds() == 600
        assert config["MaximumRetryAttempts"] == 2
        assert "AlertsTopic" in json.dumps(config["DestinationConfig"]["OnFailure"])


def test_a_consumer_gets_batches_and_reports_single_failures(
    plain: Synthesised, other: Synthesised
) -> None:
    consumed = {
        (row.name, trigger.queue): trigger.batch
        for row in FUNCTIONS
        for trigger in row.triggers
        if isinstance(trigger, Consume)
    }
    found = plain.resources("functions", "AWS::Lambda::EventSourceMapping").values()
    assert len(found) == len(consumed) > 0
    for (name, queue), batch in consumed.items():
        (mapping,) = [
            mapping
            for mapping in found
            if mapping["FunctionName"] == {"Ref": plain.functions()[name][0]}
        ]
        assert f"{queue.value.capitalize()}Queue" in json.dumps(mapping["EventSourceArn"])
        assert mapping["BatchSize"] == batch
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    wide = other.resources("functions", "AWS::Lambda::EventSourceMapping").values()
    assert {mapping["ScalingConfig"]["MaximumConcurrency"] for mapping in wide} == {25}


def test_a_queue_waits_six_times_its_slowest_consumer(
    plain: Synthesised, other: Synthesised
) -> None:
    for synthesised in (plain, other):
        limits = {
            queue: max(
                row.timeout
                for row in synthesised.rows
                for trigger in row.triggers
                if isinstance(trigger, Consume) and trigger.queue is queue
            )
            for queue in Queue
        }
        for queue in Queue:
            (found,) = [
                properties
                for properties in synthesised.resources("storage", "AWS::SQS::Queue").values()
                if properties["QueueName"].endswith(f"-{queue.value}")
            ]
            assert found["VisibilityTimeout"] == 6 * limits[queue]


def test_every_socket_route_leads_to_its_function(plain: Synthesised) -> None:
    expected = {
        trigger.route.value: row.name
        for row in FUNCTIONS
        for trigger in row.triggers
        if isinstance(trigger, Socket)
    }
    assert set(expected) == set(Route)
    integrations = plain.resources("functions", "AWS::ApiGatewayV2::Integration")
    found = {
        route["RouteKey"]: json.dumps(
            integrations[route["Target"]["Fn::Join"][1][1]["Ref"]]["IntegrationUri"]
        )
        for route in plain.resources("functions", "AWS::ApiGatewayV2::Route").values()
        if "websocket" in json.dumps(route["ApiId"])
    }
    assert set(found) == set(expected)
    for key, name in expected.items():
        assert f'"{plain.functions()[name][0]}"' in found[key]


def test_connecting_asks_the_authorizer_whatever_the_client_sends(plain: Synthesised) -> None:
    ((id, authorizer),) = plain.resources("functions", "AWS::ApiGatewayV2::Authorizer").items()
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert "IdentitySource" not in authorizer  # who lacks a listed one is turned away unasked
    assert f'"{plain.functions()["ws_authorize"][0]}"' in json.dumps(authorizer["AuthorizerUri"])
    (connect,) = [
        route
        for route in plain.resources("functions", "AWS::ApiGatewayV2::Route").values()
        if route["RouteKey"] == "$connect"
    ]
    assert connect["AuthorizationType"] == "CUSTOM"
    assert connect["AuthorizerId"] == {"Ref": id}


def test_a_ping_is_answered_without_a_function(plain: Synthesised) -> None:
    (route,) = plain.resources("websocket", "AWS::ApiGatewayV2::Route").values()
    (integration,) = plain.resources("websocket", "AWS::ApiGatewayV2::Integration").values()
    (answer,) = plain.resources("websocket", "AWS::ApiGatewayV2::IntegrationResponse").values()
    assert route["RouteKey"] == "ping"
    assert route["RouteResponseSelectionExpression"] == "$default"
    assert integration["IntegrationType"] == "MOCK"
    assert json.loads(answer["ResponseTemplates"]["200"]) == {"event": "pong"}


def test_every_http_request_goes_to_the_api_as_version_2(plain: Synthesised) -> None:
    (integration,) = [
        found
        for found in plain.resources("functions", "AWS::ApiGatewayV2::Integration").values()
        if "rest" in json.dumps(found["ApiId"])
    ]
    assert integration["PayloadFormatVersion"] == "2.0"
    assert f'"{plain.functions()["api"][0]}"' in json.dumps(integration["IntegrationUri"])


def test_only_named_pages_may_call(plain: Synthesised, other: Synthesised) -> None:
    (closed,) = plain.resources("rest", "AWS::ApiGatewayV2::Api").values()
    (open_to,) = other.resources("rest", "AWS::ApiGatewayV2::Api").values()
    assert "CorsConfiguration" not in closed
    assert open_to["CorsConfiguration"]["AllowOrigins"] == [
        "https://app.example.com",
        "https://beta.example.com",
    ]
    assert not open_to["CorsConfiguration"].get("AllowCredentials", False)


@pytest.mark.parametrize("stack", ["websocket", "rest"])
def test_front_doors_are_throttled_and_logged_without_tokens(
    plain: Synthesised, stack: str
) -> None:
    (stage,) = plain.resources(stack, "AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert logged["requestId"] == "$context.requestId"  # API Gateway demands it
    assert all(value == f"$context.{name}" for name, value in logged.items())


def test_what_runs_at_deploy_runs_before_the_others_change(plain: Synthesised) -> None:
    deployed = [row for row in FUNCTIONS if any(isinstance(t, Deploy) for t in row.triggers)]
    template = plain.templates["functions"].to_json()["Resources"]
    runs = {id: r for id, r in template.items() if r["Type"] == "Custom::Trigger"}
    assert len(runs) == len(deployed) == 1
    ((id, run),) = runs.items()
    first, _ = plain.functions()[deployed[0].name]
    version = template[run["Properties"]["HandlerArn"]["Ref"]]
    assert version["Properties"]["FunctionName"] == {"Ref": first}
    for name, (other_id, _) in plain.functions().items():
        if name != deployed[0].name:
            assert id in template[other_id]["DependsOn"]
