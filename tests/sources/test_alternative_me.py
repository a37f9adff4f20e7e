"""The Fear & Greed index: strings, newest first, one value a day."""

from datetime import UTC, datetime, timedelta

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.sources import fields
from automoney.sources.alternative_me import AlternativeMe
from tests.sources.conftest import Recorded
from tests.sources.served import NOW, Answer, Served, as_json, run

PATH = "/fng/"
DAY = timedelta(days=1)
TODAY = NOW.replace(hour=0)


def row(at: datetime, value: object = "40") -> dict[str, object]:
    return {
        "value": value,
        "value_classification": "Fear",
        "timestamp": str(fields.to_seconds(at)),
    }


def index(*rows: object, error: object = None) -> Answer:
    return as_json(
        {"name": "Fear and Greed Index", "data": list(rows), "metadata": {"error": error}}
    )


def readings(
    served: Served, *, since: datetime = TODAY - 3 * DAY, now: datetime = NOW
) -> tuple[Reading, ...]:
    return run(
        lambda t: AlternativeMe(t, served.url).readings(["BTC"], since=since, now=now),
        now=max(now, NOW),
    )


def test_the_recorded_answer_oldest_first(served: Served, recorded: Recorded) -> None:
    served.give(PATH, recorded("alternative-me/fng-limit-3.200.json"))
    now = datetime(2026, 8, 31, 2, tzinfo=UTC)
    days = [datetime(2026, 8, day, tzinfo=UTC) for day in (29, 30, 31)]
    assert readings(served, since=days[0], now=now) == tuple(
        Reading("fear_greed", None, day, value, day, now, "alternative_me")
        for day, value in zip(days, (68.0, 69.0, 62.0), strict=True)
    )
    assert served.asked(PATH) == [{"limit": "4"}]


def test_the_documented_answer_is_stamped_at_five(served: Served, recorded: Recorded) -> None:
    served.give(PATH, recorded("alternative-me/fng-limit-1-documented.200.json"))
    day, stamped = datetime(2019, 2, 26, tzinfo=UTC), datetime(2019, 2, 26, 5, tzinfo=UTC)
    assert readings(served, since=day, now=stamped) == (
        Reading("fear_greed", None, day, 40.0, stamped, stamped, "alternative_me"),
    )
    assert readings(served, since=day, now=stamped - timedelta(seconds=1)) == ()


def test_only_from_since_to_the_slot_and_the_last_of_a_day_wins(served: Served) -> None:
    served.give(
        PATH,
        index(
            row(NOW, "90"),
            row(TODAY, "50"),
            row(TODAY - DAY + timedelta(hours=5), "31"),
            row(TODAY - DAY, "30"),
            row(TODAY - 4 * DAY, "10"),
        ),
    )
    got = readings(served, now=NOW - timedelta(seconds=1))
    assert [(one.period, one.value) for one in got] == [(TODAY - DAY, 31), (TODAY, 50)]


@pytest.mark.parametrize(
    ("since", "limit"), [(NOW, "2"), (NOW + DAY, "2"), (NOW - timedelta(hours=71), "4")]
)
def test_the_limit_covers_both_ends(served: Served, since: datetime, limit: str) -> None:
    served.give(PATH, index(row(TODAY)))
    readings(served, since=since)
    assert served.asked(PATH) == [{"limit": limit}]


@pytest.mark.parametrize("value", ["0", "100", 55])
def test_the_ends_of_the_scale(served: Served, value: object) -> None:
    served.give(PATH, index(row(TODAY, value)))
    assert [one.value for one in readings(served)] == [float(str(value))]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (index(row(TODAY, "101")), "value was '101'"),
        (index(row(TODAY, "-1")), "value was '-1'"),
        (index(row(TODAY, "NaN")), "value was 'NaN'"),
        (index(row(TODAY, "Fear")), "value was 'Fear'"),
        (index(row(TODAY, None)), "value was None"),
        (index({"value": "1"}), "timestamp was None"),
        (index(row(TODAY + DAY, "90")), "timestamp was '2025-09-22T00:00:00Z'"),
        (index(row(TODAY + DAY, "90"), row(TODAY)), "expected a time up to now"),
        (index({"value": "1", "timestamp": "21-09-2025"}), "timestamp was '21-09-2025'"),
        (index("x"), "row was 'x'"),
        (index(), "sent no values"),
        (index(row(TODAY), error="out of order"), "metadata.error was 'out of order'"),
        (as_json([]), "answer was []"),
        (as_json({}), "data was None"),
        (as_json({"data": [], "metadata": None}), "metadata was None"),
    ],
)
def test_readings_refuse(served: Served, answer: Answer, words: str) -> None:
    served.give(PATH, answer)
    with pytest.raises(SourceUnavailable) as caught:
        readings(served)
    assert caught.value.source == "alternative_me"
    assert words in caught.value.reason
