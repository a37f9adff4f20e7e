"""Readings of several sources in one store, and everything known of them in the cache."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import nan
from typing import Any

import pytest

from automoney.encoding import plain
from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.ports import Found
from automoney.schedule import Slot
from automoney.stores.database import Database
from automoney.stores.readings import PostgresReadings
from automoney.workflows.collect import collect
from automoney.workflows.collect_series import SeriesCollector
from tests.builders import reading
from tests.fakes import FakeAlerts, FakeCollections, NoCache
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["database", "migrated", "migrated_url"]  # fixtures

NOON = datetime.fromisoformat("2025-09-08T12:00:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = NOON - NOON.hour * HOUR


@dataclass
class Source:
    """Answers with what it was given, as seen at the slot."""

    name: str
    given: list[Reading] = field(default_factory=list)
    broken: bool = False
    asked: list[datetime] = field(default_factory=list)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        self.asked.append(since)
        if self.broken:
            raise SourceUnavailable(self.name, "answered 500")
        return tuple(replace(one, vintage=now, source=self.name) for one in self.given)


@dataclass
class GroupCache(NoCache):
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put_group(self, group: str, data: Any) -> None:
        self.groups[group] = data

    def group(self, group: str, *, as_of: datetime, rebuild: Any) -> Found[Any]:
        raise NotImplementedError("collectors do not read it")


class Room:
    def __init__(self, database: Database, group: str, *sources: Source) -> None:
        self.readings, self.cache = PostgresReadings(database), GroupCache()
        self.collections, self.alerts = FakeCollections(), FakeAlerts()
        self.group = group
        self.collector = SeriesCollector(
            group, sources, ("BTC", "ETH"), readings=self.readings, cache=self.cache
        )

    def collect(self, at: datetime = NOON) -> dict[str, Any]:
        return asyncio.run(
            collect(
                self.collector,
                Slot(at),
                collections=self.collections,
                alerts=self.alerts,
                clock=lambda: NOON,
            )
        )

    def shown(self, asset: str | None = "BTC") -> dict[str, dict[str, Any]]:
        values = self.cache.groups[self.group]["values"]
        return {value["series"]: value for value in values if value["asset"] == asset}


def onchain(series: str, age: int, value: float, asset: str = "BTC") -> Reading:
    return reading(series, TODAY - (age + 1) * DAY, value, asset=asset)


def test_the_cache_holds_every_known_series_not_only_what_came_last(database: Database) -> None:
    keyed = Source("glassnode", [onchain("nvt", 1, 70.0), onchain("mvrv_z", 1, 1.8)])
    free = Source("coinmetrics", [onchain("mvrv", 0, 2.1), onchain("mvrv", 0, 1.1, asset="ETH")])
    room = Room(database, "onchain", keyed, free)
    room.collect()
    keyed.broken = True

    answer = room.collect(NOON + HOUR)

    assert (answer["source"], answer["outcome"], answer["new"]) == ("coinmetrics", "ok", 2)
    assert {name: (one["value"], one["source"]) for name, one in room.shown().items()} == {
        "mvrv_z": (1.8, "glassnode"),
        "mvrv": (2.1, "coinmetrics"),
        "nvt": (70.0, "glassnode"),
    }
    assert room.shown("ETH")["mvrv"]["value"] == 1.1
    assert room.cache.groups["onchain"]["asOf"] == plain(NOON + HOUR)


def test_while_every_source_fails_values_stay_and_grow_old_and_then_stale(
    database: Database,
) -> None:
    source = Source("coinmetrics", [onchain("mvrv", 0, 2.1)])
    room = Room(database, "onchain", source)
    room.collect()
    assert (room.shown()["mvrv"]["ageHours"], room.shown()["mvrv"]["isStale"]) == (12.0, False)
    source.broken = True

    ages = []
    for days in (2, 3, 30):
        assert room.collect(NOON + days * DAY)["outcome"] == "failed"
        ages.append((room.shown()["mvrv"]["ageHours"], room.shown()["mvrv"]["isStale"]))

    assert ages == [(60.0, False), (84.0, True), (732.0, True)]
    assert room.shown()["mvrv"]["value"] == 2.1


def test_a_mood_that_nobody_knows_is_neutral_and_marked_as_made_up(database: Database) -> None:
    room = Room(database, "sentiment", Source("alternative_me", broken=True))

    room.collect()

    mood = room.shown(None)["fear_greed"]
    assert (mood["value"], mood["filled"], mood["isStale"]) == (50.0, "default", True)
    assert mood["period"] == plain(TODAY)
    assert room.readings.last_period("alternative_me") is None  # and it is not stored


def test_nothing_of_the_future_nor_of_others_nor_nonsense_is_kept(database: Database) -> None:
    good = onchain("mvrv", 0, 2.1)
    source = Source(
        "coinmetrics",
        [
            good,
            good,
            replace(good, period=TODAY, available_at=NOON + timedelta(seconds=1)),
            replace(good, asset="DOGE"),
            replace(good, asset=None),
            replace(good, series="hash_rate"),
            replace(good, series="cpi"),
            replace(good, series="nvt", value=nan),
        ],
    )
    room = Room(database, "onchain", source)

    answer = room.collect()

    assert (answer["rows"], answer["new"]) == (1, 1)
    assert room.shown().keys() == {"mvrv"}


def test_an_answer_without_any_use_counts_as_none(database: Database) -> None:
    ahead = replace(onchain("mvrv", 0, 2.1), available_at=NOON + DAY)
    room = Room(database, "onchain", Source("glassnode", [ahead]), Source("coinmetrics"))

    assert room.collect()["outcome"] == "failed"
    assert {one.error for one in room.collections.recorded} == {
        "glassnode: answered, but with no usable reading",
        "coinmetrics: answered, but with no usable reading",
    }


@pytest.mark.parametrize(
    ("group", "first", "again"), [("onchain", 400, 7), ("macro", 1098, 100), ("sentiment", 60, 3)]
)
def test_it_asks_far_back_at_first_and_then_for_revisions(
    database: Database, group: str, first: int, again: int
) -> None:
    series = {"onchain": "mvrv", "macro": "us10y", "sentiment": "fear_greed"}[group]
    about = "BTC" if group == "onchain" else None
    source = Source("any", [replace(onchain(series, 0, 50.0), asset=about)])
    room = Room(database, group, source)

    room.collect()
    room.collect(NOON + HOUR)

    assert source.asked == [NOON - first * DAY, TODAY - DAY - again * DAY]


def test_a_revision_is_shown_from_when_it_was_seen(database: Database) -> None:
    source = Source("coinmetrics", [onchain("mvrv", 0, 2.1)])
    room = Room(database, "onchain", source)
    room.collect()
    source.given = [onchain("mvrv", 0, 2.2)]

    assert room.collect(NOON + HOUR)["new"] == 1
    assert room.collect(NOON + 2 * HOUR)["new"] == 0
    assert room.shown()["mvrv"]["value"] == 2.2
