"""Binance's answers, recorded and documented, and what may be wrong with them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.sources import fields
from automoney.sources.binance import Binance
from tests.sources.conftest import Recorded
from tests.sources.served import NOW, Answer, Asked, Served, StoredBreaker, as_json, run

TICKER, KLINES, TRADES = "/api/v3/ticker/24hr", "/api/v3/klines", "/api/v3/aggTrades"
HOUR = timedelta(hours=1)


def ticker(symbol: str, price: object = "75609.82000000", at: object = 1758455999040) -> Any:
    return {"symbol": symbol, "openPrice": "1", "lastPrice": price, "closeTime": at, "count": 76}


def kline(open_time: datetime, *prices: object, volume: object = "1.5", width: int = 12) -> Any:
    row = [fields.to_millis(open_time), *(prices or ("10", "12", "9", "11")), volume]
    return [*row, 0, "0", 1, "0", "0", "0"][:width]


def marks(served: Served, assets: Sequence[str] = ("BTC", "ETH")) -> tuple[Mark, ...]:
    return run(lambda transport: Binance(transport, served.url).marks(assets))


def candles(served: Served, timeframe: Timeframe, **options: Any) -> tuple[Candle, ...]:
    return run(lambda t: Binance(t, served.url).candles("BTC", timeframe, **options))


def first_trade(served: Served, after: datetime, now: datetime = NOW) -> Mark:
    return run(lambda t: Binance(t, served.url).first_trade("BTC", after), now=now)


def test_marks_come_in_one_request_in_the_order_asked(served: Served) -> None:
    served.give(TICKER, as_json([ticker("ETHUSDT", "2345.72"), ticker("BTCUSDT")]))
    at = datetime(2025, 9, 21, 11, 59, 59, 40_000, tzinfo=UTC)
    assert marks(served) == (
        Mark("BTC", Decimal("75609.82"), at, "binance"),
        Mark("ETH", Decimal("2345.72"), at, "binance"),
    )
    assert served.asked(TICKER) == [{"type": "MINI", "symbols": '["BTCUSDT","ETHUSDT"]'}]


def test_marks_of_nothing_ask_nothing(served: Served) -> None:
    assert marks(served, ()) == ()
    assert served.requests == []


def test_the_documented_ticker_has_the_fields_we_read(served: Served, recorded: Recorded) -> None:
    documented = json.loads(recorded("binance/ticker-24hr-documented-example.200.json").body)
    served.give(TICKER, as_json([{**documented, "symbol": "BTCUSDT"}]))
    (mark,) = marks(served, ["BTC"])
    assert mark.price == Decimal("4.00000200")
    assert mark.at == datetime(2017, 7, 12, 14, 31, 39, 40_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([ticker("BTCUSDT")], "left ETHUSDT out"),
        ([ticker("BTCUSDT"), {"symbol": "ETHUSDT"}], "lastPrice of ETHUSDT was None"),
        ([ticker("BTCUSDT"), ticker("ETHUSDT", at=None)], "closeTime of ETHUSDT was None"),
        ([ticker("BTCUSDT"), ticker("ETHUSDT", "-1")], "lastPrice of ETHUSDT was '-1'"),
        ([ticker("BTCUSDT"), ticker("ETHUSDT", "0")], "lastPrice of ETHUSDT was '0'"),
        ([ticker("BTCUSDT"), ticker("ETHUSDT", "1e30")], "lastPrice of ETHUSDT was '1e30'"),
        ([ticker("BTCUSDT"), ticker("ETHUSDT", "NaN")], "lastPrice of ETHUSDT was 'NaN'"),
        (
            [ticker("BTCUSDT"), ticker("ETHUSDT", at=fields.to_millis(NOW) + 60_001)],
            "closeTime of ETHUSDT was '2025-09-21T12:01:00.001000Z'; expected a time up to now",
        ),
        (ticker("BTCUSDT"), "tickers was {"),
        (["BTCUSDT"], "a ticker was 'BTCUSDT'"),
        ([{"symbol": ["BTCUSDT"]}], "symbol of a ticker was ['BTCUSDT']"),
    ],
)
def test_marks_refuse(served: Served, answer: object, words: str) -> None:
    served.give(TICKER, as_json(answer))
    with pytest.raises(SourceUnavailable) as caught:
        marks(served)
    assert caught.value.source == "binance"
    assert words in caught.value.reason


@pytest.mark.parametrize(
    ("name", "asset", "timeframe"),
    [
        ("binance/klines-BTCUSDT-1d.200.json", "BTC", Timeframe.D1),
        ("binance/klines-BTCUSDT-1h-crash-2020-03.200.json", "BTC", Timeframe.H1),
        ("binance/klines-ETHUSDT-4h.200.json", "ETH", Timeframe.H4),
    ],
)
def test_recorded_candles_keep_every_digit(
    served: Served, recorded: Recorded, name: str, asset: str, timeframe: Timeframe
) -> None:
    served.give(KLINES, recorded(name))
    rows = json.loads(recorded(name).body)
    then = fields.millis("", "", rows[-1][0])
    got = run(lambda t: Binance(t, served.url).candles(asset, timeframe), now=then)
    assert len(got) == len(rows) == 100
    for candle, row in zip(got, rows, strict=True):
        written = [candle.open, candle.high, candle.low, candle.close, candle.volume]
        assert [str(value) for value in written] == row[1:6]
        assert fields.to_millis(candle.open_time) == row[0]
        assert fields.to_millis(candle.close_time) == row[6] + 1
        assert (candle.asset, candle.timeframe, candle.source) == (asset, timeframe, "binance")
    assert served.asked(KLINES) == [
        {"symbol": f"{asset}USDT", "interval": timeframe.value, "limit": "100"}
    ]


def test_the_documented_candle_is_of_a_week(served: Served, recorded: Recorded) -> None:
    served.give(KLINES, recorded("binance/klines-documented-example.200.json"))
    (candle,) = candles(served, Timeframe.W1)
    assert candle.open_time == datetime(2017, 7, 3, tzinfo=UTC)
    assert candle.volume == Decimal("148976.11427815")


def test_rows_out_of_order_are_sorted_and_of_two_the_last_wins(served: Served) -> None:
    early, late = NOW - 2 * HOUR, NOW - HOUR
    served.give(
        KLINES,
        as_json([kline(late), kline(early), kline(late, "20", "21", "19", "20.5")]),
    )
    got = candles(served, Timeframe.H1)
    assert [(one.open_time, one.close) for one in got] == [
        (early, Decimal(11)),
        (late, Decimal("20.5")),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (kline(NOW, width=11), "a row of 12 values"),
        ({"open": 1}, "a row of 12 values"),
        (kline(NOW + timedelta(minutes=1)), "expected the start of a bar"),
        (kline(NOW + HOUR), "open time of BTC candle was '2025-09-21T13:00:00Z'"),
        (kline(NOW, "10", "12", "0", "11"), "low of BTC 1h bar of 2025-09-21T12:00 was '0'"),
        (kline(NOW, "10", "-12", "9", "11"), "high of BTC 1h bar of 2025-09-21T12:00 was '-12'"),
        (kline(NOW, "10", "1e30", "9", "11"), "was '1e30'"),
        (kline(NOW, "NaN", "12", "9", "11"), "open of BTC 1h bar"),
        (kline(NOW, "10", "12", "9", None), "close of BTC 1h bar"),
        (kline(NOW, "10", "10.5", "9", "11"), "a high that is highest"),
        (kline(NOW, "10", "12", "10.5", "11"), "a low that is lowest"),
        (kline(NOW, volume="-1"), "volume of BTC candle was '-1'"),
        (kline(NOW, volume=None), "volume of BTC candle was None"),
        (["soon", *kline(NOW)[1:]], "open time of BTC candle was 'soon'"),
    ],
)
def test_candles_refuse(served: Served, row: object, words: str) -> None:
    served.give(KLINES, as_json([row]))
    with pytest.raises(SourceUnavailable) as caught:
        candles(served, Timeframe.H1)
    assert words in caught.value.reason


def test_no_candles_at_all_is_a_failure_but_none_since_is_not(served: Served) -> None:
    served.give(KLINES, as_json([]))
    with pytest.raises(SourceUnavailable, match="has no 1h candles of BTC"):
        candles(served, Timeframe.H1)
    assert candles(served, Timeframe.H1, start=NOW) == ()


def test_candles_from_before_what_was_asked_are_refused(served: Served) -> None:
    served.give(KLINES, as_json([kline(NOW - 2 * HOUR), kline(NOW - HOUR)]))
    with pytest.raises(SourceUnavailable, match="expected 2025-09-21T11:00:00Z or later"):
        candles(served, Timeframe.H1, start=NOW - HOUR)


def test_more_candles_than_were_asked_for_are_cut_at_the_far_end(served: Served) -> None:
    served.give(KLINES, as_json([kline(NOW - n * HOUR) for n in (3, 2, 1)]))
    newest = candles(served, Timeframe.H1, limit=2)
    assert [one.open_time for one in newest] == [NOW - 2 * HOUR, NOW - HOUR]
    first = candles(served, Timeframe.H1, start=NOW - 3 * HOUR, limit=2)
    assert [one.open_time for one in first] == [NOW - 3 * HOUR, NOW - 2 * HOUR]


def test_a_halted_symbol_has_old_candles_and_says_so_by_their_times(served: Served) -> None:
    """Whoever asked judges how old is too old: the answer itself is an honest one."""
    halted = NOW - 2000 * HOUR
    served.give(KLINES, as_json([kline(halted - HOUR), kline(halted, volume="0.00000000")]))
    served.give(TICKER, as_json([ticker("BTCUSDT", at=fields.to_millis(halted))]))
    got = candles(served, Timeframe.H1)
    assert (got[-1].open_time, got[-1].volume) == (halted, Decimal(0))
    assert marks(served, ["BTC"])[0].at == halted


def history(first: datetime, count: int, gap: range) -> Any:
    """A server of `count` hours from `first`, but for those numbered in `gap`; 1,000 at most."""
    opens = [first + n * HOUR for n in range(count) if n not in gap]

    def answer(asked: Asked) -> Answer:
        limit = min(int(asked.params["limit"]), 1000)
        if "startTime" not in asked.params:
            return as_json([kline(one) for one in opens[-limit:]])
        start = int(asked.params["startTime"])
        return as_json([kline(one) for one in opens if fields.to_millis(one) >= start][:limit])

    return answer


def test_more_than_a_thousand_come_in_pages_over_a_gap(served: Served) -> None:
    first = NOW - 2500 * HOUR
    served.give(KLINES, history(first, 2501, range(995, 1030)))
    got = candles(served, Timeframe.H1, start=first, limit=2200)
    assert len(got) == len({one.open_time for one in got}) == 2200
    assert [asked["limit"] for asked in served.asked(KLINES)] == ["1000", "1000", "200"]

    whole = candles(served, Timeframe.H1, start=first, limit=9999)
    assert len(whole) == 2501 - 35
    assert whole[-1].open_time == NOW


def test_the_newest_two_thousand_end_with_the_open_bar(served: Served) -> None:
    served.give(KLINES, history(NOW - 5000 * HOUR, 5001, range(0)))
    got = candles(served, Timeframe.H1, limit=2000)
    assert len(got) == 2000
    assert got[-1].open_time == NOW


def trades_at(*moments: datetime) -> Any:
    """A server of trades; as the real one it refuses a window of an hour or more."""

    def answer(asked: Asked) -> Answer:
        start, end = int(asked.params["startTime"]), int(asked.params["endTime"])
        if end - start >= 3_600_000:
            return as_json({"code": -1127, "msg": "More than 1 hours"}, status=400)
        found = [
            {"a": 1, "p": "45000.10000000", "q": "0.1", "f": 1, "l": 1, "T": at, "m": True}
            for at in map(fields.to_millis, moments)
            if start <= at <= end
        ]
        return as_json(found[: int(asked.params["limit"])])

    return answer


def test_the_first_trade_at_or_after(served: Served) -> None:
    served.give(TRADES, trades_at(NOW - HOUR, NOW - timedelta(milliseconds=1), NOW, NOW + HOUR))
    assert first_trade(served, NOW) == Mark("BTC", Decimal("45000.1"), NOW, "binance")
    assert served.asked(TRADES) == [
        {
            "symbol": "BTCUSDT",
            "startTime": "1758456000000",
            "endTime": "1758459599999",
            "limit": "1",
        }
    ]


def test_of_several_trades_the_earliest_is_the_first(served: Served) -> None:
    late, first = ({"p": str(n), "T": fields.to_millis(NOW) + n} for n in (9, 3))
    served.give(TRADES, as_json([late, first]))
    assert first_trade(served, NOW).price == 3


def test_a_trade_in_the_millisecond_before_is_too_early(served: Served) -> None:
    served.give(TRADES, trades_at(NOW, NOW + timedelta(milliseconds=1)))
    mark = first_trade(served, NOW + timedelta(microseconds=1))
    assert mark.at == NOW + timedelta(milliseconds=1)


def test_over_an_outage_it_looks_on_hour_by_hour(served: Served) -> None:
    served.give(TRADES, trades_at(NOW - timedelta(hours=3)))
    assert first_trade(served, NOW - 36 * HOUR).at == NOW - 3 * HOUR
    windows = [(int(a["startTime"]), int(a["endTime"])) for a in served.asked(TRADES)]
    assert len(windows) == 34
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(windows))


@pytest.mark.parametrize(
    ("after", "asked"),
    [
        pytest.param(NOW, 1, id="now"),
        pytest.param(NOW + HOUR, 1, id="ahead of the clock"),
        pytest.param(NOW - timedelta(minutes=90), 2, id="the second hour is not over"),
        pytest.param(NOW - HOUR, 2, id="the hour is just over, so the next one counts"),
        pytest.param(NOW - 100 * HOUR, 48, id="gives up after two days"),
    ],
)
def test_while_there_is_no_trade(served: Served, after: datetime, asked: int) -> None:
    served.give(TRADES, trades_at())
    with pytest.raises(SourceUnavailable, match="no trade of BTC yet at or after 2025-09-"):
        first_trade(served, after)
    assert len(served.requests) == asked


@given(st.lists(st.integers(0, 3 * 3_600_000), max_size=3), st.integers(0, 3 * 3_600_000_000))
def test_the_windows_leave_no_hole(trades: list[int], after: int) -> None:
    """Against a source in memory that answers as `trades_at`: speed, over many examples."""
    begin = NOW - 4 * HOUR
    moments = sorted(begin + timedelta(milliseconds=at) for at in trades)
    asked_from = begin + timedelta(microseconds=after)
    due = [at for at in moments if at >= asked_from]
    source = Binance(InMemory(trades_at(*moments)), "")  # type: ignore[arg-type]  # its shape
    if due:
        assert finish(source.first_trade("BTC", asked_from)).at == due[0]
    else:
        with pytest.raises(SourceUnavailable):
            finish(source.first_trade("BTC", asked_from))


class InMemory:
    """What of a transport `first_trade` uses."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def clock(self) -> datetime:
        return NOW

    async def get_json(self, source: str, url: str, params: dict[str, str]) -> Any:
        return json.loads(self._answer(Asked(url, params, {}, 0)).body)


