"""The market's stores, asked as collectors, runs and the API ask them."""

from datetime import timedelta
from functools import partial

from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Reading
from automoney.ports import Collection
from automoney.sources.table import Limit
from automoney.stores.backfills import PostgresBackfills
from automoney.stores.breakers import PostgresBreaker
from automoney.stores.budgets import PostgresBudget
from automoney.stores.candles import PostgresCandles
from automoney.stores.collections import PostgresCollections
from automoney.stores.database import Database
from automoney.stores.leftovers import PostgresLeftovers
from automoney.stores.marks import PostgresMarks
from automoney.stores.notices import PostgresDataStates
from automoney.stores.readings import PostgresReadings
from tests.builders import candle, mark, reading
from tests.scale.case import Case, keep
from tests.scale.growth import NOW

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)

_ALL = NOW - timedelta(days=9 * 366)  # from further back than anything is stored
_ONCHAIN = ("MVRV_Z", "NVT", "EXCHANGE_NETFLOW", "LTH_CHANGE", "ACTIVE_ADDRESSES")
_MACRO = ("DGS10", "DGS2", "DFF", "DTWEXBGS", "FEDFUNDS", "M2SL", "CPIAUCSL")


@_case("PostgresCandles.put")
def _(database: Database, number: int) -> None:
    # A bar at the end, and one that revises what is there.
    bars = [
        candle(NOW + timedelta(hours=number), timeframe=Timeframe.H1),
        candle(NOW - timedelta(hours=number), timeframe=Timeframe.H1),
        candle(Timeframe.D1.open_time(NOW) - timedelta(days=3), str(30_000 + number)),
    ]
    PostgresCandles(database).put(bars)


@_case("PostgresCandles.revision")
def _(database: Database, number: int) -> int:
    return PostgresCandles(database).revision("BTC", Timeframe.D1)


@_case("PostgresCandles.last_open")
def _(database: Database, number: int) -> object:
    return PostgresCandles(database).last_open("BTC", Timeframe.D1)


@_case("PostgresCandles.closed")
def _(database: Database, number: int) -> object:
    return PostgresCandles(database).closed("BTC", Timeframe.H1, since=_ALL, by=NOW)


@_case("PostgresCandles.days")
def _(database: Database, number: int) -> object:
    return PostgresCandles(database).days("BTC", since=_ALL, closed_by=NOW)


@_case("PostgresCandles.purge")
def _(database: Database, number: int) -> object:
    before = NOW - timedelta(days=62) + timedelta(hours=number)
    return PostgresCandles(database).purge(Timeframe.H1, before=before)


@_case("PostgresMarks.put_marks")
def _(database: Database, number: int) -> None:
    at = NOW + timedelta(minutes=number)
    PostgresMarks(database).put_marks([mark("BTC", at=at), mark("ETH", at=at)])


@_case("PostgresMarks.mark")
def _(database: Database, number: int) -> object:
    return PostgresMarks(database).mark("BTC", as_of=NOW)


@_case("PostgresMarks.marks")
def _(database: Database, number: int) -> object:
    return PostgresMarks(database).marks(["BTC", "ETH"], as_of=NOW)


@_case("PostgresMarks.purge")
def _(database: Database, number: int) -> int:
    before = NOW - timedelta(days=3) + timedelta(minutes=5 * number)
    return PostgresMarks(database).purge(before=before)


def _new_readings(number: int) -> list[Reading]:
    days = (Timeframe.D1.open_time(NOW) - timedelta(days=back) for back in range(60))
    return [
        reading(
            "NVT",
            day,
            1000.0 + number,
            asset="BTC",
            source="coinmetrics",
            vintage=NOW + timedelta(hours=number),
        )
        for day in days
    ]


@_case("PostgresReadings.put_readings")
def _(database: Database, number: int) -> int:
    return PostgresReadings(database).put_readings(_new_readings(number))


