"""Doing without a strategy, reckoned from the recorded prices by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from automoney.trading.orders import Costs
from automoney.trading.strategies import HODL_WAVE
from infra.local.backtest.equity import Closes, daily, midnights
from infra.local.backtest.holding import Holding
from infra.local.backtest.market import RecordedMarket

BEGIN, END = datetime(2020, 1, 6, tzinfo=UTC), datetime(2020, 2, 10, tzinfo=UTC)
MONEY = Decimal(100_000)
COSTS = Costs(fee=Decimal("0.001"), slippage=Decimal("0.0005"))
# The opens of the hours that begin then, as in the files.
OPENS = {"BTC": Decimal("7357.64"), "ETH": Decimal("135.37")}
PAID = 1 + Decimal("0.0005")


def holding(market: RecordedMarket) -> Holding:
    return Holding(HODL_WAVE, ("BTC", "ETH"), MONEY, COSTS, market.trades)


def test_buy_and_hold_puts_half_of_the_money_into_each_at_the_first_price(
    market: RecordedMarket,
) -> None:
    course = holding(market).buy_and_hold(BEGIN)

    assert {fill.asset: fill.mark_price for fill in course.fills} == OPENS
    assert len(course.decided) == 2
    account = course.accounts[-1]
    for asset, price in OPENS.items():
        paid = price * PAID * (1 + COSTS.fee)
        share = account.holdings[asset].quantity / (MONEY / 2 / paid)
        assert abs(share - 1) < Decimal("0.002")  # halves of the equity that costs leave, in lots
    assert 0 <= account.cash < Decimal("120")
    assert account.fees == sum(fill.fee for fill in course.fills)


def test_dca_spends_the_same_every_week(market: RecordedMarket) -> None:
    course = holding(market).dca(BEGIN, END)

    weeks = sorted({fill.at for fill in course.fills})
    assert weeks == [BEGIN + week * timedelta(weeks=1) for week in range(5)]
    spent = [
        sum(fill.notional + fill.fee for fill in course.fills if fill.at == week) for week in weeks
    ]
    assert all(abs(one - MONEY / 5) < Decimal(50) for one in spent), spent
    assert course.accounts[-1].cash < Decimal(100)


def test_equity_by_day_is_cash_and_holdings_at_the_price_before_midnight(
    market: RecordedMarket,
) -> None:
    course = holding(market).buy_and_hold(BEGIN)

    days = daily(course, Closes(market.trades.tapes), midnights(BEGIN, END))

    assert days[0].equity == float(MONEY)
    assert days[0].invested == 0
    account = course.accounts[-1]
    marks = market.marks.marks(("BTC", "ETH"), as_of=END)
    assert abs(days[-1].equity - float(account.portfolio(marks).equity)) < 1e-6
    assert [day.at for day in days] == midnights(BEGIN, END)
