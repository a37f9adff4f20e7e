import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.messages import Event
from automoney.ports import Connection, Subscription
from automoney.stores.connections import DynamoConnections
from automoney.trading.strategies import STRATEGIES
from automoney.workflows.converse import TooManyConnections, connect, disconnect, message, without
from tests.fakes_dynamo import FakeDynamo
from tests.fakes_sockets import FakeSockets

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
EVERYTHING = Subscription(None, None)
SCORES = Subscription("agent:scores", None)
HODL_SCORES = Subscription("agent:scores", "hodl-wave")


@pytest.fixture
def connections() -> DynamoConnections:
    return DynamoConnections(FakeDynamo().client, "connections")


@pytest.fixture
def sockets() -> FakeSockets:
    return FakeSockets()


def arrive(
    connections: DynamoConnections, sockets: FakeSockets, *ids: str, user: str = "ada"
) -> None:
    """Connect one after the other, a second apart; a socket opens after $connect was answered."""
    for one in ids:
        now = NOON + timedelta(seconds=len(connections.all()))
        connect(one, user, connections=connections, sockets=sockets, now=now)
        sockets.active[one] = now


def ids(connections: DynamoConnections, user: str = "ada") -> list[str]:
    return [one.connection_id for one in connections.of_user(user)]


# ---------------------------------------------------------------- connect, disconnect


def test_a_new_connection_is_registered_and_hears_nothing_yet(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "a")
    assert connections.get("a") == Connection("a", "ada", NOON)
    disconnect("a", connections=connections)
    assert connections.get("a") is None


def test_the_fourth_connection_closes_the_oldest_and_tells_it_why(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "x", user="bob")
    arrive(connections, sockets, "a", "b", "c")
    assert sockets.closed == []
    arrive(connections, sockets, "d")
    assert sockets.closed == ["a"]
    assert sockets.heard("a") == [
        {
            "event": "connection:closed",
            "data": {"reason": "3 newer connections of yours are open"},
        }
    ]
    assert ids(connections) == ["b", "c", "d"]
    assert ids(connections, "bob") == ["x"]


def test_an_oldest_that_is_gone_already_is_just_forgotten(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "a", "b", "c")
    del sockets.active["a"]
    later = NOON + timedelta(seconds=10)  # so it is no longer opening
    connect("d", "ada", connections=connections, sockets=sockets, now=later, wait=never)
    assert sockets.closed == []
    assert ids(connections) == ["b", "c", "d"]


def never(_: float) -> None:
    raise AssertionError("nothing is opening: there is nothing to wait for")


def test_an_oldest_that_is_still_opening_is_waited_for_and_told(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "a", "b", "c")
    active = sockets.active.pop("a")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            sockets.active["a"] = active

    now = NOON + timedelta(seconds=3)
    connect("d", "ada", connections=connections, sockets=sockets, now=now, wait=wait)
    assert len(waits) == 3
    assert sockets.closed == ["a"]
    assert ids(connections) == ["b", "c", "d"]


def test_one_that_three_newer_have_overtaken_does_not_open(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "b", "c", "d")
    with pytest.raises(TooManyConnections):
        connect(
            "a", "ada", connections=connections, sockets=sockets, now=NOON - timedelta(seconds=1)
        )
    assert ids(connections) == ["b", "c", "d"]
    assert sockets.closed == []


def test_one_that_cannot_be_closed_now_does_not_keep_the_new_one_out(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "a", "b", "c")
    sockets.stuck.add("a")
    arrive(connections, sockets, "d")
    assert ids(connections) == ["a", "b", "c", "d"]
    sockets.stuck.clear()
    connect("e", "ada", connections=connections, sockets=sockets, now=NOON + timedelta(minutes=1))
    assert ids(connections) == ["c", "d", "e"]


# ---------------------------------------------------------------- message


def say(
    connections: DynamoConnections, sockets: FakeSockets, body: object, to: str = "a"
) -> dict[str, Any]:
    """Send a message and return the one reply."""
    before = len(sockets.heard(to))
    text = body if isinstance(body, str) else json.dumps(body)
    message(to, text, connections=connections, sockets=sockets)
    (reply,) = sockets.heard(to)[before:]
    return reply


def held(connections: DynamoConnections) -> frozenset[Subscription]:
    found = connections.get("a")
    assert found is not None
    return found.subscriptions


