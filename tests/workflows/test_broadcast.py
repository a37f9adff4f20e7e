import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.messages import Event, Message, Numbered
from automoney.ports import Connection, Subscription
from automoney.stores.connections import DynamoConnections
from automoney.workflows.broadcast import broadcast
from tests.fakes_dynamo import FakeDynamo, throttled
from tests.fakes_sockets import FakeSockets

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
EVERYTHING = Subscription(None, None)


class Stage:
    """Users with open sockets, and queue messages on their way to them."""

    def __init__(self) -> None:
        self.dynamo = FakeDynamo()
        self.connections = DynamoConnections(self.dynamo.client, "connections")
        self.sockets = FakeSockets()

    def open(self, connection_id: str, user: str, *wanted: Subscription) -> None:
        at = NOON + timedelta(seconds=len(self.sockets.active))
        self.connections.add(Connection(connection_id, user, at, frozenset(wanted)))
        self.sockets.active[connection_id] = at

    def push(self, **bodies: str) -> list[str]:
        return broadcast(bodies, connections=self.connections, sockets=self.sockets)

    def seqs(self, connection_id: str) -> list[int]:
        return [envelope["seq"] for envelope in self.sockets.heard(connection_id)]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def numbered(
    user: str, seq: int, event: Event = Event.AGENT_SCORES, strategy: str = "hodl-wave"
) -> dict[str, Any]:
    message = Message(event, strategy, NOON, {"strategyId": strategy, "note": "ä"})
    return {"userId": user, "event": Numbered(user, seq, message).envelope()}


def body(*messages: dict[str, Any]) -> str:
    return json.dumps({"messages": messages})


def test_each_user_gets_his_own_events_on_all_his_sockets(stage: Stage) -> None:
    stage.open("a1", "ada", EVERYTHING)
    stage.open("a2", "ada", EVERYTHING)
    stage.open("b", "bob", EVERYTHING)
    assert stage.push(m=body(numbered("ada", 1), numbered("bob", 7), numbered("eve", 3))) == []
    assert stage.sockets.heard("a1") == stage.sockets.heard("a2") == [numbered("ada", 1)["event"]]
    assert stage.seqs("b") == [7]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param((), [], id="a new connection hears nothing"),
        pytest.param((EVERYTHING,), [1, 2, 3], id="everything"),
        pytest.param((Subscription("agent:scores", None),), [1, 3], id="one kind of event"),
        pytest.param((Subscription(None, "hodl-wave"),), [1, 2], id="one strategy"),
        pytest.param((Subscription("agent:scores", "hodl-wave"),), [1], id="one of both"),
        pytest.param((EVERYTHING, Subscription("agent:scores", None)), [1, 2, 3], id="once each"),
        pytest.param((Subscription("agent:scores", "other"),), [], id="none that was sent"),
    ],
)
def test_a_socket_hears_what_it_subscribed_to(
    stage: Stage, wanted: tuple[Subscription, ...], expected: list[int]
) -> None:
    stage.open("a", "ada", *wanted)
    stage.push(
        m=body(
            numbered("ada", 1),
            numbered("ada", 2, Event.TRADE_EXECUTED),
            numbered("ada", 3, strategy="high-freq"),
        )
    )
    assert stage.seqs("a") == expected


def test_the_order_is_that_of_the_numbers_across_queue_messages(stage: Stage) -> None:
    stage.open("a", "ada", EVERYTHING)
    stage.push(m=body(numbered("ada", 5), numbered("ada", 4)), n=body(numbered("ada", 3)))
    assert stage.seqs("a") == [3, 4, 5]


def test_a_users_connections_are_looked_up_once(stage: Stage) -> None:
    stage.open("a", "ada", EVERYTHING)
    stage.dynamo.calls.clear()
    stage.push(m=body(*(numbered("ada", seq) for seq in range(1, 20))))
    assert stage.dynamo.calls == ["Scan"]  # what the fake's index does


def test_a_socket_that_is_gone_is_forgotten_and_the_others_go_on(stage: Stage) -> None:
    stage.open("gone", "ada", EVERYTHING)
    stage.open("here", "ada", EVERYTHING)
    del stage.sockets.active["gone"]
    assert stage.push(m=body(numbered("ada", 1), numbered("ada", 2))) == []
    assert stage.connections.get("gone") is None
    assert stage.seqs("here") == [1, 2]


def test_only_what_a_throttled_socket_still_needed_is_delivered_again(stage: Stage) -> None:
    stage.open("stuck", "ada", Subscription("agent:scores", None))
    stage.open("a", "ada", EVERYTHING)
    stage.open("b", "bob", EVERYTHING)
    stage.sockets.stuck.add("stuck")
    failed = stage.push(
        m=body(numbered("ada", 1, Event.TRADE_EXECUTED), numbered("bob", 1)),
        n=body(numbered("ada", 2)),
        o=body(numbered("ada", 3)),
    )
    assert failed == ["n", "o"]
    assert stage.seqs("a") == [1, 2, 3]
    assert stage.seqs("b") == [1]
    assert stage.connections.get("stuck") is not None

    stage.sockets.stuck.clear()
    assert stage.push(n=body(numbered("ada", 2)), o=body(numbered("ada", 3))) == []
    assert stage.seqs("stuck") == [2, 3]


def test_a_table_that_does_not_answer_fails_the_messages_and_not_the_function(
    stage: Stage,
) -> None:
    stage.open("a", "ada", EVERYTHING)
    stage.dynamo.fail = throttled("Query")
    assert stage.push(m=body(numbered("ada", 1)), n=body(numbered("bob", 1))) == ["m", "n"]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{}",
        "[]",
        '{"messages": 3}',
        '{"messages": [{}]}',
        '{"messages": [{"userId": "ada", "event": {"event": "agent:scores"}}]}',
        '{"messages": [{"userId": "ada", "event": {"event": "x", "seq": "y", "data": {}}}]}',
        '{"messages": [{"userId": "ada", "event": {"event": "x", "seq": 1, "data": 5}}]}',
    ],
)
def test_an_unreadable_message_fails_alone(stage: Stage, bad: str) -> None:
    stage.open("a", "ada", EVERYTHING)
    assert stage.push(bad=bad, good=body(numbered("ada", 1))) == ["bad"]
    assert stage.seqs("a") == [1]


def test_nothing_to_push_is_fine(stage: Stage) -> None:
    assert stage.push() == []
    assert stage.push(m=body()) == []


@given(st.data())
def test_delivered_again_until_nothing_fails_everybody_has_everything_in_order(
    data: st.DataObject,
) -> None:
    """Any cut of the events into queue messages, with any sockets stuck at each try."""
    stage = Stage()
    sockets = {"a1": "ada", "a2": "ada", "b": "bob"}
    for connection_id, user in sockets.items():
        stage.open(connection_id, user, EVERYTHING)
    events = [numbered(user, seq) for user in ("ada", "bob") for seq in range(1, 6)]
    bodies: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        bodies.setdefault(data.draw(st.sampled_from("mnop")), []).append(event)
    waiting = {message_id: body(*parts) for message_id, parts in bodies.items()}
    for _ in range(3):
        stage.sockets.stuck = data.draw(st.sets(st.sampled_from(sorted(sockets))))
        failed = stage.push(**waiting)
        waiting = {message_id: waiting[message_id] for message_id in failed}
    stage.sockets.stuck = set()
    assert stage.push(**waiting) == []
    for connection_id in sockets:
        first = list(dict.fromkeys(stage.seqs(connection_id)))  # as a client drops what it has
        assert first == [1, 2, 3, 4, 5]
