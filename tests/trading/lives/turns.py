"""A whole part of a run within a life, and what its guards promise."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from automoney.market.candles import Mark
from automoney.trading import turn
from automoney.trading.account import Account
from automoney.trading.guards import Guards
from automoney.trading.judgement import Judgement, Signal, View
from automoney.trading.orders import Costs, Decision, Fill, Rule
from automoney.trading.standing import Standing
from automoney.trading.strategies import HODL_WAVE, Strategy
from tests.trading.lives.shadow import LOTS, exact

_RESTED = replace(HODL_WAVE, cooldown=timedelta(hours=8))
_MOST = tuple(Decimal(share) for share in ("1", "0.5", "0.33339999", "0.05"))
_ALLOWED = (None, None, None, frozenset({"BTC"}), frozenset[str]())
_LOSSES = (None, None, Decimal("0.05"), Decimal("0.5"))


def judged(random: Random, marks: Mapping[str, Mark], at: datetime) -> Judgement:
    """A view of each asset, at a price near that of `marks`."""
    views = {}
    for asset, mark in marks.items():
        conviction = Decimal(random.choice((-9000, -3500, 0, 2500, 9900))) / 100
        seen = replace(
            mark, price=mark.price * Decimal(random.choice((50, 99, 100, 103, 200))) / 100
        )
        views[asset] = View(asset, seen, {}, {}, conviction, False)
    return Judgement("run", "hodl-wave", at, views)


def standing(random: Random, account: Account, equity: Decimal, at: datetime) -> Standing:
    """Some follower with this account, who may have lost something today."""
    guards = Guards(random.choice(_MOST), random.choice(_LOSSES), random.choice(_ALLOWED))
    paused = "tired" if random.random() < 0.1 else None
    opened = lowest = None
    if random.random() < 0.5:
        opened = equity * Decimal(random.choice((90, 100, 104, 150))) / 100
        lowest = opened * Decimal(random.choice((60, 97, 100))) / 100
    hours = random.choice((4, 8, 12))
    last = {"BTC": at - timedelta(hours=hours)} if random.random() < 0.3 else None
    return Standing(account, guards, paused, opened, lowest, last)


def take(
    random: Random, account: Account, marks: Mapping[str, Mark], costs: Costs, at: datetime
) -> tuple[Standing, turn.Part]:
    """Take part in a random run, and hold the outcome to what it promises."""
    judgement = judged(random, marks, at)
    seen = {asset: view.mark for asset, view in judgement.views.items()}
    stands = standing(random, account, account.portfolio(seen).equity, at)
    part = turn.take_part(_RESTED, judgement, stands, marks=marks, costs=costs)
    _check_outcomes(part)
    for decision in part.decisions:
        _check_guards(_RESTED, decision, part, stands, at)
    now = account
    for fill in part.fills:
        now = _check_fill(now, fill, stands, marks)
    assert part.after == now
    return stands, part


def _check_outcomes(part: turn.Part) -> None:
    wanted = {one.asset for one in part.decisions if one.signal is not Signal.HOLD}
    filled = [one.asset for one in part.fills]
    refused = [one.asset for one in part.rejections]
    assert sorted(filled + refused) == sorted(wanted), "each wanted trade is filled or refused"
    sides = [one.side for one in part.fills]
    assert sides == sorted(sides, key=lambda side: side is Signal.BUY), "sells come first"


def _check_guards(
    strategy: Strategy, decision: Decision, part: turn.Part, stands: Standing, at: datetime
) -> None:
    guards, buys = stands.guards, decision.signal is Signal.BUY
    if stands.paused is not None:
        assert decision.rule is Rule.PAUSED
        assert decision.signal is Signal.HOLD, "a paused follower trades"
    if buys:
        assert decision.target_weight <= guards.max_position
        assert guards.allowed_assets is None or decision.asset in guards.allowed_assets
        if guards.max_daily_loss is not None and stands.day_opened_with is not None:
            lowest = min(part.before.equity, stands.day_lowest or part.before.equity)
            floor = stands.day_opened_with * (1 - guards.max_daily_loss)
            assert lowest >= floor, "bought after the day's largest loss"
    last = (stands.last_traded or {}).get(decision.asset)
    if last is not None and at - last < strategy.cooldown:
        assert decision.signal is Signal.HOLD or decision.rule is Rule.EXIT


def _check_fill(
    account: Account, fill: Fill, stands: Standing, marks: Mapping[str, Mark]
) -> Account:
    lot, price = exact(LOTS[fill.asset]), marks[fill.asset].price
    held = account.holdings[fill.asset].quantity if fill.asset in account.holdings else Decimal(0)
    assert fill.quantity % lot == 0 or (fill.side is Signal.SELL and fill.quantity == held)
    assert fill.quantity * price >= 10, "smaller than the smallest order"
    after = account.apply(fill)
    if fill.side is Signal.BUY:
        worth = after.portfolio(marks)
        value = next(one.value for one in worth.positions if one.asset == fill.asset)
        assert value <= worth.equity * stands.guards.max_position + exact(2), "over max_position"
    return after
