"""`strategy:paused`, `strategy:resumed` and `data:degraded`: once a change, to whom it concerns."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.errors import ModelsUnavailable
from automoney.ports import ENGINE, Books, Collection, Outbox, Pause, Pauses
from automoney.schedule import Slot
from automoney.stores.books import PostgresBooks
from automoney.stores.collections import PostgresCollections
from automoney.stores.database import Database
from automoney.stores.leftovers import PostgresLeftovers
from automoney.stores.memory.books import MemoryBooks
from automoney.stores.memory.outbox import MemoryOutbox
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.tables import Tables
from automoney.stores.notices import PostgresDataStates
from automoney.stores.outbox import PostgresOutbox
from automoney.stores.pauses import PostgresPauses
from automoney.trading.strategies import strategy_named
from automoney.workflows.data_states import note_state
from automoney.workflows.pausing import Pausing
from tests.builders import NOON, follower
from tests.fakes import FakeAlerts

LATER = NOON + timedelta(hours=4)
FOLLOWERS = {"ada": "hodl-wave", "bob": "hodl-wave", "carol": "high-freq"}


@dataclass
class Room:
    books: Books
    outbox: Outbox
    pauses: Pauses

    def __post_init__(self) -> None:
        for user, strategy in FOLLOWERS.items():
            self.books.open_account(user, at=NOON, paper_money=Decimal(1000))
            self.books.follow(follower(user, strategy=strategy), at=NOON)
        self.books.open_account("dave", at=NOON, paper_money=Decimal(1000))  # follows nothing

    def told(self, user: str) -> list[tuple[str, Any]]:
        """The events of a user with what of them matters here; the numbers have no gap."""
        found = self.outbox.since(user, 0, 100)
        assert [one.seq for one in found] == list(range(1, len(found) + 1))
        for one in found:
            assert one.message.data["strategyId"] == one.message.strategy_id == FOLLOWERS[user]
        return [(one.message.event.value, one.message.data.get("scope")) for one in found]


@pytest.fixture(params=["memory", "postgres"])
def room(request: pytest.FixtureRequest) -> Room:
    if request.param == "memory":
        tables = Tables()
        return Room(MemoryBooks(tables), MemoryOutbox(tables), MemoryPauses(tables))
    database: Database = request.getfixturevalue("database")
    return Room(PostgresBooks(database), PostgresOutbox(database), PostgresPauses(database))


def test_all_followers_hear_of_a_pause_of_the_whole_and_nobody_else(room: Room) -> None:
    whole = Pause("hodl-wave", None, NOON, "maintenance", "olga")
    assert room.pauses.pause(whole)
    assert not room.pauses.pause(whole)  # again: no change, no event
    room.pauses.resume("hodl-wave", None, author="otto", reason="over", at=LATER)
    room.pauses.resume("hodl-wave", None, author="otto", reason="over", at=LATER)
    expected = [("strategy:paused", "strategy"), ("strategy:resumed", "strategy")]
    assert room.told("ada") == room.told("bob") == expected
    assert room.told("carol") == room.told("dave") == []
    first, second = room.outbox.since("ada", 0, 9)
    assert first.envelope() == {
        "event": "strategy:paused",
        "seq": 1,
        "at": "2025-09-08T12:00:00Z",
        "data": {
            "strategyId": "hodl-wave",
            "scope": "strategy",
            "author": "olga",
            "reason": "maintenance",
        },
    }
    assert (second.message.data["author"], second.message.at) == ("otto", LATER)


def test_a_users_own_pause_is_told_to_him_alone(room: Room) -> None:
    room.pauses.pause(Pause("hodl-wave", "ada", NOON, "on a journey", "ada"))
    room.pauses.resume("hodl-wave", "ada", author="ada", reason="back", at=LATER)
    assert room.told("ada") == [("strategy:paused", "mine"), ("strategy:resumed", "mine")]
    assert room.told("bob") == room.told("carol") == []


def test_the_first_resumption_of_what_ships_off_is_told_once(room: Room) -> None:
    for _ in range(2):
        room.pauses.resume("high-freq", None, author="olga", reason="let us see", at=NOON)
    assert room.told("carol") == [("strategy:resumed", "strategy")]
    assert room.told("ada") == []


def test_the_engines_own_pause_and_its_end_are_told(room: Room) -> None:
    answers = [False, True]
    pausing = Pausing(room.pauses, FakeAlerts(), lambda: answers.pop(0))
    strategy = strategy_named("hodl-wave")
    for slot in (Slot(NOON), Slot(LATER)):  # the second finds it paused
        pausing.stop(strategy, slot, ModelsUnavailable("all three timed out"))
    assert pausing.at_slot(strategy, Slot(LATER)) is not None  # still silent: no event
    assert pausing.at_slot(strategy, Slot(LATER)) is None
    assert [event for event, _ in room.told("ada")] == ["strategy:paused", "strategy:resumed"]
    assert {one.message.data["author"] for one in room.outbox.since("ada", 0, 9)} == {ENGINE}


def test_of_many_who_pause_at_once_one_is_told_of(database: Database) -> None:
    room = Room(PostgresBooks(database), PostgresOutbox(database), PostgresPauses(database))

    def pause(number: int) -> bool:
        return room.pauses.pause(Pause("hodl-wave", None, NOON, "x", f"ops-{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(pause, range(24))) == 1
    assert len(room.told("ada")) == len(room.told("bob")) == 1


# ---------------------------------------------------------------- data


class Feed:
    """A collector's slots, one every five minutes, by what came of each."""

    def __init__(self, database: Database) -> None:
        self.collections = PostgresCollections(database)
        self.states = PostgresDataStates(database)
        self.outbox = PostgresOutbox(database)
        self.number = 0

    def slot(self, source: str | None, *, back: int = 0) -> bool:
        """One more slot; None is one at which no source gave anything."""
        self.number += 1
        at = NOON + timedelta(minutes=5 * (self.number - back))
        outcome = "failed" if source is None else "ok"
        self.collections.record(
            Collection("prices", source or "coingecko", at, outcome, 1, 0, timedelta(0), None, 0)
        )
        answer = {"collector": "prices", "outcome": outcome}
        if source is not None:
            answer["source"] = source
        return note_state(
            answer, "binance", Slot(at), collections=self.collections, states=self.states
        )

    def told(self, user: str) -> list[tuple[str, str | None]]:
        found = self.outbox.since(user, 0, 100)
        assert {one.message.event.value for one in found} <= {"data:degraded"}
        assert {one.message.data["group"] for one in found} <= {"prices"}
        return [(one.message.data["state"], one.message.data["source"]) for one in found]