def finish(steps: Any) -> Any:
    """Run a coroutine that never waits, without an event loop."""
    try:
        steps.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


@pytest.mark.parametrize(
    ("trade", "words"),
    [
        ({"p": "1", "T": fields.to_millis(NOW) - 1}, "2025-09-21T12:00:00Z or later"),
        ({"p": "-1", "T": fields.to_millis(NOW)}, "p of BTC trade was '-1'"),
        ({"p": "1", "T": fields.to_millis(NOW) + 60_001}, "expected a time up to now"),
        ({"T": fields.to_millis(NOW)}, "p of BTC trade was None"),
        ({"p": "1"}, "T of BTC trade was None"),
        ("x", "trade of BTC was 'x'"),
    ],
)
def test_trades_refuse(served: Served, trade: object, words: str) -> None:
    served.give(TRADES, as_json([trade]))
    with pytest.raises(SourceUnavailable) as caught:
        first_trade(served, NOW)
    assert words in caught.value.reason


@pytest.mark.parametrize("ask", [marks, None])
def test_an_asset_it_does_not_know(served: Served, ask: Any) -> None:
    with pytest.raises(SourceUnavailable, match="asset was 'DOGE'; expected one of BTC, ETH"):
        if ask:
            marks(served, ["DOGE"])
        else:
            run(lambda t: Binance(t, served.url).candles("DOGE", Timeframe.H1))
    assert served.requests == []


@pytest.mark.parametrize(
    ("name", "words", "wait"),
    [
        ("binance/error-restricted-location.451.json", "restricted location", None),
        ("binance/error-weight-ip-ban.418.json", "code -1003, Way too much request weight", 90.0),
        ("binance/error-weight-limit.429.json", "code -1003, Too much request weight", 90.0),
    ],
)
def test_recorded_refusals(
    served: Served, recorded: Recorded, name: str, words: str, wait: float | None
) -> None:
    answer = recorded(name)
    headers = {"Retry-After": "90"} if wait else {}
    served.give(TICKER, Answer(answer.body, answer.status, headers=headers))
    breaker = StoredBreaker()
    with pytest.raises(SourceUnavailable) as caught:
        run(lambda t: Binance(t, served.url).marks(["BTC"]), breaker=breaker)
    assert words in caught.value.reason
    assert (caught.value.status, caught.value.retry_after) == (answer.status, wait)
    assert breaker.until == ({"binance": NOW + timedelta(seconds=wait)} if wait else {})
    assert len(served.requests) == 1