@_case("PostgresReadings.history")
def _(database: Database, number: int) -> object:
    readings = PostgresReadings(database)  # a new one: it has no copy yet
    return [  # as far back as a run looks
        readings.history(names, asset, since=NOW - timedelta(days=days), as_of=NOW)
        for names, asset, days in (
            (_ONCHAIN, "BTC", 380),
            (_MACRO, None, 480),
            (("FEAR_GREED",), None, 40),
        )
    ]


@_case("PostgresReadings.last_period")
def _(database: Database, number: int) -> object:
    return PostgresReadings(database).last_period("fred")


@_case("PostgresCollections.record")
def _(database: Database, number: int) -> None:
    at = NOW + timedelta(minutes=5 * number)
    latency = timedelta(milliseconds=80)
    PostgresCollections(database).record(
        Collection("collect_prices", "binance", at, "ok", 2, 0, latency, bytes=900)
    )


@_case("PostgresCollections.last_ok")
def _(database: Database, number: int) -> object:
    collections = PostgresCollections(database)
    names = ("collect_prices", "collect_sentiment")
    return [collections.last_ok(name, as_of=NOW) for name in names]


@_case("PostgresCollections.success")
def _(database: Database, number: int) -> object:
    collections = PostgresCollections(database)
    spans = (timedelta(days=1), timedelta(days=30))
    return [collections.success(since=NOW - span, by=NOW) for span in spans]


@_case("PostgresCollections.failed_in_a_row")
def _(database: Database, number: int) -> object:
    collections = PostgresCollections(database)
    names = ("collect_prices", "collect_sentiment")
    return [collections.failed_in_a_row(name, up_to=NOW) for name in names]


@_case("PostgresCollections.summary")
def _(database: Database, number: int) -> object:
    return PostgresCollections(database).summary(since=NOW - timedelta(days=30))


@_case("PostgresCollections.health")
def _(database: Database, number: int) -> object:
    return PostgresCollections(database).health()


@_case("PostgresBackfills.reached")
def _(database: Database, number: int) -> object:
    return PostgresBackfills(database).reached("binance:BTC:1d")


@_case("PostgresBackfills.put_candles")
def _(database: Database, number: int) -> int:
    first = Timeframe.D1.open_time(NOW) - timedelta(days=1000)
    bars: list[Candle] = [
        candle(first + timedelta(days=day), str(40_000 + number)) for day in range(1000)
    ]
    return PostgresBackfills(database).put_candles("binance:BTC:1d", bars, reached=NOW)


@_case("PostgresBackfills.put_readings")
def _(database: Database, number: int) -> int:
    return PostgresBackfills(database).put_readings(
        "coinmetrics:BTC", _new_readings(number), reached=NOW
    )


@_case("PostgresBreaker.open_until")
def _(database: Database, number: int) -> object:
    return PostgresBreaker(database).open_until("binance")


@_case("PostgresBreaker.trip")
def _(database: Database, number: int) -> None:
    PostgresBreaker(database).trip("binance", NOW + timedelta(minutes=number))


@_case("PostgresBudget.take")
def _(database: Database, number: int) -> None:
    limits = (Limit(10, timedelta(minutes=1)), Limit(100, timedelta(days=1)))
    PostgresBudget(database).take("glassnode", limits, now=NOW + timedelta(minutes=number))


@_case("PostgresLeftovers.purge_breakers")
def _(database: Database, number: int) -> int:
    return PostgresLeftovers(database).purge_breakers(before=NOW)


@_case("PostgresLeftovers.purge_budgets")
def _(database: Database, number: int) -> int:
    return PostgresLeftovers(database).purge_budgets(before=NOW)


@_case("PostgresLeftovers.purge_spending")
def _(database: Database, number: int) -> int:
    return PostgresLeftovers(database).purge_spending(before=NOW - timedelta(days=2_000))


@_case("PostgresLeftovers.purge_events")
def _(database: Database, number: int) -> int:
    return PostgresLeftovers(database).purge_events(before=NOW - timedelta(days=2_000))


@_case("PostgresDataStates.turn")
def _(database: Database, number: int) -> bool:
    at = NOW + timedelta(minutes=5 * number)
    return PostgresDataStates(database).turn(
        "prices", "good", source="binance", reason="binance answers", at=at
    )
