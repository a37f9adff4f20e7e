from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from automoney.errors import ConnectionGone, SourceUnavailable
from automoney.ports import Connection, Subscription
from automoney.stores.connections import DynamoConnections
from tests.fakes_dynamo import FakeDynamo, throttled
from tests.stores.dynamo import dynamo_of

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
SCORES = Subscription("agent:scores", "hodl-wave")
EVERYTHING = Subscription(None, None)


@pytest.fixture(params=["fake", "moto"])
def connections(request: pytest.FixtureRequest) -> DynamoConnections:
    dynamo = dynamo_of(request.param, request)
    return DynamoConnections(dynamo.client, dynamo.connections)


def connection(user_id: str = "ada", *, after: float = 0.0, **more: object) -> Connection:
    at = NOON + timedelta(seconds=after)
    return Connection(f"{uuid4().hex}=", user_id, at, **more)  # type: ignore[arg-type]


def test_what_was_added_is_found_and_what_was_removed_is_not(
    connections: DynamoConnections,
) -> None:
    plain, subscribed = connection(), connection(subscriptions=frozenset({SCORES, EVERYTHING}))
    connections.add(plain)
    connections.add(subscribed)
    assert connections.get(plain.connection_id) == plain
    assert connections.get(subscribed.connection_id) == subscribed
    assert {plain, subscribed} <= set(connections.all())

    connections.remove(plain.connection_id)
    connections.remove(plain.connection_id)  # gone already: nothing happens
    assert connections.get(plain.connection_id) is None
    assert plain not in connections.all()


def test_a_users_connections_come_oldest_first_and_nobody_elses(
    connections: DynamoConnections,
) -> None:
    user = uuid4().hex
    newest, oldest, middle = (connection(user, after=second) for second in (2.5, 0, 2))
    for one in (newest, oldest, middle, connection(uuid4().hex)):
        connections.add(one)
    assert connections.of_user(user) == [oldest, middle, newest]
    assert connections.of_user(uuid4().hex) == []


def test_subscriptions_are_a_set(connections: DynamoConnections) -> None:
    one = connection()
    connections.add(one)

    def held() -> frozenset[Subscription]:
        found = connections.get(one.connection_id)
        assert found is not None
        return found.subscriptions

    assert held() == frozenset()
    for subscription in (SCORES, SCORES, EVERYTHING, Subscription(None, "hodl-wave")):
        connections.subscribe(one.connection_id, subscription)
    assert held() == {SCORES, EVERYTHING, Subscription(None, "hodl-wave")}
    connections.unsubscribe(one.connection_id, Subscription("agent:scores", None))
    connections.unsubscribe(one.connection_id, EVERYTHING)
    assert held() == {SCORES, Subscription(None, "hodl-wave")}
    connections.unsubscribe(one.connection_id, SCORES)
    connections.unsubscribe(one.connection_id, Subscription(None, "hodl-wave"))
    assert held() == frozenset()


def test_an_unknown_connection_cannot_subscribe_and_is_not_made_by_it(
    connections: DynamoConnections,
) -> None:
    with pytest.raises(ConnectionGone, match="nobody"):
        connections.subscribe("nobody=", SCORES)
    connections.unsubscribe("nobody=", SCORES)
    assert connections.get("nobody=") is None


def test_the_tables_ttl_outlives_what_aws_keeps_open() -> None:
    fake = FakeDynamo()
    one = connection()
    DynamoConnections(fake.client, "connections").add(one)
    expires = int(fake.tables["connections"][one.connection_id]["expires"]["N"])
    assert expires == int((NOON + timedelta(hours=3)).timestamp())


def test_a_table_that_does_not_answer_is_a_source_that_is_unavailable() -> None:
    fake = FakeDynamo()
    fake.fail = throttled("Query")
    with pytest.raises(SourceUnavailable, match=r"connections.*slow down"):
        DynamoConnections(fake.client, "connections").of_user("ada")
