"""One follower's part: decided at the judgement's marks, filled later, sold before bought."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from automoney.errors import DataMissing
from automoney.market.candles import Mark
from automoney.trading.account import Account
from automoney.trading.bookkeeping import Holding
from automoney.trading.guards import Guards
from automoney.trading.judgement import Judgement, Signal
from automoney.trading.orders import Costs, Refused
from automoney.trading.strategies import HODL_WAVE
from automoney.trading.turn import Part, Standing, take_part
from tests.trading.builders import NOON, mark, standing, view

FILLED_AT = {"BTC": mark("BTC", "45100"), "ETH": mark("ETH", "4010")}
MONEY = Decimal(100_000)


def judged(**convictions: str) -> Judgement:
    prices = {"BTC": "45000", "ETH": "4000"}
    views = {
        asset: replace(view(conviction, asset), mark=mark(asset, prices[asset]))
        for asset, conviction in convictions.items()
    }
    return Judgement("run", "hodl-wave", NOON, views)


def taken(judgement: Judgement, stands: Standing, marks: Mapping[str, Mark] = FILLED_AT) -> Part:
    return take_part(HODL_WAVE, judgement, stands, marks=marks, costs=Costs())


def owning(cash: str, **units: str) -> Account:
    holdings = {one: Holding(one, Decimal(many), Decimal(1)) for one, many in units.items()}
    return Account(Decimal(cash), MONEY, Decimal(0), holdings)


def test_what_is_sold_pays_for_what_is_bought() -> None:
    part = taken(judged(BTC="60", ETH="-60"), standing(account=owning("5", ETH="10")))

    assert [(one.asset, one.side) for one in part.fills] == [
        ("ETH", Signal.SELL),
        ("BTC", Signal.BUY),
    ]
    assert [one.asset for one in part.decisions] == ["BTC", "ETH"]
    assert part.rejections == []
    assert part.after.held == {"BTC"}
    assert part.after.fees == sum(one.fee for one in part.fills)


def test_before_is_valued_at_the_judgements_marks_and_after_at_the_fills() -> None:
    part = taken(judged(BTC="0"), standing(account=owning("10000", BTC="1")))

    assert part.before.equity == 55_000
    assert part.portfolio.equity == 55_100
    assert (part.fills, part.after) == ([], owning("10000", BTC="1"))


def test_a_decision_that_cannot_be_ordered_leaves_a_rejection_and_no_fill() -> None:
    part = taken(judged(BTC="60"), standing(account=owning("12")))

    [refused] = part.rejections
    assert (refused.asset, refused.side, refused.reason) == ("BTC", Signal.BUY, Refused.MINIMUM)
    assert part.fills == []


def test_the_second_of_two_buys_gets_what_the_first_one_left() -> None:
    """Nine tenths of the money go into bitcoin, as much into ether would be wanted."""
    part = taken(judged(BTC="60", ETH="60"), standing(Decimal("0.9"), account=owning("100000")))

    first, second = part.fills
    assert first.asset == "BTC"
    assert first.notional > 85_000
    assert second.notional + second.fee <= 100_000 - first.notional - first.fee
    assert 0 <= part.after.cash < 5


def test_a_follower_pays_his_own_costs() -> None:
    own = Guards(Decimal("0.5"), costs=Costs(Decimal("0.01"), Decimal(0)))
    part = taken(judged(BTC="60"), Standing(owning("100000"), own))

    [fill] = part.fills
    assert fill.price == fill.mark_price
    assert fill.fee == (fill.notional / 100).quantize(Decimal("0.00000001"))


def test_what_is_held_beside_is_valued_and_left_alone() -> None:
    account = owning("50000", ETH="10")
    part = taken(judged(BTC="60"), standing(account=account))

    assert part.before.equity == 50_000 + 40_100
    assert part.after.holdings["ETH"] == account.holdings["ETH"]
    with pytest.raises(DataMissing, match="ETH is held, but has no price"):
        taken(judged(BTC="60"), standing(account=account), {"BTC": FILLED_AT["BTC"]})


def test_who_has_paused_keeps_what_he_has() -> None:
    account = owning("50000", BTC="1")
    part = taken(judged(BTC="-100", ETH="100"), standing(account=account, paused="holidays"))

    assert {one.rule for one in part.decisions} == {"paused"}
    assert (part.after, part.fills, part.rejections) == (account, [], [])
