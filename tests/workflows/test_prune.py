from datetime import UTC, datetime, timedelta

from automoney.ports import Connection
from automoney.stores.connections import DynamoConnections
from automoney.workflows.prune import Pruned, prune
from tests.fakes_dynamo import FakeDynamo
from tests.fakes_sockets import FakeSockets

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)


def ago(**how_long: float) -> datetime:
    return NOON - timedelta(**how_long)


def test_idle_ones_are_told_and_closed_and_the_gone_forgotten() -> None:
    connections = DynamoConnections(FakeDynamo().client, "connections")
    sockets = FakeSockets(
        idle=ago(minutes=5), lively=ago(minutes=4, seconds=59), stuck=ago(hours=1)
    )
    sockets.stuck.add("stuck")
    for name in ("idle", "lively", "stuck", "gone"):
        connections.add(Connection(name, f"user-{name}", ago(hours=1)))
    connections.add(Connection("opening", "ada", ago(seconds=59)))  # 410 until it is open

    pruned = prune(connections=connections, sockets=sockets, now=NOON)

    assert pruned == Pruned(closed=1, gone=1, unknown=1)
    assert sockets.closed == ["idle"]
    assert sockets.heard("idle") == [
        {"event": "connection:closed", "data": {"reason": "nothing was sent for 5 minutes"}}
    ]
    left = {one.connection_id for one in connections.all()}
    assert left == {"lively", "stuck", "opening"}


def test_nobody_there_is_nothing_to_do() -> None:
    connections = DynamoConnections(FakeDynamo().client, "connections")
    assert prune(connections=connections, sockets=FakeSockets(), now=NOON) == Pruned(0, 0, 0)


def test_more_than_three_of_a_user_are_closed_down_to_the_newest() -> None:
    connections = DynamoConnections(FakeDynamo().client, "connections")
    names = ("a", "b", "c", "d", "e")
    sockets = FakeSockets(**dict.fromkeys(names, NOON))
    for minutes, name in enumerate(names):
        connections.add(Connection(name, "ada", ago(minutes=30 - minutes)))
    assert prune(connections=connections, sockets=sockets, now=NOON) == Pruned(2, 0, 0)
    assert sockets.closed == ["a", "b"]
    assert sockets.heard("a")[0]["data"] == {"reason": "3 newer connections of yours are open"}
