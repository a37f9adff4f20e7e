"""One look a user in a while: the stand-in and the real one keep to the same."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from automoney.ports import LookTurns
from automoney.stores.database import Database
from automoney.stores.look_turns import PostgresLookTurns
from tests.fakes_chat import FakeLookTurns

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)


@pytest.fixture(params=["fake", "postgres"])
def turns(request: pytest.FixtureRequest) -> LookTurns:
    if request.param == "fake":
        return FakeLookTurns()
    return PostgresLookTurns(request.getfixturevalue("database"))


def taken(turns: LookTurns, user: str, at: datetime) -> datetime | None:
    with turns.taking(user, now=at, every=TEN) as next_at:
        return next_at


def test_a_turn_comes_again_after_a_while_and_each_user_has_his_own(turns: LookTurns) -> None:
    assert taken(turns, "ada", NOON) is None
    assert taken(turns, "ada", NOON + TEN - timedelta(seconds=1)) == NOON + TEN
    assert taken(turns, "bob", NOON) is None
    assert taken(turns, "ada", NOON + TEN) is None
    assert taken(turns, "ada", NOON + TEN) == NOON + 2 * TEN


def test_a_turn_that_came_to_nothing_is_not_used_up(turns: LookTurns) -> None:
    def fail(at: datetime) -> None:
        with turns.taking("ada", now=at, every=TEN):
            raise ConnectionError

    for at in (NOON, NOON + TEN):
        with pytest.raises(ConnectionError):
            fail(at)
        assert taken(turns, "ada", at) is None


def test_of_many_at_the_same_time_one_gets_it(database: Database) -> None:
    together = Barrier(8)

    def take() -> datetime | None:
        together.wait()
        return taken(PostgresLookTurns(database), "ada", NOON)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(take) for _ in range(8)]
    found = [future.result() for future in futures]

    assert found.count(None) == 1
    assert found.count(NOON + TEN) == 7
