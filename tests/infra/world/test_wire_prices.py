"""Binance and CoinGecko, against bodies that the real ones sent."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.local.world.recording import Recording
from infra.local.world.wire.binance import Binance
from infra.local.world.wire.coingecko import CoinGecko
from infra.local.world.wire.exchange import Answer, Request

type Ask = Callable[..., Request]

END = "2025-09-22"
KLINES = "/api/v3/klines"


@pytest.fixture(scope="module")
def binance(recorded: Recording) -> Binance:
    return Binance(recorded)


@pytest.fixture(scope="module")
def coingecko(recorded: Recording) -> CoinGecko:
    return CoinGecko(recorded)


def ok(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("body", "symbol", "interval"),
    [
        ("klines-BTCUSDT-1d.200.json", "BTCUSDT", "1d"),
        ("klines-ETHUSDT-4h.200.json", "ETHUSDT", "4h"),
        ("klines-BTCUSDT-1h-crash-2020-03.200.json", "BTCUSDT", "1h"),
    ],
)
def test_klines_are_those_of_the_real_exchange(
    binance: Binance, ask: Ask, market_data: Path, body: str, symbol: str, interval: str
) -> None:
    real = json.loads((market_data / "api-bodies" / "binance" / body).read_text())
    query = {"symbol": symbol, "interval": interval, "startTime": real[0][0], "limit": 100}
    shown = ok(binance.answer(ask(KLINES, END, **query)))
    assert len(shown) >= 80  # the real body may go on after the recording's end
    for ours, theirs in zip(shown, real, strict=False):
        assert list(map(type, ours)) == list(map(type, theirs))
        assert ours[:7] == theirs[:7]
        assert float(ours[7]) == pytest.approx(float(theirs[7]), rel=0.1), "estimated"


def test_klines_in_pages_are_the_whole_file(binance: Binance, ask: Ask) -> None:
    rows, start = [], 0
    while page := ok(
        binance.answer(
            ask(KLINES, END, symbol="BTCUSDT", interval="1d", startTime=start, limit=1000)
        )
    ):
        rows += page
        start = page[-1][6] + 1
    assert len(rows) == 2958
    assert len({row[0] for row in rows}) == 2958
    newest = ok(binance.answer(ask(KLINES, END, symbol="BTCUSDT", interval="1d", limit=1000)))
    assert newest == rows[-1000:]
    until = rows[99][0]
    query = {"symbol": "BTCUSDT", "interval": "1d", "endTime": until, "limit": 2}
    assert ok(binance.answer(ask(KLINES, END, **query))) == rows[98:100]


def test_the_newest_kline_may_still_be_open(binance: Binance, ask: Ask) -> None:
    def newest(at: str, interval: str, **more: object) -> list[Any]:
        query = {"symbol": "BTCUSDT", "interval": interval, "limit": 2, **more}
        return list(ok(binance.answer(ask(KLINES, at, **query))))

    before = newest("2025-09-21T23:00", "1h")
    within = newest("2025-09-21T23:30", "1h")
    assert within[0] == before[1]
    assert within[1][1:6] == ["115538.91000000"] * 4 + ["0.00000000"]
    assert newest("2025-09-22", "1h")[1][4] == "115232.29000000"
    day = newest("2025-09-21T23:30", "1d")[1]
    assert day[1] == "115685.63000000"
    assert day[4] == "115538.91000000"
    assert float(day[5]) < 4511.52219
    start = within[1][0]
    assert newest("2025-09-21T23:30", "1h", startTime=start) == within[1:]
    assert newest("2025-09-21T23:30", "1h", endTime=start - 1) == newest("2025-09-21T23:00", "1h")
    assert newest("2022-01-10T12:07", "5m")[1][0] % 300_000 == 0
    assert newest("2025-09-21T23:30", "5m") == []


def test_mini_ticker(binance: Binance, ask: Ask) -> None:
    row = ok(
        binance.answer(
            ask("/api/v3/ticker/24hr", "2025-09-21T12:00", symbol="BTCUSDT", type="MINI")
        )
    )
    hours = ok(
        binance.answer(ask(KLINES, "2025-09-21T12:00", symbol="BTCUSDT", interval="1h", limit=24))
    )
    assert row["symbol"] == "BTCUSDT"
    assert row["lastPrice"] == hours[-1][4]
    assert row["openPrice"] == hours[0][1]
    assert row["highPrice"] == max((hour[2] for hour in hours), key=float)
    assert row["lowPrice"] == min((hour[3] for hour in hours), key=float)
    assert float(row["volume"]) == pytest.approx(sum(float(hour[5]) for hour in hours))
    assert row["closeTime"] == 1_758_456_000_000 - 1
    assert row["closeTime"] - row["openTime"] == 86_400_000
    assert row["lastId"] - row["firstId"] + 1 == row["count"] == 24


def test_full_ticker_has_the_documented_fields(
    binance: Binance, ask: Ask, market_data: Path
) -> None:
    folder = market_data / "api-bodies" / "binance"
    real = json.loads((folder / "ticker-24hr-documented-example.200.json").read_text())
    both = '["BTCUSDT","ETHUSDT"]'
    rows = ok(binance.answer(ask("/api/v3/ticker/24hr", "2025-09-21T12:34", symbols=both)))
    assert [row["symbol"] for row in rows] == ["BTCUSDT", "ETHUSDT"]
    for row in rows:
        assert list(row) == list(real)
        assert {name: type(value) for name, value in row.items()} == {
            name: type(value) for name, value in real.items()
        }
    change = float(rows[0]["lastPrice"]) - float(rows[0]["openPrice"])
    assert float(rows[0]["priceChange"]) == pytest.approx(change)


def test_price_ticker(binance: Binance, ask: Ask, market_data: Path) -> None:
    folder = market_data / "api-bodies" / "binance"
    real = json.loads((folder / "ticker-price-three-symbols.200.json").read_text())
    rows = ok(binance.answer(ask("/api/v3/ticker/price", "2025-09-21T23:30")))
    assert [list(row) for row in rows] == [list(row) for row in real[:2]]
    one = ok(binance.answer(ask("/api/v3/ticker/price", "2025-09-21T23:30", symbol="BTCUSDT")))
    assert one == rows[0] == {"symbol": "BTCUSDT", "price": "115538.91000000"}


def test_the_first_trade_after_a_slot_is_the_next_open(binance: Binance, ask: Ask) -> None:
    slot = 1_758_456_000_000  # 2025-09-21T12:00Z
    query = {"symbol": "BTCUSDT", "startTime": slot, "limit": 1}
    assert ok(binance.answer(ask("/api/v3/aggTrades", "2025-09-21T12:00", **query))) == []
    (trade,) = ok(binance.answer(ask("/api/v3/aggTrades", "2025-09-21T12:00:01", **query)))
    (hour,) = ok(
        binance.answer(ask(KLINES, "2025-09-21T12:00:01", symbol="BTCUSDT", interval="1h", limit=1))
    )
    assert (trade["T"], trade["p"]) == (slot, hour[1])
    assert set(trade) == {"a", "p", "q", "f", "l", "T", "m", "M"}
    again = {"symbol": "BTCUSDT", "fromId": trade["a"], "limit": 1}
    assert ok(binance.answer(ask("/api/v3/aggTrades", "2025-09-21T13:30", **again))) == [trade]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (KLINES, {"interval": "1h"}, -1102),
        (KLINES, {"symbol": "BTCUSDT"}, -1102),
        (KLINES, {"symbol": "btcusdt", "interval": "1h"}, -1100),
        (KLINES, {"symbol": "DOGEUSDT", "interval": "1h"}, -1121),
        (KLINES, {"symbol": "BTC", "interval": "1h"}, -1121),
        (KLINES, {"symbol": "BTCUSDT", "interval": "2h"}, -1120),
        (KLINES, {"symbol": "BTCUSDT", "interval": "1h", "limit": "x"}, -1100),
        (KLINES, {"symbol": "BTCUSDT", "interval": "1h", "limit": "0"}, -1130),
        (KLINES, {"symbol": "BTCUSDT", "interval": "1h", "startTime": "-1"}, -1100),
        ("/api/v3/ticker/24hr", {"symbols": "BTCUSDT"}, -1100),
        ("/api/v3/ticker/24hr", {"symbols": "[]"}, -1100),
        ("/api/v3/ticker/24hr", {"symbols": '["BTCUSDT","XUSDT"]'}, -1121),
        ("/api/v3/ticker/price", {"symbol": "A", "symbols": "[]"}, -1128),
    ],
)
def test_errors_are_binances(
    binance: Binance, ask: Ask, path: str, query: dict[str, str], code: int
) -> None:
    answer = binance.answer(ask(path, END, **query))
    assert answer.status == 400
    assert json.loads(answer.body)["code"] == code


def test_a_symbol_is_not_listed_before_its_first_trade(binance: Binance, ask: Ask) -> None:
    early = binance.answer(ask("/api/v3/ticker/price", "2017-08-17T04:00", symbol="BTCUSDT"))
    assert json.loads(early.body)["code"] == -1121
    assert ok(binance.answer(ask("/api/v3/ticker/price", "2017-08-17T04:00"))) == []


def test_ping_time_and_nowhere(binance: Binance, ask: Ask) -> None:
    assert ok(binance.answer(ask("/api/v3/ping", END))) == {}
    assert ok(binance.answer(ask("/api/v3/time", END))) == {"serverTime": 1_758_499_200_000}
    assert binance.answer(ask("/api/v3/depth", END)).status == 404


def test_simple_price(coingecko: CoinGecko, ask: Ask, market_data: Path) -> None:
    body = market_data / "api-bodies" / "coingecko" / "simple-price-bitcoin-all-fields.200.json"
    real = json.loads(body.read_text())
    more = ("market_cap", "24hr_vol", "24hr_change", "last_updated_at")
    everything = {f"include_{name}": "true" for name in more}
    shown = ok(
        coingecko.answer(
            ask(
                "/api/v3/simple/price",
                "2025-09-21T23:30",
                ids="bitcoin,ethereum,dai",
                vs_currencies="usd",
                **everything,
            )
        )
    )
    assert list(shown) == ["bitcoin", "ethereum"]
    assert list(shown["bitcoin"]) == list(real["bitcoin"])
    assert shown["bitcoin"]["usd"] == 115538.91
    assert shown["bitcoin"]["last_updated_at"] == 1_758_495_600
    assert shown["bitcoin"]["usd_market_cap"] == pytest.approx(2.302e12, rel=0.001)
    assert 1e8 < shown["bitcoin"]["usd_24h_vol"] < 1e9


def test_ohlc_rows_are_over_and_stamped_with_their_close(
    coingecko: CoinGecko, binance: Binance, ask: Ask
) -> None:
    path, at = "/api/v3/coins/bitcoin/ohlc", "2025-09-21T23:30"
    rows = ok(coingecko.answer(ask(path, at, vs_currency="usd", days="7")))
    bars = ok(binance.answer(ask(KLINES, at, symbol="BTCUSDT", interval="4h", limit=43)))[:-1]
    expected = [[bar[6] + 1, *map(float, bar[1:5])] for bar in bars]
    assert rows[-1][0] == 1_758_484_800_000
    assert rows == expected[-len(rows) :]
    assert len(rows) == 41
    long = ok(coingecko.answer(ask(path, at, vs_currency="usd", days="365")))
    assert {later[0] - row[0] for row, later in pairwise(long)} == {345_600_000}
    half_hours = ok(coingecko.answer(ask(path, "2022-01-10T12:07", vs_currency="usd", days="1")))
    assert [row[0] % 1_800_000 for row in half_hours] == [0] * 47
    hours = ok(coingecko.answer(ask(path, at, vs_currency="usd", days="1")))
    assert len(hours) == 23


def test_market_chart(coingecko: CoinGecko, ask: Ask, market_data: Path) -> None:
    body = market_data / "api-bodies" / "coingecko" / "market-chart-bitcoin.200.json"
    real = json.loads(body.read_text())
    path = "/api/v3/coins/ethereum/market_chart"
    chart = ok(coingecko.answer(ask(path, "2025-09-21T23:30", vs_currency="usd", days="2")))
    assert list(chart) == list(real)
    times = [at for at, _ in chart["prices"]]
    assert len(times) == 49
    assert times[-1] == 1_758_497_400_000
    assert times[-2] == 1_758_495_600_000
    assert [at for at, _ in chart["total_volumes"]] == times
    assert all(cap > 1e11 for _, cap in chart["market_caps"])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/v3/simple/price", {"ids": "bitcoin"}, 422),
        ("/api/v3/simple/price", {"vs_currencies": "usd"}, 422),
        ("/api/v3/coins/dai/ohlc", {"vs_currency": "usd", "days": "1"}, 404),
        ("/api/v3/coins/bitcoin/ohlc", {"vs_currency": "usd", "days": "2"}, 422),
        ("/api/v3/coins/bitcoin/ohlc", {"days": "1"}, 422),
        ("/api/v3/coins/bitcoin/market_chart", {"vs_currency": "eur", "days": "1"}, 422),
        ("/api/v3/coins/bitcoin/market_chart", {"vs_currency": "usd", "days": "-1"}, 422),
        ("/api/v3/coins/list", {}, 404),
    ],
)
def test_coingeckos_errors(
    coingecko: CoinGecko, ask: Ask, path: str, query: dict[str, str], status: int
) -> None:
    assert coingecko.answer(ask(path, END, **query)).status == status
