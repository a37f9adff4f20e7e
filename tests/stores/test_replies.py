"""Kept answers, on our strict DynamoDB and on moto's: one owner a name, and one answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest

from automoney.errors import SourceUnavailable
from automoney.ports.replies import Kept, Refusal
from automoney.stores.replies import DynamoReplies
from tests.fakes_dynamo import FakeDynamo, throttled
from tests.stores.dynamo import dynamo_of

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
ANSWER = Kept(202, '{"a":"é"}', "application/json", {"Location": "/api/x"})
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["fake", "moto"])
def replies(request: pytest.FixtureRequest) -> DynamoReplies:
    dynamo = dynamo_of(request.param, request)
    return DynamoReplies(dynamo.client, dynamo.replies)


def test_an_answer_is_found_for_a_day(replies: DynamoReplies) -> None:
    name = token_hex(8)
    assert replies.begin(name, "f", owner="a", now=NOON) is None
    assert replies.begin(name, "f", owner="b", now=NOON + SECOND) is Refusal.UNDER_WAY
    assert replies.begin(name, "g", owner="b", now=NOON + SECOND) is Refusal.ANOTHER

    replies.finish(name, ANSWER, owner="a", now=NOON)

    later = NOON + timedelta(hours=24)
    assert replies.begin(name, "f", owner="b", now=later - SECOND) == ANSWER
    assert replies.begin(name, "g", owner="b", now=later - SECOND) is Refusal.ANOTHER
    assert replies.begin(name, "g", owner="b", now=later) is None
    assert replies.begin(name, "g", owner="c", now=later) is Refusal.UNDER_WAY  # not the old one


def test_who_is_not_heard_of_is_taken_over_and_keeps_nothing(replies: DynamoReplies) -> None:
    name = token_hex(8)
    replies.begin(name, "f", owner="a", now=NOON)
    later = NOON + timedelta(seconds=60)
    assert replies.begin(name, "f", owner="b", now=later) is None

    replies.finish(name, ANSWER, owner="a", now=later)
    replies.give_up(name, owner="a")

    assert replies.begin(name, "f", owner="c", now=later) is Refusal.UNDER_WAY


def test_what_is_given_up_is_free(replies: DynamoReplies) -> None:
    name = token_hex(8)
    replies.begin(name, "f", owner="a", now=NOON)
    replies.give_up(name, owner="a")
    assert replies.begin(name, "g", owner="b", now=NOON) is None


def test_of_many_threads_at_once_one_gets_the_name(replies: DynamoReplies) -> None:
    name = token_hex(8)

    def begin(number: int) -> Kept | Refusal | None:
        return replies.begin(name, "f", owner=str(number), now=NOON)

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(begin, range(200)))

    assert found.count(None) == 1
    assert found.count(Refusal.UNDER_WAY) == 199


def test_of_many_processes_at_once_one_gets_the_name() -> None:
    """Each has a store of its own, and nothing but the table between them."""
    dynamo = FakeDynamo()

    def begin(number: int) -> Kept | Refusal | None:
        replies = DynamoReplies(dynamo.client, "replies")
        return replies.begin("name", "f", owner=str(number), now=NOON)

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(begin, range(200)))

    assert found.count(None) == 1


def test_a_table_that_is_away_is_told_of() -> None:
    dynamo = FakeDynamo()
    dynamo.fail = throttled()
    with pytest.raises(SourceUnavailable):
        DynamoReplies(dynamo.client, "replies").begin("name", "f", owner="a", now=NOON)
