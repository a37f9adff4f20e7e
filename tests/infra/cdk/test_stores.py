"""Stores, network and alarms: encrypted, private, backed up, and missed when they fail."""

import json
from typing import Any

import pytest

from automoney.manifest import FUNCTIONS, SHAPES, Queue, Table
from automoney.settings import Settings
from tests.infra.cdk.conftest import Synthesised


def only(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (properties,) = found.values()
    return properties


def test_the_database_is_private_encrypted_and_backed_up(plain: Synthesised) -> None:
    database = only(plain.resources("storage", "AWS::RDS::DBInstance"))
    assert database["Engine"] == "postgres"
    assert database["PubliclyAccessible"] is False
    assert database["StorageEncrypted"] is True
    assert database["BackupRetentionPeriod"] == 7
    assert database["DeletionProtection"] is True
    assert database["DBInstanceClass"] == "db.t4g.micro"
    assert database["MultiAZ"] is False
    parameters = only(plain.resources("storage", "AWS::RDS::DBParameterGroup"))
    assert parameters["Parameters"]["rds.force_ssl"] == "1"


def test_the_stores_sit_in_subnets_without_a_way_out(plain: Synthesised) -> None:
    for kind in ("AWS::RDS::DBSubnetGroup", "AWS::ElastiCache::SubnetGroup"):
        subnets = json.dumps(only(plain.resources("storage", kind)))
        assert "storesSubnet1" in subnets
        assert "publicSubnet" not in subnets
    template = plain.templates["network"].to_json()["Resources"]
    inside = {
        r["Properties"]["RouteTableId"]["Ref"]
        for id, r in template.items()
        if r["Type"] == "AWS::EC2::SubnetRouteTableAssociation" and "storesSubnet" in id
    }
    ways_out = {
        r["Properties"]["RouteTableId"]["Ref"]
        for r in template.values()
        if r["Type"] == "AWS::EC2::Route"
    }
    assert inside
    assert not inside & ways_out


def test_only_functions_get_to_the_stores_and_nobody_from_outside(
    plain: Synthesised, other: Synthesised
) -> None:
    for synthesised in (plain, other):
        openings = list(synthesised.resources("network", "AWS::EC2::SecurityGroupIngress").values())
        for group in synthesised.resources("network", "AWS::EC2::SecurityGroup").values():
            openings += group.get("SecurityGroupIngress", [])
        assert {o.get("CidrIp") for o in openings} <= {None, "10.0.0.0/16"}
        ports = {o["FromPort"] for o in openings if "SourceSecurityGroupId" in o}
        assert ports == {5432, 6379}


def test_the_cache_is_encrypted_and_asks_for_a_password(plain: Synthesised) -> None:
    cache = only(plain.resources("storage", "AWS::ElastiCache::ReplicationGroup"))
    assert cache["Engine"] == "valkey"
    assert cache["TransitEncryptionEnabled"] is True
    assert cache["TransitEncryptionMode"] == "required"
    assert cache["AtRestEncryptionEnabled"] is True
    assert cache["AuthToken"]


@pytest.mark.parametrize("table", Table)
def test_a_table_has_its_keys_recovery_and_expiry(plain: Synthesised, table: Table) -> None:
    name = getattr(Settings(), f"{table.value}_table")  # the default name is what we deploy
    (found,) = [
        properties
        for properties in plain.resources("storage", "AWS::DynamoDB::GlobalTable").values()
        if properties["TableName"] == name
    ]
    assert found["BillingMode"] == "PAY_PER_REQUEST"
    (replica,) = found["Replicas"]
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert replica["DeletionProtectionEnabled"] is True
    assert found["KeySchema"] == [{"AttributeName": SHAPES[table].key, "KeyType": "HASH"}]
    expiry = found.get("TimeToLiveSpecification")
    if table is Table.LEASES:
        assert expiry is None  # a lease that goes takes its fence with it
    else:
        assert expiry == {"AttributeName": "expires", "Enabled": True}


def test_connections_are_found_by_user(plain: Synthesised) -> None:
    (index,) = [
        index
        for properties in plain.resources("storage", "AWS::DynamoDB::GlobalTable").values()
        for index in properties.get("GlobalSecondaryIndexes", [])
    ]
    assert index["IndexName"] == "by_user"
    assert index["KeySchema"] == [{"AttributeName": "user_id", "KeyType": "HASH"}]


def test_every_queue_is_encrypted_and_has_dead_letters(plain: Synthesised) -> None:
    queues = plain.resources("storage", "AWS::SQS::Queue")
    assert {properties["QueueName"] for properties in queues.values()} == {
        f"automoney-{queue.value}{end}" for queue in Queue for end in ("", "-dead-letters")
    }
    for properties in queues.values():
        assert properties["SqsManagedSseEnabled"] is True
        if properties["QueueName"].endswith("-dead-letters"):
            assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
            continue
        redrive = properties["RedrivePolicy"]
        assert redrive["maxReceiveCount"] == 5
        dead = queues[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dead["QueueName"] == properties["QueueName"] + "-dead-letters"


def test_a_throw_away_installation_can_be_deleted_and_a_protected_one_keeps_its_data(
    plain: Synthesised, other: Synthesised
) -> None:
    kinds = ("AWS::RDS::DBInstance", "AWS::DynamoDB::GlobalTable")
    for synthesised, policies in ((plain, {"Retain", "Snapshot"}), (other, {"Delete"})):
        found = {
            resource["DeletionPolicy"]
            for _, _, resource in synthesised.everything()
            if resource["Type"] in kinds
        }
        assert found == policies
    assert only(other.resources("storage", "AWS::RDS::DBInstance"))["DeletionProtection"] is False


def test_a_large_installation_has_a_standby_and_a_proxy(
    plain: Synthesised, other: Synthesised
) -> None:
    database = only(other.resources("storage", "AWS::RDS::DBInstance"))
    assert database["MultiAZ"] is True
    proxy = only(other.resources("storage", "AWS::RDS::DBProxy"))
    assert proxy["RequireTLS"] is True
    for synthesised, host in ((plain, "EndpointAddress"), (other, "DatabaseProxy")):
        told = synthesised.functions()["api"][1]["Environment"]["Variables"]
        assert host in json.dumps(told["AUTOMONEY_DATABASE_HOST"])


def test_the_way_out_is_one_small_machine_or_a_gateway_in_each_zone(
    plain: Synthesised, other: Synthesised
) -> None:
    machine = only(plain.resources("network", "AWS::EC2::Instance"))
    assert machine["InstanceType"] == "t4g.nano"
    assert machine["SourceDestCheck"] is False
    assert not plain.resources("network", "AWS::EC2::NatGateway")
    assert not other.resources("network", "AWS::EC2::Instance")
    assert len(other.resources("network", "AWS::EC2::NatGateway")) == 2
    for synthesised in (plain, other):
        endpoints = synthesised.resources("network", "AWS::EC2::VPCEndpoint").values()
        services = json.dumps([endpoint["ServiceName"] for endpoint in endpoints])
        assert "s3" in services
        assert "dynamodb" in services


def test_every_function_and_every_dead_letter_queue_is_watched(plain: Synthesised) -> None:
    alarms = plain.resources("alarms", "AWS::CloudWatch::Alarm").values()
    failing = [alarm for alarm in alarms if alarm["MetricName"] == "Errors"]
    assert len(failing) == len(FUNCTIONS)
    for alarm in failing:
        assert alarm["Threshold"] == 0
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert "AlertsTopic" in json.dumps(alarm["AlarmActions"])
    lost = [a for a in alarms if a["MetricName"] == "ApproximateNumberOfMessagesVisible"]
    assert len(lost) == len(Queue)
    for alarm in lost:
        assert "CriticalTopic" in json.dumps(alarm["AlarmActions"])


@pytest.mark.parametrize(
    ("name", "period", "periods"),
    [
        pytest.param("collect_prices", 300, 3, id="three five-minute runs in a row"),
        pytest.param("collect_onchain", 3600, 3, id="three hourly runs in a row"),
        pytest.param("collect_macro", 3600, 1, id="a daily run at once"),
        pytest.param("api", 300, 3, id="what has no schedule, by five minutes"),
    ],
)
def test_three_failures_in_a_row_alarm_but_rare_runs_at_once(
    plain: Synthesised, name: str, period: int, periods: int
) -> None:
    (alarm,) = [
        alarm
        for alarm in plain.resources("alarms", "AWS::CloudWatch::Alarm").values()
        if str(alarm["AlarmDescription"]).startswith(f"{name} keeps")
    ]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (period, periods)


def test_the_pager_hears_what_is_critical_and_mail_hears_all(
    plain: Synthesised, other: Synthesised
) -> None:
    assert not plain.resources("storage", "AWS::SNS::Subscription")
    heard = {
        (found["Protocol"], found["TopicArn"]["Ref"][:6]): found.get("FilterPolicy")
        for found in other.resources("storage", "AWS::SNS::Subscription").values()
    }
    assert heard == {
        ("email", "Alerts"): None,
        ("email", "Critic"): None,
        ("https", "Critic"): None,
        ("https", "Alerts"): {"severity": ["critical"]},
    }


def test_topics_refuse_plain_http(plain: Synthesised) -> None:
    policies = plain.resources("storage", "AWS::SNS::TopicPolicy").values()
    assert len(policies) == 2
    for policy in policies:
        assert "aws:SecureTransport" in json.dumps(policy)


def test_the_addresses_are_outputs(plain: Synthesised) -> None:
    assert "WebsocketUrl" in plain.templates["websocket"].to_json()["Outputs"]
    assert "ApiUrl" in plain.templates["rest"].to_json()["Outputs"]
