"""What one portfolio does about one view.  Pure.

The share of equity that an asset should have grows with conviction, along two ramps with a wide
middle in which nothing is done, so that a view that wavers does not trade.  In shares of
`max_position`, for the default thresholds:

    conviction   up to -60   -20   (middle)   +20   from +60
    at most          0       2/3      -        -       -       more than that is sold
    at least         -        -       -       1/3      1       less than that is filled up

A buy never sells and a sell never buys; for the same portfolio a higher conviction never leads to
a smaller share.  The rules are asked in this order, and the first that answers is the decision's:

    rule          conviction   asks                                              answer
    paused        any          has he paused, or left?                           hold
    between       middle       -                                                 hold
    full          buy          is as much held as the ramp asks for?             hold
    out           sell         is nothing held?                                  hold
    exit          sell         is the ramp at 0?                                 SELL all
    light         sell         is no more held than the ramp allows?             hold
    band          both         is the change smaller than `rebalance_band`?      hold
    not_allowed   buy          is the asset none of his `allowed_assets`?        hold
    daily_loss    buy          has the day lost more than `max_daily_loss`?      hold
    cooldown      both         was the asset traded less than `cooldown` ago?    hold
    buy, sell     both         -                                                 BUY, SELL

So a guard is named only where it kept something from being done.  Neither the band nor the
cool-down holds up an exit: a rest smaller than the band would stay for ever, and a cool-down is
there to save costs, which are never worth staying in what one is fully convinced to leave.
"""

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from automoney.trading.judgement import Signal, View
from automoney.trading.orders import Decision, Rule
from automoney.trading.portfolio import Portfolio
from automoney.trading.standing import Standing
from automoney.trading.strategies import Strategy
from automoney.trading.vetoes import veto

_SHARE = Decimal("0.0001")
_NONE, _ALL = Decimal(0), Decimal(1)

_Step = tuple[Rule, Signal, Decimal | None, str]
"""Rule, signal, target (None: stay where it is) and the reason."""


def decide(
    strategy: Strategy, view: View, portfolio: Portfolio, standing: Standing, *, at: datetime
) -> Decision:
    """Turn the view of one asset into buy, hold or sell for one portfolio.

    Args:
        strategy: gives the thresholds, the smallest change worth an order and the cool-down.
        view: its conviction is -100..100.
        portfolio: valued at the view's mark.
        standing: the follower's guards, and how his day went.
        at: the slot.

    Returns:
        Both shares have four decimals.  For HOLD the target is the present share.
    """
    held = portfolio.weight(view.asset)
    rule, signal, target, reason = _wanted(strategy, view.conviction, held, standing)
    reasoning = f"Conviction {view.conviction:+} {reason}."
    if view.degraded:
        reasoning += " The view is degraded: it was made with less than was asked for."
    weight = _rounded(held)
    wanted = Decision(
        asset=view.asset,
        signal=signal,
        conviction=view.conviction,
        weight=weight,
        target_weight=weight if target is None else target,
        reasoning=reasoning,
        rule=rule,
    )
    if signal is Signal.HOLD:
        return wanted
    vetoed = veto(strategy, wanted, portfolio.equity, standing, at=at)
    if vetoed is None:
        return wanted
    rule, reason = vetoed
    return replace(
        wanted,
        signal=Signal.HOLD,
        target_weight=weight,
        reasoning=f"{reasoning} But {reason}: hold {_now(held)}.",
        rule=rule,
    )


def _wanted(strategy: Strategy, conviction: Decimal, held: Decimal, standing: Standing) -> _Step:
    """What the view asks for by itself."""
    most = standing.guards.max_position
    if standing.paused is not None:
        reason = f"is left alone, since this is paused ({standing.paused}): hold {_now(held)}"
        return Rule.PAUSED, Signal.HOLD, None, reason
    if conviction >= strategy.buy_above:
        return _buy(strategy, conviction, held, most)
    if conviction <= strategy.sell_below:
        return _sell(strategy, conviction, held, most)
    between = f"is between {strategy.sell_below:+} and {strategy.buy_above:+}"
    return Rule.BETWEEN, Signal.HOLD, None, f"{between}: hold {_now(held)}"


def _buy(strategy: Strategy, conviction: Decimal, held: Decimal, most: Decimal) -> _Step:
    goal = _goal(most * min(_ALL, conviction / strategy.full_conviction))
    reached = f"reaches {strategy.buy_above:+}"
    if goal <= held:
        full = f"{_percent(held)} of equity is held already and {_percent(goal)} would do"
        return Rule.FULL, Signal.HOLD, None, f"{reached}, but {full}: hold"
    if goal - held < strategy.rebalance_band:
        return Rule.BAND, Signal.HOLD, None, f"{reached}, but {_too_small(strategy, held, goal)}"
    reason = f"{reached}: buy up to {_percent(goal)} of equity {_now(held)}"
    return Rule.BUY, Signal.BUY, goal, reason


def _sell(strategy: Strategy, conviction: Decimal, held: Decimal, most: Decimal) -> _Step:
    goal = _goal(most * max(_NONE, _ALL + conviction / strategy.full_conviction))
    reached = f"is down to {strategy.sell_below:+} or below"
    if not held:
        return Rule.OUT, Signal.HOLD, None, f"{reached}, and nothing is held: stay out"
    if not goal:
        return Rule.EXIT, Signal.SELL, goal, f"{reached}: sell all of it {_now(held)}"
    if goal >= held:
        allowed = f"up to {_percent(goal)} of equity may stay {_now(held)}"
        return Rule.LIGHT, Signal.HOLD, None, f"{reached}, but {allowed}: hold"
    if held - goal < strategy.rebalance_band:
        return Rule.BAND, Signal.HOLD, None, f"{reached}, but {_too_small(strategy, held, goal)}"
    reason = f"{reached}: sell down to {_percent(goal)} of equity {_now(held)}"
    return Rule.SELL, Signal.SELL, goal, reason


def _goal(share: Decimal) -> Decimal:
    return share.quantize(_SHARE, ROUND_DOWN)  # rounded up it could be above what he allows


def _rounded(share: Decimal) -> Decimal:
    return share.quantize(_SHARE, ROUND_HALF_EVEN)


def _percent(share: Decimal) -> str:
    return f"{share * 100:.1f} %"


def _now(held: Decimal) -> str:
    return f"(now {_percent(held)})"


def _too_small(strategy: Strategy, held: Decimal, goal: Decimal) -> str:
    change = f"{_percent(held)} of equity to {_percent(goal)}"
    return f"from {change} is less than {_percent(strategy.rebalance_band)}, too small: hold"
