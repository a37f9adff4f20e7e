"""The last price known, from whatever is kept: marks for days, hours for months, days for ever."""

from datetime import timedelta
from decimal import Decimal

import pytest

from automoney.market.candles import Candle, Mark, Timeframe
from automoney.workflows.pricing import Pricing
from tests.api.fakes_api import FakeCandles, FakeMarks
from tests.builders import NOON, candle, mark

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hour(closes: str, at_close: timedelta) -> Candle:
    return candle(NOON + at_close - HOUR, closes, timeframe=Timeframe.H1)


def day(closes: str, at_close: timedelta) -> Candle:
    return candle(NOON + at_close - DAY, closes)


@pytest.mark.parametrize(
    ("marks", "bars", "price", "at"),
    [
        pytest.param([("10", -HOUR)], [hour("20", 0 * HOUR)], "10", -HOUR, id="a recent mark"),
        pytest.param(
            [("10", 0 * HOUR)], [hour("20", -HOUR)], "20", -HOUR, id="not one at or after"
        ),
        pytest.param([("10", -2 * DAY)], [day("20", -DAY)], "20", -DAY, id="a newer close"),
        pytest.param([("10", -2 * DAY)], [day("20", -3 * DAY)], "10", -2 * DAY, id="an older one"),
        pytest.param([], [hour("20", -HOUR), day("30", 0 * DAY)], "20", -HOUR, id="finer first"),
        pytest.param([], [hour("20", -9 * DAY), day("30", -8 * DAY)], "30", -8 * DAY, id="days"),
        pytest.param([], [day("30", -900 * DAY)], "30", -900 * DAY, id="however old"),
        pytest.param([], [hour("20", HOUR), day("30", -DAY)], "30", -DAY, id="an open bar is none"),
    ],
)
def test_the_newest_price_before_the_moment_is_known_with_its_age(
    marks: list[tuple[str, timedelta]], bars: list[Candle], price: str, at: timedelta
) -> None:
    kept = [mark(price=one, at=NOON + then) for one, then in marks]
    pricing = Pricing(FakeCandles(bars), FakeMarks(kept))

    known = pricing.known(["BTC"], as_of=NOON)

    assert known == {"BTC": Mark("BTC", Decimal(price), NOON + at, "binance")}


def test_what_never_had_a_price_is_absent() -> None:
    pricing = Pricing(FakeCandles(), FakeMarks([mark(at=NOON - HOUR)]))

    assert list(pricing.known({"ETH", "BTC"}, as_of=NOON)) == ["BTC"]
