"""CoinGecko's answers: bars stamped with their close, no volume, and only what it really has."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.sources import fields
from automoney.sources.coingecko import CoinGecko
from tests.sources.conftest import Recorded
from tests.sources.served import NOW, Answer, Served, StoredBreaker, as_json, run

PRICE = "/api/v3/simple/price"
OHLC = "/api/v3/coins/bitcoin/ohlc"
CHART = "/api/v3/coins/bitcoin/market_chart"
HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)


MAY_2026 = datetime(2026, 5, 20, tzinfo=UTC)  # a little after the documented examples


def marks(
    served: Served, assets: Sequence[str] = ("BTC",), now: datetime = NOW
) -> tuple[Mark, ...]:
    return run(lambda transport: CoinGecko(transport, served.url).marks(assets), now=now)


def candles(
    served: Served, timeframe: Timeframe, now: datetime = NOW, **options: Any
) -> tuple[Candle, ...]:
    return run(lambda t: CoinGecko(t, served.url).candles("BTC", timeframe, **options), now=now)


def bar(close_time: datetime, *prices: object) -> Any:
    return [fields.to_millis(close_time), *(prices or (10.0, 12.0, 9.0, 11.0))]


def test_marks_come_in_one_request_in_the_order_asked(served: Served) -> None:
    served.give(
        PRICE,
        Answer(
            b'{"ethereum":{"usd":4471.0300000000001,"last_updated_at":1758455990},'
            b'"bitcoin":{"usd":76975,"last_updated_at":1758455998}}'
        ),
    )
    assert marks(served, ("BTC", "ETH")) == (
        Mark("BTC", Decimal(76975), NOW - timedelta(seconds=2), "coingecko"),
        Mark("ETH", Decimal("4471.0300000000001"), NOW - timedelta(seconds=10), "coingecko"),
    )
    assert served.asked(PRICE) == [
        {
            "ids": "bitcoin,ethereum",
            "vs_currencies": "usd",
            "include_last_updated_at": "true",
        }
    ]


def test_marks_of_nothing_ask_nothing(served: Served) -> None:
    assert marks(served, ()) == ()
    assert served.requests == []


def test_the_documented_price(served: Served, recorded: Recorded) -> None:
    served.give(PRICE, recorded("coingecko/simple-price-bitcoin-all-fields.200.json"))
    (mark,) = marks(served, now=MAY_2026)
    assert mark == Mark(
        "BTC", Decimal(76975), datetime(2026, 5, 18, 8, 17, 38, tzinfo=UTC), "coingecko"
    )


def test_a_recorded_price_without_its_time_is_refused(served: Served, recorded: Recorded) -> None:
    served.give(PRICE, recorded("coingecko/simple-price-bitcoin-usd.200.json"))
    with pytest.raises(SourceUnavailable, match="last_updated_at of bitcoin was None"):
        marks(served)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "left bitcoin out"),
        ([], "prices was []"),
        ({"bitcoin": 1}, "price of BTC was 1"),
        ({"bitcoin": {"last_updated_at": 1758455998}}, "usd of bitcoin was None"),
        ({"bitcoin": {"usd": None, "last_updated_at": 1758455998}}, "usd of bitcoin was None"),
        ({"bitcoin": {"usd": 0, "last_updated_at": 1758455998}}, "usd of bitcoin was 0"),
        ({"bitcoin": {"usd": -1.5, "last_updated_at": 1758455998}}, "usd of bitcoin was"),
        ({"bitcoin": {"usd": 1e30, "last_updated_at": 1758455998}}, "usd of bitcoin was"),
        ({"bitcoin": {"usd": "x", "last_updated_at": 1758455998}}, "usd of bitcoin was 'x'"),
        ({"bitcoin": {"usd": 1, "last_updated_at": 1758455998000}}, "last_updated_at of bitcoin"),
        (
            {"bitcoin": {"usd": 1, "last_updated_at": 1758456061}},
            "last_updated_at of bitcoin was '2025-09-21T12:01:01Z'; expected a time up to now",
        ),
    ],
)
def test_marks_refuse(served: Served, body: object, words: str) -> None:
    served.give(PRICE, as_json(body))
    with pytest.raises(SourceUnavailable) as caught:
        marks(served)
    assert caught.value.source == "coingecko"
    assert words in caught.value.reason


def test_four_hour_bars_are_stamped_with_their_close_and_have_no_volume(served: Served) -> None:
    served.give(OHLC, as_json([bar(NOW), bar(NOW - 4 * HOUR)]))
    assert candles(served, Timeframe.H4) == tuple(
        Candle(
            "BTC",
            Timeframe.H4,
            NOW - back * HOUR,
            Decimal(10),
            Decimal(12),
            Decimal(9),
            Decimal(11),
            None,
            "coingecko",
        )
        for back in (8, 4)
    )
    assert served.asked(OHLC) == [{"vs_currency": "usd", "days": "30"}]


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ({"limit": 42}, "7"),
        ({"limit": 43}, "14"),
        ({"limit": 100}, "30"),
        ({"limit": 500}, "30"),
        ({"start": NOW - timedelta(days=7)}, "7"),
        ({"start": NOW - timedelta(days=8)}, "14"),
        ({"start": NOW - timedelta(days=30)}, "30"),
    ],
)
def test_it_asks_for_the_shortest_span_that_will_do(
    served: Served, options: dict[str, Any], days: str
) -> None:
    served.give(OHLC, as_json([bar(NOW)]))
    candles(served, Timeframe.H4, **options)
    assert served.asked(OHLC)[0]["days"] == days


def test_rows_out_of_order_are_sorted_and_of_two_the_last_wins(served: Served) -> None:
    early, late = NOW - 4 * HOUR, NOW
    again = bar(early, 20.0, 21.0, 19.0, 20.5)
    served.give(OHLC, as_json([bar(late), bar(early), again]))
    got = candles(served, Timeframe.H4)
    assert [(one.close_time, one.close) for one in got] == [
        (early, Decimal("20.5")),
        (late, Decimal(11)),
    ]
    halves = [bar(NOW), bar(NOW - HALF), bar(NOW - HALF, 5.0, 12.0, 5.0, 11.0)]
    served.give(OHLC, as_json(halves))
    assert [one.open for one in candles(served, Timeframe.H1)] == [Decimal(5)]


def test_start_and_limit_cut(served: Served) -> None:
    served.give(OHLC, as_json([bar(NOW - n * 4 * HOUR) for n in range(10)]))
    start = NOW - 20 * HOUR
    assert [one.open_time for one in candles(served, Timeframe.H4, start=start, limit=2)] == [
        start,
        start + 4 * HOUR,
    ]
    assert [one.open_time for one in candles(served, Timeframe.H4, limit=1)] == [NOW - 4 * HOUR]


def test_an_hour_is_two_half_hours_or_nothing(served: Served) -> None:
    served.give(
        OHLC,
        as_json(
            [
                bar(NOW - 4 * HOUR),  # the second half of an hour whose first half is missing
                bar(NOW - 3 * HOUR - HALF, 10.0, 15.0, 9.5, 11.0),
                bar(NOW - 3 * HOUR, 11.0, 12.0, 8.5, 12.0),
                bar(NOW - 2 * HOUR - HALF),  # a first half without a second
                bar(NOW - HOUR),
                bar(NOW - HALF, 20.0, 20.0, 19.0, 19.5),
                bar(NOW, 19.5, 23.0, 19.5, 22.0),
                bar(NOW + HALF),  # the hour under way
            ]
        ),
    )
    got = candles(served, Timeframe.H1)
    assert [(one.open_time, one.open, one.high, one.low, one.close) for one in got] == [
        (NOW - 4 * HOUR, *map(Decimal, ("10", "15", "8.5", "12"))),
        (NOW - HOUR, *map(Decimal, ("20", "23", "19", "22"))),
    ]
    assert {(one.timeframe, one.volume, one.source) for one in got} == {
        (Timeframe.H1, None, "coingecko")
    }
    assert served.asked(OHLC) == [{"vs_currency": "usd", "days": "1"}]


def test_the_documented_half_hours(served: Served, recorded: Recorded) -> None:
    """They close at 14:00 and 14:30, so they are of two hours and make none."""
    served.give(OHLC, recorded("coingecko/ohlc-bitcoin.200.json"))
    with pytest.raises(SourceUnavailable, match="has no 1h candles of BTC"):
        candles(served, Timeframe.H1, now=MAY_2026)
    assert candles(served, Timeframe.H1, now=MAY_2026, start=MAY_2026) == ()


@pytest.mark.parametrize("timeframe", [Timeframe.M5, Timeframe.D1, Timeframe.W1])
def test_bars_it_does_not_have_are_not_made_up(served: Served, timeframe: Timeframe) -> None:
    with pytest.raises(SourceUnavailable, match=f"gives no {timeframe.value} candles"):
        candles(served, timeframe)
    assert served.requests == []


@pytest.mark.parametrize(
    ("timeframe", "back"), [(Timeframe.H1, timedelta(days=2)), (Timeframe.H4, timedelta(days=31))]
)
def test_a_start_too_long_ago(served: Served, timeframe: Timeframe, back: timedelta) -> None:
    with pytest.raises(SourceUnavailable, match="days back, not from 2025-"):
        candles(served, timeframe, start=NOW - back)
    assert served.requests == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (bar(NOW)[:4], "a row of 5 values"),
        (bar(NOW + HALF), "expected the start of a bar"),
        (bar(NOW, 10, 9, 9, 10.5), "a high that is highest"),
        (bar(NOW, 10, 12, 0, 11), "low of BTC 4h bar"),
        (bar(NOW, 10, 12, 9, None), "close of BTC 4h bar"),
        (["2025", 10, 12, 9, 11], "time of BTC candle was '2025'"),
        (bar(NOW + 8 * HOUR), "open time of BTC candle was '2025-09-21T16:00:00Z'"),
    ],
)
def test_candles_refuse(served: Served, row: object, words: str) -> None:
    served.give(OHLC, as_json([row]))
    with pytest.raises(SourceUnavailable) as caught:
        candles(served, Timeframe.H4)
    assert words in caught.value.reason


@pytest.mark.parametrize(
    ("half", "words"),
    [
        (bar(NOW, 10, 9, 9, 9.5), "BTC half hour of 2025-09-21T11:30 was"),
        (bar(NOW, 10, 12, -9, 11), "low of BTC half hour of 2025-09-21T11:30 was -9"),
        (bar(NOW + HOUR), "open time of BTC candle was '2025-09-21T12:30:00Z'"),
    ],
)
def test_a_bad_half_is_not_hidden_in_a_good_hour(served: Served, half: object, words: str) -> None:
    served.give(OHLC, as_json([bar(NOW - HALF, 10.0, 20.0, 1.0, 10.0), half]))
    with pytest.raises(SourceUnavailable) as caught:
        candles(served, Timeframe.H1)
    assert words in caught.value.reason


def first_trade(served: Served, after: datetime, now: datetime = NOW) -> Mark:
    return run(
        lambda transport: CoinGecko(transport, served.url).first_trade("BTC", after), now=now
    )


def test_the_first_price_at_or_after(served: Served) -> None:
    points = [[fields.to_millis(NOW - n * timedelta(minutes=5)), 100.5 + n] for n in range(5)]
    served.give(CHART, as_json({"prices": points}))
    assert first_trade(served, NOW - timedelta(minutes=12)) == Mark(
        "BTC", Decimal("102.5"), NOW - timedelta(minutes=10), "coingecko"
    )
    assert first_trade(served, NOW).price == Decimal("100.5")
    with pytest.raises(SourceUnavailable, match="no price of BTC yet at or after"):
        first_trade(served, NOW + timedelta(seconds=1))
    with pytest.raises(SourceUnavailable, match="prices of BTC begin at 2025-09-21T11:40:00Z"):
        first_trade(served, NOW - timedelta(minutes=21))


def test_the_documented_chart_keeps_every_digit(served: Served, recorded: Recorded) -> None:
    served.give(CHART, recorded("coingecko/market-chart-bitcoin.200.json"))
    after = datetime(2026, 5, 17, 14, 25, tzinfo=UTC)
    assert first_trade(served, after, now=MAY_2026) == Mark(
        "BTC",
        Decimal("78052.87543398788"),
        datetime(2026, 5, 17, 14, 29, 59, 661_000, tzinfo=UTC),
        "coingecko",
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prices": None},
        {"prices": [[1]]},
        {"prices": [[1758456000000, 0]]},
        {"prices": [[1758456060001, 1]]},
        [],
        {"prices": []},
    ],
)
def test_charts_refuse(served: Served, body: object) -> None:
    served.give(CHART, as_json(body))
    with pytest.raises(SourceUnavailable):
        first_trade(served, NOW)


def test_the_recorded_rate_limit(served: Served, recorded: Recorded) -> None:
    answer = recorded("coingecko/error-rate-limit.429.json")
    served.give(PRICE, Answer(answer.body, answer.status, headers={"retry-after": "119"}))
    breaker = StoredBreaker()
    with pytest.raises(SourceUnavailable, match="exceeded the Rate Limit") as caught:
        run(lambda t: CoinGecko(t, served.url).marks(["BTC"]), breaker=breaker)
    assert caught.value.retry_after == 119
    assert breaker.until == {"coingecko": NOW + timedelta(seconds=119)}


def test_an_asset_it_does_not_know(served: Served) -> None:
    with pytest.raises(SourceUnavailable, match="asset was 'DOGE'; expected one of BTC, ETH"):
        marks(served, ["BTC", "DOGE"])
    assert served.requests == []