@pytest.fixture
def feed(database: Database) -> Feed:
    Room(PostgresBooks(database), PostgresOutbox(database), PostgresPauses(database))
    return Feed(database)


def test_data_are_told_of_once_a_change(feed: Feed) -> None:
    slots = ["binance", None, None, "binance"]  # two failures are no news
    slots += ["coingecko", "coingecko", None, None, "coingecko"]  # a stand-in, once
    slots += [None, None, None, None, None]  # stale from the third on, once
    slots += ["binance", "binance"]  # good again, once
    assert sum(map(feed.slot, slots)) == 3
    expected = [("fallback", "coingecko"), ("stale", None), ("good", "binance")]
    for user in ("ada", "bob", "carol"):
        assert feed.told(user) == expected
    assert feed.told("dave") == []


def test_a_slot_that_is_delivered_again_or_late_tells_nothing(feed: Feed) -> None:
    assert not feed.slot("binance")
    assert feed.slot("coingecko")
    assert not feed.slot("coingecko", back=1)  # the same slot again
    assert not feed.slot("binance", back=3)  # an older one
    assert feed.told("ada") == [("fallback", "coingecko")]


def test_of_two_at_once_one_tells(feed: Feed) -> None:
    def turn(_: int) -> bool:
        return feed.states.turn("macro", "stale", source=None, reason="x", at=NOON)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(turn, range(16))) == 1
    assert len(feed.outbox.since("ada", 0, 9)) == 1


# ---------------------------------------------------------------- seven days


def test_events_are_kept_for_seven_days_and_what_waits_longer(
    feed: Feed, database: Database
) -> None:
    pauses, leftovers = PostgresPauses(database), PostgresLeftovers(database)
    for day in range(10):
        whose = ("hodl-wave", "ada")
        pauses.pause(Pause(*whose, NOON + timedelta(days=day), "x", "ada"))
        pauses.resume(*whose, author="ada", reason="x", at=NOON + timedelta(days=day, hours=1))
    assert leftovers.purge_events(before=NOON + timedelta(days=3)) == 0  # nobody relayed them yet
    with feed.outbox.relaying(100) as waiting:
        assert len(waiting) == 20
    assert leftovers.purge_events(before=NOON + timedelta(days=3)) == 6
    left = feed.outbox.since("ada", 0, 100)
    assert [one.seq for one in left] == list(range(7, 21))
    pauses.pause(Pause("hodl-wave", "ada", NOON, "x", "ada"))
    assert feed.outbox.last_seq("ada") == 21  # numbers are never given twice
