"""A recording behind the ports: what the live path's own code makes of it, only sooner."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from automoney.errors import DataMissing, SourceUnavailable
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.cleaning import fill_forward, fill_series, flag_jumps
from automoney.market.readings import Filled
from automoney.market.series import SERIES
from automoney.stores.memory.cache import MemoryCache
from automoney.workflows.snapshots import Market
from infra.local.backtest.candle_history import RecordedCandles, price
from infra.local.backtest.market import SOURCE, RecordedMarket
from infra.local.backtest.sliding import SlidingFill
from infra.local.world.clock import micros, moment
from infra.local.world.recording import Recording

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OUTAGE = datetime(2018, 2, 8, tzinfo=UTC)  # hours are missing from 01:00 to 10:00 of the next day
CRASH = datetime(2020, 3, 12, tzinfo=UTC)


def test_gaps_are_filled_and_jumps_are_flagged_as_the_collector_does(
    recording: Recording, market: RecordedMarket
) -> None:
    for asset, ladder in recording.ladders.items():
        for timeframe in (Timeframe.H1, Timeframe.H4):
            bars = ladder.bars[timeframe]
            real = [
                Candle(
                    asset,
                    timeframe,
                    moment(bars.opens[index]),
                    price(bars.open[index]),
                    price(bars.high[index]),
                    price(bars.low[index]),
                    price(bars.close[index]),
                    price(bars.volume[index]),
                    SOURCE,
                )
                for index in range(4000, 6000)
            ]
            flagged = flag_jumps(fill_forward(real, until=real[-1].close_time), None)

            stored = market.stored[asset, timeframe]
            first = stored.columns.opened_before(micros(real[0].open_time))
            ours = stored[first : first + len(flagged)]

            assert list(ours)[1:] == list(flagged)[1:]  # the first has none before it here
            assert any(bar.filled is Filled.FORWARD for bar in ours), "no gap in the sample"


def test_a_filled_bar_is_known_once_the_next_real_one_has_closed(market: RecordedMarket) -> None:
    hours = market.candles

    def newest(at: datetime) -> Candle:
        return hours.closed("BTC", Timeframe.H1, since=at - 3 * DAY, by=at)[-1]

    assert newest(OUTAGE + 20 * HOUR).open_time == OUTAGE
    back = OUTAGE + 34 * HOUR  # the hour that begins then is the first after the outage
    assert newest(back).open_time == OUTAGE
    after = hours.closed("BTC", Timeframe.H1, since=OUTAGE, by=back + HOUR)
    assert [bar.filled for bar in after] == [None, *[Filled.FORWARD] * 33, None]


@pytest.mark.parametrize(
    ("as_of", "price_of", "at"),
    [
        pytest.param(CRASH, "7934.52", CRASH - HOUR / 3_600_000, id="the close of the hour"),
        pytest.param(CRASH + HOUR / 6, "7934.58", CRASH, id="the open of the hour under way"),
        pytest.param(
            OUTAGE + 20 * HOUR, "7784.02", OUTAGE + HOUR - HOUR / 3_600_000, id="before an outage"
        ),
    ],
)
def test_the_mark_is_the_newest_strictly_before(
    market: RecordedMarket, as_of: datetime, price_of: str, at: datetime
) -> None:
    assert market.marks.mark("BTC", as_of=as_of) == Mark("BTC", Decimal(price_of), at, SOURCE)


def test_a_fill_is_the_first_trade_at_or_after(market: RecordedMarket) -> None:
    assert market.trades.now("BTC", CRASH) == Mark("BTC", Decimal("7934.58"), CRASH, SOURCE)
    assert market.trades.now("BTC", CRASH + HOUR / 2).at == CRASH + HOUR
    assert market.trades.now("BTC", OUTAGE + 2 * HOUR).at == OUTAGE + 34 * HOUR
    with pytest.raises(SourceUnavailable):
        market.trades.now("BTC", market.ends)


def test_sliding_fills_what_the_whole_rule_fills(market: RecordedMarket) -> None:
    dice = random.Random(7)
    fill = SlidingFill.over(market.readings)
    names = {
        (None): ("m2", "cpi", "us10y", "fed_funds", "dollar_index", "fear_greed"),
        "BTC": ("nvt", "mvrv", "exchange_netflow", "active_addresses"),
        "ETH": ("mvrv",),
    }
    for _ in range(60):
        as_of = (
            datetime(2018, 2, 1, tzinfo=UTC)
            + dice.randrange(2700) * DAY
            + dice.randrange(24) * HOUR
        )
        for asset, series in names.items():
            known = market.readings.history(
                series, asset, since=as_of - dice.randrange(30, 400) * DAY, as_of=as_of
            )
            for name, readings in known.items():
                slid = fill(SERIES[name], readings, as_of=as_of)
                assert slid == fill_series(SERIES[name], readings, as_of=as_of), (name, as_of)


def test_snapshots_are_those_that_the_stores_give(market: RecordedMarket) -> None:
    """In order, going back, inside outages and within the days that have five-minute bars."""
    dice = random.Random(3)
    begin = datetime(2018, 2, 1, tzinfo=UTC)
    moments = sorted(begin + dice.randrange(2700 * 24 * 6) * HOUR / 6 for _ in range(25))
    moments += [OUTAGE + hour * HOUR for hour in range(0, 40, 7)]
    moments += [datetime(2022, 2, 1, tzinfo=UTC) + ten * HOUR / 6 for ten in range(0, 40, 3)]
    quick = market.market()
    stored = Market.stored(market.candles, market.marks, market.readings, MemoryCache())
    frames = (Timeframe.W1, Timeframe.D1, Timeframe.H4, Timeframe.H1)

    def told(reads: Market, at: datetime) -> object:
        try:
            return reads.snapshots(("BTC", "ETH"), frames, at)
        except DataMissing as error:
            return str(error)

    found = [told(quick, at) for at in moments]
    assert found == [told(stored, at) for at in moments]
    assert sum(not isinstance(one, str) for one in found) > 10, "hardly any moment had fresh prices"


def test_bars_without_gaps_stay_as_they_are(recording: Recording) -> None:
    days = recording.ladders["ETH"].bars[Timeframe.D1]

    stored = RecordedCandles("ETH", Timeframe.D1, days, SOURCE)

    assert stored.columns is days
    assert len(stored) == len(days)
    assert stored[-1].open_time == datetime(2025, 9, 21, tzinfo=UTC)