@pytest.mark.parametrize(
    ("wish", "subscription"),
    [
        ({}, EVERYTHING),
        ({"event": None, "strategyId": None}, EVERYTHING),
        ({"event": "agent:scores"}, SCORES),
        ({"strategyId": "hodl-wave"}, Subscription(None, "hodl-wave")),
        ({"event": "agent:scores", "strategyId": "hodl-wave"}, HODL_SCORES),
    ],
)
def test_subscribe_and_unsubscribe_are_done_and_confirmed(
    connections: DynamoConnections,
    sockets: FakeSockets,
    wish: dict[str, Any],
    subscription: Subscription,
) -> None:
    arrive(connections, sockets, "a")
    echo = {"event": subscription.event, "strategyId": subscription.strategy_id}
    for _ in range(2):  # once more changes nothing
        reply = say(connections, sockets, {"action": "subscribe", **wish})
        assert reply == {"event": "subscribed", "data": echo}
        assert held(connections) == {subscription}
    for _ in range(2):
        reply = say(connections, sockets, {"action": "unsubscribe", **wish})
        assert reply == {"event": "unsubscribed", "data": echo}
        assert held(connections) == frozenset()


def test_unsubscribing_from_part_of_everything_leaves_the_rest(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "a")
    say(connections, sockets, {"action": "subscribe"})
    say(connections, sockets, {"action": "unsubscribe", "event": "agent:scores"})
    assert held(connections) == {
        Subscription(event, strategy_id)
        for event, strategy_id in product(Event, STRATEGIES)
        if event != "agent:scores"
    }


def test_ping_is_answered_here_too(connections: DynamoConnections, sockets: FakeSockets) -> None:
    arrive(connections, sockets, "a")
    assert say(connections, sockets, {"action": "ping"})["event"] == "pong"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param("hello", ["hello", "JSON object", "subscribe"], id="no JSON"),
        pytest.param("", ["JSON object"], id="nothing"),
        pytest.param('["subscribe"]', ["JSON object"], id="a list"),
        pytest.param("[" * 100_000, ["JSON object"], id="deep nesting"),
        pytest.param({}, ["action", "None", "subscribe", "unsubscribe", "ping"], id="no action"),
        pytest.param({"action": "buy"}, ["action", "buy", "subscribe"], id="unknown action"),
        pytest.param({"action": ["subscribe"]}, ["action", "subscribe"], id="action as a list"),
        pytest.param(
            {"action": "subscribe", "event": "agent:moods"},
            ["event", "agent:moods", *Event],
            id="unknown event",
        ),
        pytest.param(
            {"action": "unsubscribe", "strategyId": "yolo"},
            ["strategyId", "yolo", *STRATEGIES],
            id="unknown strategy",
        ),
        pytest.param({"action": "subscribe", "event": 3}, ["event", "3"], id="event as a number"),
        pytest.param({"action": "subscribe", "event": ""}, ["event"], id="an empty event"),
        pytest.param({"action": "x" * 100_000}, ["action", "…"], id="a very long action"),
    ],
)
def test_what_is_not_understood_is_explained_and_the_connection_lives(
    connections: DynamoConnections, sockets: FakeSockets, body: object, words: list[str]
) -> None:
    arrive(connections, sockets, "a")
    reply = say(connections, sockets, body)
    assert reply["event"] == "error"
    for word in words:
        assert word in reply["data"]["reason"]
    assert len(reply["data"]["reason"]) < 400
    assert sockets.closed == []
    assert held(connections) == frozenset()


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
def test_a_socket_without_a_record_is_told_to_connect_again(
    connections: DynamoConnections, sockets: FakeSockets, action: str
) -> None:
    sockets.active["a"] = NOON
    reply = say(connections, sockets, {"action": action})
    assert reply["event"] == "connection:closed"
    assert "connect again" in reply["data"]["reason"]
    assert sockets.closed == ["a"]


def test_a_socket_that_closed_before_its_reply_is_forgotten(
    connections: DynamoConnections, sockets: FakeSockets
) -> None:
    arrive(connections, sockets, "a")
    del sockets.active["a"]
    message("a", '{"action":"subscribe"}', connections=connections, sockets=sockets)
    assert connections.get("a") is None


# ---------------------------------------------------------------- the arithmetic of subscriptions

subscriptions = st.builds(
    Subscription,
    st.none() | st.sampled_from([str(event) for event in Event]),
    st.none() | st.sampled_from(list(STRATEGIES)),
)


def heard(held: frozenset[Subscription]) -> set[tuple[str, str]]:
    """All (event, strategy) that these subscriptions let through."""
    return {
        (str(event), strategy_id)
        for event, strategy_id in product(Event, STRATEGIES)
        for one in held
        if one.event in (None, event) and one.strategy_id in (None, strategy_id)
    }


@given(st.frozensets(subscriptions, max_size=5), subscriptions)
def test_without_hears_all_of_the_old_but_nothing_of_the_dropped(
    held: frozenset[Subscription], dropped: Subscription
) -> None:
    left = without(held, dropped)
    assert heard(left) == heard(held) - heard(frozenset({dropped}))
    assert without(left, dropped) == left
