"""What is really sent and every documented example is as the schemas say; nothing else is."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # without stubs
from jsonschema import (  # type: ignore[import-untyped]  # without stubs
    Draft202012Validator,
    ValidationError,
    validate,
)

from automoney.messages import Event, Numbered
from automoney.messages.schemas import EVENTS, REPLIES, REQUESTS, outbound
from infra.local.asyncapi import document, text
from infra.local.asyncapi_examples import EXAMPLES
from infra.local.gateway import FunctionError
from tests.infra.gateway.product import Product
from tests.push.room import every_kind

ALL = EVENTS | REPLIES | REQUESTS
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "asyncapi.yaml"


def held(message: dict[str, Any]) -> dict[str, Any]:
    """`message`, which is as its schema says and would not be with one more property anywhere."""
    schema = outbound(message)
    validate(message, schema, cls=Draft202012Validator)
    return message


def test_every_event_is_sent_over_the_gateway_as_its_schema_says(product: Product) -> None:
    messages = every_kind()
    assert {one.event for one in messages} == set(Event)
    with product.gateway.open(product.bearer("ada")) as client:
        client.send('{"action":"subscribe"}')
        assert held(json.loads(client.recv(3)))["event"] == "subscribed"
        numbered = [Numbered("ada", seq, one) for seq, one in enumerate(messages, 1)]
        assert product.broadcast(*numbered) == []
        received = [held(json.loads(client.recv(3))) for _ in messages]
    assert received == [one.envelope() for one in numbered]


def test_every_reply_is_as_its_schema_says(product: Product) -> None:
    names = set()
    with product.gateway.open(product.bearer("ada")) as client:
        for words in (
            '{"action":"subscribe","event":"decision:made","strategyId":"hodl-wave"}',
            '{"action":"unsubscribe","event":null}',
            '{"action":"ping"}',
            "{}",
            "what?",
        ):
            client.send(words)
            names.add(held(json.loads(client.recv(3)))["event"])
        working = product.gateway.functions.named["ws_message"]

        def broken(_: Any) -> None:
            raise FunctionError("ws_message", "out of memory")

        product.gateway.functions.named["ws_message"] = broken
        client.send('{"action":"subscribe"}')
        assert set(held(json.loads(client.recv(3)))) == {"message", "connectionId", "requestId"}
        product.gateway.functions.named["ws_message"] = working
        for connection in product.connected("ada"):
            product.connections.remove(connection.connection_id)  # as if it had been forgotten
        client.send('{"action":"subscribe"}')
        names.add(held(json.loads(client.recv(3)))["event"])
    assert names | {"gateway:failure"} == set(REPLIES)


def test_the_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == text(), "run python -m infra.local.asyncapi > docs/asyncapi.yaml"
    assert yaml.safe_load(DOCUMENT.read_text()) == json.loads(json.dumps(document()))


def test_every_reference_in_the_document_leads_somewhere() -> None:
    whole = document()

    def follow(value: Any) -> int:
        if isinstance(value, list):
            return sum(map(follow, value))
        if not isinstance(value, dict):
            return 0
        if "$ref" in value:
            found: Any = whole
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return 1
        return sum(map(follow, value.values()))

    assert follow(whole) == 4 + 2 * len(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_schema_is_one_and_every_example_meets_it(name: str) -> None:
    Draft202012Validator.check_schema(ALL[name])
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        validate(example, ALL[name], cls=Draft202012Validator)


def _spoilt(value: Any) -> list[Any]:
    """`value` with one more property, in each of its objects in turn that is no map by name."""
    found: list[Any] = []
    if isinstance(value, dict):
        found.append({**value, "surprise": 1})
        for name, inner in value.items():
            found += [{**value, name: one} for one in _spoilt(inner)]
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += [[*value[:index], one, *value[index + 1 :]] for one in _spoilt(inner)]
    return found


@pytest.mark.parametrize("name", ALL)
def test_one_property_too_many_fails_anywhere(name: str) -> None:
    for example in EXAMPLES[name]:
        spoilt = _spoilt(deepcopy(example))
        assert spoilt
        for one in spoilt:
            with pytest.raises(ValidationError):
                validate(one, ALL[name], cls=Draft202012Validator)
