"""Redis gone is worth one page, not one a request."""

from datetime import datetime, timedelta

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from automoney.errors import SourceUnavailable
from automoney.stores.redis_link import RedisLink
from automoney.workflows.redis_watch import QUIET, RedisWatch
from infra.local.services.process import free_port
from tests.builders import NOON
from tests.fakes import FakeAlerts
from tests.sources.served import StoredBreaker


class Wall:
    """A clock that is put forward."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


class DeadPager(FakeAlerts):
    def page(self, subject: str, detail: str) -> None:
        super().page(subject, detail)
        raise SourceUnavailable("alerts topic", "gone")


def watch(marks: StoredBreaker, alerts: FakeAlerts, wall: Wall) -> RedisWatch:
    return RedisWatch(lambda: marks, lambda: alerts, wall)


def test_it_pages_once_an_hour_for_all_processes() -> None:
    marks, alerts, wall = StoredBreaker(), FakeAlerts(), Wall()
    for _ in range(3):
        watch(marks, alerts, wall).lost("TimeoutError")
    assert len(alerts.paged) == 1
    assert alerts.paged[0].startswith("Redis cannot be reached: ")

    wall.now += QUIET + timedelta(seconds=1)
    watch(marks, alerts, wall).lost("TimeoutError")
    assert len(alerts.paged) == 2


def test_a_page_that_was_not_taken_is_tried_by_the_next_who_notices() -> None:
    marks, dead, alerts, wall = StoredBreaker(), DeadPager(), FakeAlerts(), Wall()
    watch(marks, dead, wall).lost("ConnectionError")
    watch(marks, alerts, wall).lost("ConnectionError")
    assert len(dead.paged) == len(alerts.paged) == 1


def test_a_link_tells_when_redis_goes_and_not_while_it_is_away() -> None:
    told: list[str] = []
    seconds = [0.0]
    client = Redis(port=free_port(0), retry=Retry(NoBackoff(), 0))
    link = RedisLink(client, clock=lambda: seconds[0], lost=told.append)

    for _ in range(5):
        assert link.send(("PING",)) is None
        seconds[0] += 3  # longer than its pause

    assert told == ["ConnectionError"]
