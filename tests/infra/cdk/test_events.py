"""The recorded events have the shapes that AWS documents, and fit together and the manifest."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser import models
from pydantic import BaseModel

from automoney.encoding import parse_utc
from automoney.manifest import FUNCTIONS, Authorizer, Consume, Cron, Deploy, Http, Socket
from automoney.messages import Event
from automoney.trading.judgement import execution_id
from automoney.trading.strategies import STRATEGIES
from infra.cdk.app import ROOT
from infra.cdk.websocket import STAGE

EVENTS = ROOT / "tests" / "events"
KINDS: dict[type, tuple[str, ...]] = {
    Deploy: ("deploy",),
    Cron: ("eventbridge_cron", "run_strategy"),
    Consume: ("sqs_orders", "sqs_events", "sqs_looks"),
    Authorizer: ("ws_authorize", "ws_authorize_ticket"),
    Socket: ("ws_connect", "ws_disconnect", "ws_message_subscribe"),
    Http: ("http_api_v2",),
}
NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)


def event(name: str) -> dict[str, Any]:
    found = json.loads((EVENTS / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


def test_there_is_an_event_for_each_kind_of_trigger_and_none_besides() -> None:
    used = {type(trigger) for row in FUNCTIONS for trigger in row.triggers}
    assert used == set(KINDS)
    files = {file.stem for file in EVENTS.glob("*.json")}
    assert files == {name for names in KINDS.values() for name in names}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("sqs_orders", models.SqsModel),
        ("sqs_events", models.SqsModel),
        ("sqs_looks", models.SqsModel),
        ("ws_connect", models.APIGatewayWebSocketConnectEventModel),
        ("ws_disconnect", models.APIGatewayWebSocketDisconnectEventModel),
        ("ws_message_subscribe", models.APIGatewayWebSocketMessageEventModel),
        ("http_api_v2", models.APIGatewayProxyEventV2Model),
    ],
)
def test_an_event_has_the_documented_shape(name: str, model: type[BaseModel]) -> None:
    model.model_validate(event(name))


@pytest.mark.parametrize("name", KINDS[Cron])
def test_a_rule_s_event_has_the_documented_shape_without_whose_it_is(name: str) -> None:
    """Our rules leave `account` and `region` out: a function knows where it runs."""
    models.EventBridgeModel.model_validate(
        event(name) | {"account": "123456789012", "region": "eu-central-1"}
    )
    assert not {"account", "region"} & set(event(name))


@pytest.mark.parametrize("name", ["ws_authorize", "ws_authorize_ticket"])
def test_an_authorizer_is_asked_as_for_a_websocket(name: str) -> None:
    asked = event(name)
    context = asked["requestContext"]
    assert asked["type"] == "REQUEST"
    assert asked["methodArn"].endswith(f":{context['apiId']}/{STAGE}/$connect")
    assert (context["routeKey"], context["eventType"]) == ("$connect", "CONNECT")
    assert asked["multiValueHeaders"] == {k: [v] for k, v in asked["headers"].items()}
    assert "httpMethod" not in asked  # that is a REST API's
    by_header = "Authorization" in asked["headers"]
    assert by_header != ("ticket" in asked["queryStringParameters"])
    assert by_header != ("Origin" in asked["headers"])  # which only browsers send


def test_the_strategy_run_fires_late_and_belongs_to_noon() -> None:
    fired = event("run_strategy")
    strategy = STRATEGIES[fired["detail"]["strategy"]]
    assert fired["time"] == "2025-11-05T12:00:37Z"
    assert strategy.schedule.slot_at(parse_utc(fired["time"])).at == NOON


@pytest.mark.parametrize(
    ("name", "count"), [("sqs_orders", 2), ("sqs_events", 2), ("sqs_looks", 1)]
)
def test_queued_messages_are_whole(name: str, count: int) -> None:
    records = event(name)["Records"]
    assert len({record["messageId"] for record in records}) == len(records) == count
    for record in records:
        digest = hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
        assert record["md5OfBody"] == digest
        assert record["eventSourceARN"].endswith(":automoney-" + name.removeprefix("sqs_"))


def test_orders_name_the_noon_run_and_its_users() -> None:
    bodies = [json.loads(record["body"]) for record in event("sqs_orders")["Records"]]
    assert {body["executionId"] for body in bodies} == {execution_id("hodl-wave", NOON)}
    assert [body["users"] for body in bodies] == [["ada", "bob"], ["cleo"]]


def test_a_look_says_at_what_when_and_for_whom() -> None:
    (look,) = event("sqs_looks")["Records"]
    assert json.loads(look["body"]) == {
        "strategy": "hodl-wave",
        "at": "2025-11-05T12:03:17Z",
        "askedBy": "ada",
    }


def test_pushed_events_are_envelopes_for_users() -> None:
    bodies = [json.loads(record["body"]) for record in event("sqs_events")["Records"]]
    pushed = [message for body in bodies for message in body["messages"]]
    assert [(m["userId"], m["event"]["seq"]) for m in pushed] == [
        ("ada", 17),
        ("ada", 18),
        ("bob", 5),
    ]
    for message in pushed:
        assert message["event"]["event"] in set(Event)
        assert set(message["event"]) == {"event", "seq", "at", "data"}
        assert message["event"]["data"]["executionId"] == execution_id("hodl-wave", NOON)


def test_one_connection_lives_through_its_three_events() -> None:
    lives = [event(name)["requestContext"] for name in KINDS[Socket]]
    assert len({context["connectionId"] for context in lives}) == 1
    assert {context["authorizer"]["userId"] for context in lives} == {"ada"}
    assert {context["stage"] for context in lives} == {STAGE}
    times = [context["requestTimeEpoch"] for context in lives]
    connected, gone, spoke = times
    assert lives[0]["connectedAt"] <= connected < spoke < gone
