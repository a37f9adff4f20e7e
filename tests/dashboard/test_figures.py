"""What the page reckons itself: the chart's indicators, drawdowns, and buying and holding."""

import math
import re

import numpy as np
import pytest
import talib
from playwright.sync_api import expect

from tests.api.fakes_api import World
from tests.dashboard.opened import Open

CLOSES = [100 + 20 * math.sin(day / 9) + (day * 7919) % 13 for day in range(200)]


def test_indicators_are_those_of_ta_lib(open_page: Open) -> None:
    found = open_page().page.evaluate(
        """async (closes) => {
            const { ema, bollinger, drawdowns } = await import("./indicators.js");
            return { 21: ema(closes, 21), 55: ema(closes, 55), ...bollinger(closes),
                short: ema(closes.slice(0, 20), 21), falls: drawdowns([100, 120, 90, 130, 65]) };
        }""",
        CLOSES,
    )
    closes = np.array(CLOSES)
    upper, _, lower = talib.BBANDS(closes, 20, 2, 2)
    wanted = {"21": talib.EMA(closes, 21), "55": talib.EMA(closes, 55), "upper": upper}
    for name, values in {**wanted, "lower": lower}.items():
        ours = np.array([math.nan if one is None else one for one in found[name]])
        np.testing.assert_allclose(ours, values, rtol=1e-9)
    assert found["short"] == [None] * 20
    assert found["falls"] == pytest.approx([0, 0, 0.25, 0, 0.5])


def test_buying_and_holding_is_the_deposit_split_evenly_on_the_first_day(open_page: Open) -> None:
    points = open_page().page.evaluate(
        """async () => {
            const { curves } = await import("./equity_chart.js");
            const days = [["2025-01-03", "99000"], ["2025-01-02", "101000"],
                ["2025-01-01", "100000"]].map(([day, equity]) => ({ day, equity }));
            const closes = {
                BTC: new Map([["2025-01-01", 50000], ["2025-01-02", 55000]]),
                ETH: new Map([["2025-01-01", 2000], ["2025-01-02", 1800], ["2025-01-03", 2400]]),
            };
            return [curves(days, closes, 0.001, "100000"), curves(days, {}, 0.001, "100000")];
        }"""
    )
    told, without_prices = points
    assert [one["day"] for one in told] == ["2025-01-01", "2025-01-02", "2025-01-03"]
    assert [one["equity"] for one in told] == [100000, 101000, 99000]
    # 0.999 BTC and 24.975 ETH; BTC's third day has not closed, so its second counts
    assert [one["hold"] for one in told] == pytest.approx(
        [99900, 0.999 * 55000 + 24.975 * 1800, 0.999 * 55000 + 24.975 * 2400]
    )
    assert [one["hold"] for one in without_prices] == [None] * 3


def test_the_equity_of_a_month_is_drawn_with_its_drawdown(open_page: Open, world: World) -> None:
    rows = [
        {
            "day": f"2025-10-{day:02}",
            "at": f"2025-10-{day:02}T20:00:00Z",
            "executionId": f"hodl-wave:2025-10-{day:02}T20:00Z",
            "equity": str(100_000 + (day % 7) * 500),
            "cash": "75000",
            "fees": "25.1",
            "realisedPnl": "0",
            "drawdown": "0",
        }
        for day in range(31, 0, -1)
    ]
    world.history.rows["days", "ada"] = rows
    chart = open_page().is_live().part("equity")

    expect(chart.locator("path.own")).to_have_count(1)
    expect(chart.locator("path.hold")).to_have_count(1)
    expect(chart.locator("path.depth")).to_have_count(1)
    expect(chart.locator("svg")).to_have_attribute(
        "aria-label",
        re.compile("Your equity from Oct 1, 2025 to Oct 31, 2025: .*largest drawdown 2.9%"),
    )
