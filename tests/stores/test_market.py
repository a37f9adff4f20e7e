"""Candles, marks and readings: what is kept, and what a slot may see of it."""

from datetime import timedelta
from decimal import Decimal

from automoney.market.candles import Timeframe
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.stores.readings import PostgresReadings
from tests.builders import NOON, candle, mark, reading

DAY = timedelta(days=1)
TODAY = NOON.replace(hour=0)


def test_a_revised_candle_replaces_the_first(database: Database) -> None:
    candles = PostgresCandles(database)
    candles.put([candle(TODAY - DAY, "100"), candle(TODAY - 2 * DAY, "90")])
    candles.put([candle(TODAY - DAY, "101")])

    kept = candles.days("BTC", since=TODAY - 9 * DAY, closed_by=NOON)

    assert [one.close for one in kept] == [Decimal(90), Decimal(101)]
    assert kept[1] == candle(TODAY - DAY, "101")
    assert candles.last_open("BTC", Timeframe.D1) == TODAY - DAY


def test_a_candle_that_is_open_at_the_slot_is_not_seen(database: Database) -> None:
    candles = PostgresCandles(database)
    candles.put([candle(TODAY, "100")])

    assert candles.days("BTC", since=TODAY, closed_by=NOON) == []
    assert len(candles.days("BTC", since=TODAY, closed_by=TODAY + DAY)) == 1


def test_purging_drops_one_timeframe_and_says_nothing_of_a_revision(database: Database) -> None:
    candles = PostgresCandles(database)
    hour = candle(TODAY - 40 * DAY, timeframe=Timeframe.H1)
    candles.put([hour, candle(TODAY - 40 * DAY)])

    assert candles.purge(Timeframe.H4, before=TODAY) == 0
    assert candles.purge(Timeframe.H1, before=TODAY - 40 * DAY) == 0
    assert candles.purge(Timeframe.H1, before=TODAY - 30 * DAY) == 1
    assert len(candles.days("BTC", since=TODAY - 50 * DAY, closed_by=TODAY)) == 1
    assert candles.revision("BTC", Timeframe.H1) == 0


def test_the_mark_of_a_slot_is_the_last_before_it(database: Database) -> None:
    marks = PostgresMarks(database)
    minute = timedelta(minutes=1)
    marks.put_marks([mark(price="1", at=NOON - minute), mark(price="2", at=NOON)])
    marks.put_marks([mark(price="9", at=NOON - minute)])  # a second delivery changes nothing

    assert marks.mark("BTC", as_of=NOON) == mark(price="1", at=NOON - minute)
    assert marks.mark("BTC", as_of=NOON + minute) == mark(price="2", at=NOON)
    assert marks.marks(["BTC", "ETH"], as_of=NOON - minute) == {}
    assert marks.purge(before=NOON) == 1


def test_a_revision_is_added_and_read_as_of_the_slot(database: Database) -> None:
    readings = PostgresReadings(database)
    first = reading("m2", TODAY - 30 * DAY, 100.0)
    revised = reading("m2", TODAY - 30 * DAY, 101.5, vintage=TODAY)

    assert readings.put_readings([first]) == 1
    assert readings.put_readings([first]) == 0
    assert readings.put_readings([revised]) == 1

    def seen(as_of_days: int) -> list[float]:
        found = readings.history(
            ["m2"], None, since=TODAY - 90 * DAY, as_of=TODAY + as_of_days * DAY
        )
        return [one.value for one in found.get("m2", ())]

    assert seen(-40) == []
    assert seen(-1) == [100.0]
    assert seen(1) == [101.5]


def test_two_sources_of_one_series_are_not_mixed(database: Database) -> None:
    readings = PostgresReadings(database)
    old, new = TODAY - 5 * DAY, TODAY - 4 * DAY
    readings.put_readings(
        [
            reading("nvt", old, 30.0, asset="BTC", source="glassnode"),
            reading("nvt", old, 300.0, asset="BTC", source="coinmetrics"),
            reading("nvt", new, 310.0, asset="BTC", source="coinmetrics"),
        ]
    )

    found = readings.history(["nvt"], "BTC", since=TODAY - 9 * DAY, as_of=NOON)

    assert [(one.source, one.value) for one in found["nvt"]] == [
        ("coinmetrics", 300.0),
        ("coinmetrics", 310.0),
    ]
    assert readings.last_period("glassnode") == old
