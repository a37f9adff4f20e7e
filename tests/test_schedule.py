"""Slots: late, early, repeated and across every edge of the calendar."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.manifest import FUNCTIONS, Cron
from automoney.schedule import Schedule, Slot


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "time", "slot", "following"),
    [
        pytest.param(
            "0 */4 * * *",
            "2025-11-05T12:00:37",
            "2025-11-05T12:00",
            "2025-11-05T16:00",
            id="fired some seconds late",
        ),
        pytest.param(
            "0 */4 * * *",
            "2025-11-05T12:00",
            "2025-11-05T12:00",
            "2025-11-05T16:00",
            id="exactly due: it is this slot, and the next is a later one",
        ),
        pytest.param(
            "0 */4 * * *",
            "2025-11-05T11:59:59.999999",
            "2025-11-05T08:00",
            "2025-11-05T12:00",
            id="a microsecond early is still the slot before",
        ),
        pytest.param(
            "*/5 * * * *",
            "2025-01-01T00:00:10",
            "2025-01-01T00:00",
            "2025-01-01T00:05",
            id="new year",
        ),
        pytest.param(
            "0 3 * * *", "2025-01-01T02:59", "2024-12-31T03:00", "2025-01-01T03:00", id="daily"
        ),
        pytest.param(
            "0 0 * * 1", "2025-11-09T23:00", "2025-11-03T00:00", "2025-11-10T00:00", id="Mondays"
        ),
        pytest.param(
            "30 6 * * 0", "2025-11-09T06:30", "2025-11-09T06:30", "2025-11-16T06:30", id="Sundays"
        ),
        pytest.param(
            "15,45 8-10 * * 1-5",
            "2025-11-08T12:00",
            "2025-11-07T10:45",
            "2025-11-10T08:15",
            id="lists and ranges, over a weekend",
        ),
        pytest.param(
            "0 0 31 * *", "2025-03-15T00:00", "2025-01-31T00:00", "2025-03-31T00:00", id="31st"
        ),
        pytest.param(
            "0 12 29 2 *",
            "2100-01-01T00:00",
            "2096-02-29T12:00",
            "2104-02-29T12:00",
            id="29 February, over a century that has none",
        ),
        pytest.param(
            "10-50/20 0 1 1,7 *",
            "2025-06-01T00:00",
            "2025-01-01T00:50",
            "2025-07-01T00:10",
            id="a range with a step",
        ),
    ],
)
def test_slot_and_next(cron: str, time: str, slot: str, following: str) -> None:
    schedule = Schedule(cron)

    assert schedule.slot_at(utc(time)) == Slot(utc(slot))
    assert schedule.next_after(utc(time)) == utc(following)


def test_times_of_other_zones_are_the_same_moment() -> None:
    tokyo = datetime(2025, 11, 5, 21, 0, 37, tzinfo=timezone(timedelta(hours=9)))

    assert Schedule("0 */4 * * *").slot_at(tokyo) == Slot(utc("2025-11-05T12:00"))
    assert Schedule("0 */4 * * *").next_after(tokyo) == utc("2025-11-05T16:00")


CRONS = st.sampled_from(
    [
        "* * * * *",
        "*/5 * * * *",
        "0 * * * *",
        "0 */4 * * *",
        "7 3 * * *",
        "0 2 1 * *",
        "5 1 * * 0,3",
    ]
)
TIMES = st.datetimes(datetime(1999, 1, 1), datetime(2101, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(CRONS, TIMES)
@settings(deadline=None)
def test_a_slot_is_the_newest_due_time_and_slots_follow_each_other(
    cron: str, time: datetime
) -> None:
    schedule = Schedule(cron)
    slot = schedule.slot_at(time)
    following = schedule.next_after(time)

    assert slot.at <= time < following
    assert schedule.slot_at(slot.at) == slot
    assert schedule.next_after(slot.at) == following
    assert schedule.slot_at(following) == Slot(following)
    assert schedule.slot_at(following - timedelta(microseconds=1)) == slot


@pytest.mark.parametrize(
    ("cron", "eventbridge"),
    [
        ("*/5 * * * *", "cron(0/5 * * * ? *)"),
        ("0 * * * *", "cron(0 * * * ? *)"),
        ("0 */4 * * *", "cron(0 0/4 * * ? *)"),
        ("0 3 * * *", "cron(0 3 * * ? *)"),
        ("0 0 1 */3 *", "cron(0 0 1 1/3 ? *)"),
        ("0 0 */10 * *", "cron(0 0 1/10 * ? *)"),
        ("30 6 * * 0", "cron(30 6 ? * 1 *)"),  # Sunday is 0 in cron, 1 at EventBridge
        ("0 9 * * 1-5", "cron(0 9 ? * 2,3,4,5,6 *)"),
        ("0 9 * * 6", "cron(0 9 ? * 7 *)"),
    ],
)
def test_eventbridge_spelling(cron: str, eventbridge: str) -> None:
    assert Schedule(cron).eventbridge == eventbridge


def test_every_rule_of_the_manifest_has_six_fields_and_exactly_one_question_mark() -> None:
    rules = [
        trigger.schedule.eventbridge
        for function in FUNCTIONS
        for trigger in function.triggers
        if isinstance(trigger, Cron)
    ]

    assert len(rules) >= 7
    for rule in rules:
        match = re.fullmatch(r"cron\((.+)\)", rule)
        assert match
        values = match[1].split()
        assert len(values) == 6
        assert [values[2], values[4]].count("?") == 1


@pytest.mark.parametrize(
    ("cron", "field"),
    [
        ("", "cron"),
        ("* * * *", "cron"),
        ("* * * * * *", "cron"),
        ("0 0 1 * 1", "cron"),  # cron would take either day, EventBridge only one
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of month"),
        ("* * 32 * *", "day of month"),
        ("* * * 13 *", "month"),
        ("* * * JAN *", "month"),
        ("* * * * 7", "day of week"),
        ("* * * * MON", "day of week"),
        ("5-1 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("1, * * * *", "minute"),
        ("-5 * * * *", "minute"),
    ],
)
def test_an_expression_that_is_wrong_is_refused_by_field(cron: str, field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        Schedule(cron)
    assert error.value.field == field


def test_a_day_that_never_comes_is_refused_when_asked_for() -> None:
    with pytest.raises(InvalidInput, match="ever due"):
        Schedule("0 0 30 2 *").next_after(utc("2025-01-01"))


def test_naive_times_are_refused() -> None:
    naive = datetime(2025, 11, 5, 12)  # noqa: DTZ001  # what is under test
    schedule = Schedule("0 * * * *")

    with pytest.raises(InvalidInput, match="aware"):
        schedule.slot_at(naive)
    with pytest.raises(InvalidInput, match="aware"):
        schedule.next_after(naive)
    with pytest.raises(InvalidInput, match=r"slot\.at"):
        Slot(naive)


def test_a_slot_is_in_utc() -> None:
    with pytest.raises(InvalidInput, match="UTC"):
        Slot(datetime(2025, 11, 5, 12, tzinfo=timezone(timedelta(hours=1))))


def test_slots_sort_by_time() -> None:
    early, late = Slot(utc("2025-01-01")), Slot(utc("2025-01-02"))

    assert sorted([late, early]) == [early, late]
