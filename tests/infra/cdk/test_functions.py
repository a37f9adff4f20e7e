"""Each row is a function with its limits, settings and grants, and there is no other function."""

import json
from pathlib import Path
from typing import Any

import pytest

from automoney.errors import InvalidInput
from automoney.manifest import FUNCTIONS, Cron, Function, Http, Queue, Table
from automoney.settings import Settings
from infra.cdk.app import ROOT, read_context, synthesise
from infra.cdk.functions import Code
from tests.infra.cdk.conftest import ADDED, Synthesised

ALL_ROWS = pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.name)
# What wiring turns into settings once it has read the secrets.
FOR_WIRING = {
    "AUTOMONEY_DATABASE_SECRET",
    "AUTOMONEY_DATABASE_HOST",
    "AUTOMONEY_DATABASE_NAME",
    "AUTOMONEY_REDIS_SECRET",
    "AUTOMONEY_KEYS_SECRET",
}
# AWS's list: these actions take no resource but `*`.
WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(synthesised: Synthesised, row: Function) -> list[dict[str, Any]]:
    """All that the row's role may do, but for pushing, which is a policy of its own."""
    _, function = synthesised.functions()[row.name]
    role = function["Role"]["Fn::GetAtt"][0]
    return [
        statement
        for policy in synthesised.resources("functions", "AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def actions(synthesised: Synthesised, row: Function) -> dict[str, str]:
    """Action -> the resources it is allowed on, as JSON."""
    return {
        action: json.dumps(statement["Resource"])
        for statement in statements(synthesised, row)
        for action in as_list(statement["Action"])
    }


@ALL_ROWS
def test_a_row_is_a_function_with_its_limits(plain: Synthesised, row: Function) -> None:
    _, function = plain.functions()[row.name]
    assert function["Timeout"] == row.timeout
    assert function["MemorySize"] == row.memory
    assert function["Description"] == row.purpose
    assert function["Handler"] == "handler.handler"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert len(function["Layers"]) == 1


def test_no_function_is_outside_the_manifest_but_cdk_s_own(plain: Synthesised) -> None:
    found = [r for _, _, r in plain.everything() if r["Type"] == "AWS::Lambda::Function"]
    nameless = [r for r in found if "FunctionName" not in r["Properties"]]
    assert len(found) - len(nameless) == len(FUNCTIONS)
    # while deploying, one runs the functions with a Deploy trigger and one ships the page
    runtimes = sorted(r["Properties"]["Runtime"][:6] for r in nameless)
    assert runtimes == ["nodejs", "python"]


def test_a_row_more_is_a_function_more(plain: Synthesised, other: Synthesised) -> None:
    assert set(other.functions()) - set(plain.functions()) == {ADDED.name}
    _, function = other.functions()[ADDED.name]
    assert (function["Timeout"], function["MemorySize"]) == (77, 1234)


@ALL_ROWS
def test_only_functions_that_need_the_stores_are_in_the_vpc(
    plain: Synthesised, row: Function
) -> None:
    _, function = plain.functions()[row.name]
    assert ("VpcConfig" in function) == row.stores
    assert ("ec2:CreateNetworkInterface" in actions(plain, row)) == row.stores
    if row.name.startswith("ws_"):
        assert "VpcConfig" not in function
    if row.stores:
        assert len(function["VpcConfig"]["SubnetIds"]) == 2


@ALL_ROWS
def test_a_star_stands_only_where_aws_takes_nothing_else(plain: Synthesised, row: Function) -> None:
    found = statements(plain, row)
    assert found
    for statement in found:
        assert all("*" not in action for action in as_list(statement["Action"]))
        if "*" in json.dumps(statement["Resource"]):
            assert statement["Resource"] == "*"
            assert set(as_list(statement["Action"])) <= WITHOUT_RESOURCE


@ALL_ROWS
def test_grants_are_the_row_s_columns(plain: Synthesised, row: Function) -> None:
    allowed = actions(plain, row)
    tables = " ".join(on for action, on in allowed.items() if action.startswith("dynamodb:"))
    for table in Table:
        assert (f"{table.value.capitalize()}Table" in tables) == (table in row.tables)
    sending = allowed.get("sqs:SendMessage", "")
    for queue in Queue:
        assert (f"{queue.value.capitalize()}Queue" in sending) == (queue in row.sends)
    scheduled = any(isinstance(trigger, Cron) for trigger in row.triggers)
    assert ("sns:Publish" in allowed) == (row.alerts or scheduled)
    assert ("secretsmanager:GetSecretValue" in allowed) == row.stores
    keys = "Keys" in allowed.get("secretsmanager:GetSecretValue", "")
    assert keys == (row.stores and row.internet)
    _, function = plain.functions()[row.name]
    role = plain.resources("functions", "AWS::IAM::Role")[function["Role"]["Fn::GetAtt"][0]]
    managed = json.dumps(role.get("ManagedPolicyArns", []))
    assert ("MayPush" in managed) == row.sockets
    assert "iam::aws:policy" not in managed


@ALL_ROWS
def test_models_are_asked_by_who_asks_models_and_only_where_there_are_any(
    plain: Synthesised, other: Synthesised, row: Function
) -> None:
    for synthesised, asked in ((plain, False), (other, row.models)):
        allowed = actions(synthesised, row)
        _, function = synthesised.functions()[row.name]
        variables = function["Environment"]["Variables"]
        assert ("bedrock:InvokeModel" in allowed) == asked
        if asked:
            on = allowed["bedrock:InvokeModel"]
            assert ":inference-profile/eu.amazon.nova-lite-v1:0" in on
            assert ":bedrock:*::foundation-model/amazon.nova-lite-v1:0" in on
            assert "Keys" in allowed["secretsmanager:GetSecretValue"]
            assert variables["AUTOMONEY_MODELS"] == "bedrock,openai,rules"
            assert variables["AUTOMONEY_MODEL_CAP_DAY"] == "5"
        assert ("AUTOMONEY_MODELS" in variables) == row.models


def test_nobody_may_delete_a_lease(plain: Synthesised) -> None:
    """Its fence would start anew, and an old holder could pass for a new one."""
    holders = [row for row in FUNCTIONS if row.tables == (Table.LEASES,)]
    assert holders
    for row in holders:
        assert "dynamodb:DeleteItem" not in actions(plain, row)


def test_pushing_is_for_connections_of_the_stage_alone(plain: Synthesised) -> None:
    (policy,) = plain.resources("websocket", "AWS::IAM::ManagedPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:ManageConnections"
    assert statement["Resource"]["Fn::Join"][1][-1] == "/live/*/@connections/*"


@ALL_ROWS
def test_a_function_is_told_what_it_is_granted_and_settings_know_it(
    plain: Synthesised, row: Function
) -> None:
    _, function = plain.functions()[row.name]
    told = function["Environment"]["Variables"]
    known = {f"AUTOMONEY_{name.upper()}" for name in Settings.__dataclass_fields__}
    assert set(told) <= known | FOR_WIRING
    expected = {f"AUTOMONEY_{table.name}_TABLE" for table in row.tables}
    expected |= {f"AUTOMONEY_{queue.name}_QUEUE_URL" for queue in row.sends}
    ends = ("_TABLE", "_QUEUE_URL")
    assert {name for name in told if name.endswith(ends)} == expected
    assert ("AUTOMONEY_WS_MANAGEMENT_URL" in told) == row.sockets
    assert ("AUTOMONEY_ALERTS_TOPIC_ARN" in told) == row.alerts
    assert ("AUTOMONEY_DATABASE_SECRET" in told) == row.stores
    assert ("AUTOMONEY_WS_URL" in told) == any(isinstance(t, Http) for t in row.triggers)


def test_who_checks_tokens_is_told_whose(other: Synthesised) -> None:
    for name in ("api", "ws_authorize"):
        told = other.functions()[name][1]["Environment"]["Variables"]
        assert told["AUTOMONEY_JWT_ISSUER"] == "https://login.example.com"
        assert (
            told["AUTOMONEY_ALLOWED_ORIGINS"] == "https://app.example.com,https://beta.example.com"
        )


def test_no_template_holds_a_secret_s_value(plain: Synthesised, other: Synthesised) -> None:
    """Values are generated by AWS; what refers to one resolves while deploying."""
    for synthesised in (plain, other):
        for _, _, resource in synthesised.everything():
            if resource["Type"] == "AWS::SecretsManager::Secret":
                assert "SecretString" not in resource["Properties"]
                assert "GenerateSecretString" in resource["Properties"]
        (cache,) = synthesised.resources("storage", "AWS::ElastiCache::ReplicationGroup").values()
        token = json.dumps(cache["AuthToken"])
        assert "{{resolve:secretsmanager:" in token
        assert ":SecretString:token::}}" in token  # the field that wiring reads
        (database,) = synthesised.resources("storage", "AWS::RDS::DBInstance").values()
        assert "{{resolve:secretsmanager:" in json.dumps(database["MasterUserPassword"])


def test_keys_of_outside_apis_start_empty(plain: Synthesised) -> None:
    generated = [
        secret["GenerateSecretString"]
        for id, secret in plain.resources("storage", "AWS::SecretsManager::Secret").items()
        if id.startswith("Keys")
    ]
    assert [json.loads(one["SecretStringTemplate"]) for one in generated] == [
        {"glassnode": "", "fred": ""}
    ]


def test_logs_go_after_a_month(plain: Synthesised) -> None:
    groups = [r for _, _, r in plain.everything() if r["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) >= len(FUNCTIONS)
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {30}


def test_a_row_without_a_handler_is_refused_by_name(tmp_path: Path, layer: Path) -> None:
    code = Code(functions=tmp_path, layer=layer)
    with pytest.raises(InvalidInput, match="count_sheep"):
        synthesise(read_context(ROOT / "cdk.json"), code=code, out=tmp_path / "out", rows=[ADDED])
