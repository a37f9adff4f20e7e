"""No answer of any API depends on what is not known yet: the future is changed, the answers not."""

from array import array
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.market.candles import Timeframe
from infra.local.world.bars import DURATIONS, Bar, Bars
from infra.local.world.clock import DAY, HOUR, MINUTE, Micros
from infra.local.world.ladder import Ladder
from infra.local.world.recording import GLASSNODE_COLUMNS, ONCHAIN_COLUMNS, Recording
from infra.local.world.tables import Table, after_publication, at_day_end, at_day_start
from infra.local.world.wire.alternative_me import AlternativeMe
from infra.local.world.wire.binance import Binance
from infra.local.world.wire.coingecko import CoinGecko
from infra.local.world.wire.coinmetrics import CoinMetrics
from infra.local.world.wire.exchange import Request
from infra.local.world.wire.fred import Fred, FredCsv
from infra.local.world.wire.glassnode import Glassnode

START = 20_346 * DAY  # Monday 2025-09-15
DAYS = 4
FAR = "4102444800000"  # the year 2100 in milliseconds

QUESTIONS = (
    *((Binance, "/api/v3/klines", {"symbol": "BTCUSDT", "interval": frame}) for frame in Timeframe),
    *(
        (Binance, "/api/v3/klines", {"symbol": "BTCUSDT", "interval": frame, "startTime": "0"})
        for frame in Timeframe
    ),
    (Binance, "/api/v3/klines", {"symbol": "BTCUSDT", "interval": "1h", "endTime": FAR}),
    (Binance, "/api/v3/ticker/24hr", {"symbol": "BTCUSDT"}),
    (Binance, "/api/v3/ticker/price", {}),
    (Binance, "/api/v3/aggTrades", {"symbol": "BTCUSDT", "startTime": "0", "endTime": FAR}),
    (Binance, "/api/v3/aggTrades", {"symbol": "BTCUSDT", "fromId": "30"}),
    (
        CoinGecko,
        "/api/v3/simple/price",
        {
            "ids": "bitcoin",
            "vs_currencies": "usd",
            "include_market_cap": "true",
            "include_24hr_vol": "true",
        },
    ),
    *(
        (CoinGecko, "/api/v3/coins/bitcoin/ohlc", {"vs_currency": "usd", "days": days})
        for days in ("1", "7", "max")
    ),
    (CoinGecko, "/api/v3/coins/bitcoin/market_chart", {"vs_currency": "usd", "days": "3"}),
    (Glassnode, "/v1/metrics/market/mvrv_z_score", {"a": "BTC", "u": "4102444800"}),
    (
        CoinMetrics,
        "/v4/timeseries/asset-metrics",
        {"assets": "btc", "metrics": "PriceUSD,HashRate", "end_time": "2100-01-01"},
    ),
    *(
        (
            Fred,
            "/fred/series/observations",
            {"series_id": name, "api_key": "0" * 32, "file_type": "json", **more},
        )
        for name in ("DFF", "CPIAUCSL")
        for more in ({}, {"realtime_end": "9999-12-31", "sort_order": "desc"})
    ),
    (FredCsv, "/graph/fredgraph.csv", {"id": "DFF,CPIAUCSL", "coed": "2100-01-01"}),
    (AlternativeMe, "/fng/", {"limit": "0"}),
)


def _table(table: Table, now: Micros, change: str) -> Table:
    columns: Mapping[str, list[str]] = {
        name: [
            value if known <= now else value + change
            for value, known in zip(values, table.known_at, strict=True)
        ]
        for name, values in table.columns.items()
    }
    return Table(table.periods, table.known_at, columns)


def _bar(opened: Micros, duration: Micros, now: Micros, change: int) -> Bar:
    """A bar around 1000, of which what is not known at `now` depends on `change`."""
    number = opened // (5 * MINUTE) % 97
    more = 0 if opened + duration <= now else change
    on_tape = duration == 5 * MINUTE or (duration == HOUR and opened < START + 2 * DAY)
    start = 1000 + number + (0 if opened < now and on_tape else more)
    low, high = 800 + more, 1200 + number + 3 * more
    return Bar(opened, opened + duration, start, high, low, 1001 + number + more, 5 + more)


def _world(now: Micros, change: int) -> Recording:
    """Four days: two by the hour, then in steps of five minutes; the future differs by `change`."""
    end = START + DAYS * DAY

    def bars(first: Micros, frame: Timeframe) -> Bars:
        step = DURATIONS[frame]
        return Bars.of(_bar(at, step, now, change) for at in range(first, end, step))

    ladder = Ladder.of(
        "BTC",
        {
            Timeframe.M5: bars(START + 2 * DAY, Timeframe.M5),
            Timeframe.H1: bars(START, Timeframe.H1),
            Timeframe.D1: bars(START, Timeframe.D1),
        },
    )
    days = array("q", range(START, end, DAY))
    digits = [str(at // DAY) for at in days]
    months = [START - 45 * DAY - 31 * DAY, START - 45 * DAY, START - 14 * DAY]
    extra = str(change) if change else ""

    def known(table: Table) -> Table:
        return _table(table, now, extra)

    return Recording(
        "recorded",
        {"BTC": ladder},
        onchain={"BTC": known(at_day_end(days, dict.fromkeys(ONCHAIN_COLUMNS, digits)))},
        glassnode={"BTC": known(at_day_end(days, dict.fromkeys(GLASSNODE_COLUMNS, digits)))},
        macro={
            "DFF": known(after_publication("DFF", days, {"value": digits})),
            "CPIAUCSL": known(after_publication("CPIAUCSL", months, {"value": ["1", "2", "3"]})),
        },
        sentiment=known(at_day_start(days, {"value": digits, "classification": digits})),
    )


@settings(max_examples=20, deadline=None)
@given(
    st.one_of(
        st.integers(1, DAYS * DAY - 1),
        st.integers(0, DAYS * 288 - 1).map(lambda it: it * 5 * MINUTE),
        st.integers(0, DAYS * 24 - 1).map(lambda it: it * HOUR + 1),
    )
)
def test_no_answer_depends_on_the_future(offset: Micros) -> None:
    now = START + offset
    one, other = _world(now, 0), _world(now, 7)
    assert offset > (DAYS - 1) * DAY + 23 * HOUR or one.ladders != other.ladders
    for api, path, query in QUESTIONS:
        request = Request(path, query, "key", now)
        assert api(one).answer(request) == api(other).answer(request), (path, query)


def test_the_future_is_there_to_be_seen_later() -> None:
    """Or else the test above could not fail."""
    now, later = START + 2 * DAY + HOUR, START + 40 * DAY
    one, other = _world(now, 0), _world(now, 7)
    same = {
        f"{path} {query}"
        for api, path, query in QUESTIONS
        if api(one).answer(Request(path, query, "key", later))
        == api(other).answer(Request(path, query, "key", later))
    }
    # the trade asked for by number and the newest 5-minute candles are not all of the answers
    assert {question.split()[0] for question in same} <= {"/api/v3/coins/bitcoin/ohlc"}
