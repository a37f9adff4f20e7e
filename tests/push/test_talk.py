"""Bad messages get a reason and the connection lives; every event reaches its user alone."""

import json
import random
from contextlib import ExitStack
from typing import Any

import pytest

from automoney.messages import Event, Numbered
from tests.infra.gateway.product import Product, say
from tests.push.room import every_kind

ODD = {
    "no JSON": "what?",
    "nothing": "",
    "a list": '["subscribe"]',
    "a number": "1",
    "null": "null",
    "no action": "{}",
    "an unknown action": '{"action":"shout"}',
    "an action in capitals": '{"action":"SUBSCRIBE"}',
    "an action that is a list": '{"action":["subscribe"]}',
    "an unknown event": '{"action":"subscribe","event":"trade:made"}',
    "an event that is a number": '{"action":"subscribe","event":1}',
    "an unknown strategy": '{"action":"subscribe","strategyId":"get-rich"}',
    "another's data": '{"action":"subscribe","userId":"bob"}',
    "a misspelt property": '{"action":"subscribe","evnt":"agent:scores"}',
    "deep lists": "[" * 50_000 + "]" * 50_000,
    "deep objects": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "a long number": '{"action":' + "9" * 5_000 + "}",
    "NaN": '{"action":NaN}',
    "a zero": '{"action":"sub\0scribe"}',
    "a lone surrogate": '{"action":"\\ud800"}',
    "120 KB": '{"action":"' + "x" * 120_000 + '"}',
    "many emoji": "😀" * 5_000,
}


def test_every_odd_message_gets_a_reason_and_the_connection_lives(product: Product) -> None:
    with product.gateway.open(product.bearer("ada")) as client:
        for name, text in ODD.items():
            client.send(text)
            reply = json.loads(client.recv(5))
            assert reply["event"] == "error", name
            assert 0 < len(reply["data"]["reason"]) < 600, name
        assert say(client, action="subscribe")["event"] == "subscribed"
        (one,) = product.connected("ada")
        assert len(one.subscriptions) == 1


def test_fuzzed_messages_are_all_answered(product: Product) -> None:
    dice = random.Random(4)
    good = '{"action":"subscribe","event":"agent:scores","strategyId":"hodl-wave"}'
    with product.gateway.open(product.bearer("ada")) as client:
        for _ in range(150):
            text = list(good)
            for _ in range(dice.randrange(1, 6)):
                place = dice.randrange(len(text))
                text[place : place + dice.randrange(3)] = chr(dice.randrange(0xD800))
            client.send("".join(text))
            reply = json.loads(client.recv(5))
            assert reply["event"] in ("subscribed", "error")
        assert say(client, action="ping") == {"event": "pong"}


@pytest.mark.parametrize("event", Event)
def test_an_event_reaches_its_user_alone(product: Product, event: Event) -> None:
    message = next(one for one in every_kind() if one.event is event)
    with ExitStack() as ending:
        clients: dict[str, Any] = {}
        for user in ("ada", "bob", "ADA", "ada."):
            clients[user] = ending.enter_context(product.gateway.open(product.bearer(user)))
            say(clients[user], action="subscribe")
        product.broadcast(Numbered("ada", 1, message))
        assert say(clients["ada"], action="ping")["event"] == event.value
        for user in ("bob", "ADA", "ada."):
            assert say(clients[user], action="ping") == {"event": "pong"}
