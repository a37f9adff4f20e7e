"""What one portfolio does about one view.  Pure.

The share of equity that an asset should have grows with conviction, along two ramps with a wide
middle in which nothing is done, so that a view that wavers does not trade.  In shares of
`max_position`, for the default thresholds:

    conviction   up to -60   -20   (middle)   +20   from +60
    at most          0       2/3      -        -       -       more than that is sold
    at least         -        -       -       1/3      1       less than that is filled up

A buy never sells and a sell never buys; for the same portfolio a higher conviction never leads to
a smaller share.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from automoney.trading.judgement import Signal, View
from automoney.trading.orders import Decision
from automoney.trading.portfolio import Portfolio
from automoney.trading.strategies import Strategy

FULL_CONVICTION = Decimal(60)
"""From here on the position is as large as allowed; at its negative there is none left."""

_SHARE = Decimal("0.0001")
_NONE, _ALL = Decimal(0), Decimal(1)

_Step = tuple[Signal, Decimal | None, str]
"""Signal, target (None: stay where it is) and the reason."""


def decide(
    strategy: Strategy, view: View, portfolio: Portfolio, *, max_position: Decimal
) -> Decision:
    """Turn the view of one asset into buy, hold or sell for one portfolio.

    Args:
        strategy: gives the thresholds and the smallest change worth an order.
        view: its conviction is -100..100.
        portfolio: valued at the view's mark.
        max_position: the follower's own largest share of equity in one asset, 0..1.

    Returns:
        Both shares have four decimals.  For HOLD the target is the present share.  A change below
        `rebalance_band` is a HOLD that says so, but for leaving altogether: that is always done,
        or a rest smaller than the band would stay for ever.
    """
    held = portfolio.weight(view.asset)
    weight = _rounded(held)
    if view.conviction >= strategy.buy_above:
        signal, target, reason = _buy(strategy, view.conviction, held, max_position)
    elif view.conviction <= strategy.sell_below:
        signal, target, reason = _sell(strategy, view.conviction, held, max_position)
    else:
        between = f"is between {strategy.sell_below:+} and {strategy.buy_above:+}"
        signal, target, reason = Signal.HOLD, None, f"{between}: hold (now {_percent(held)})"
    reasoning = f"Conviction {view.conviction:+} {reason}."
    if view.degraded:
        reasoning += " The view is degraded: it was made with less than was asked for."
    return Decision(
        asset=view.asset,
        signal=signal,
        conviction=view.conviction,
        weight=weight,
        target_weight=weight if target is None else target,
        reasoning=reasoning,
    )


def _buy(strategy: Strategy, conviction: Decimal, held: Decimal, most: Decimal) -> _Step:
    goal = _rounded(most * min(_ALL, conviction / FULL_CONVICTION))
    reached = f"reaches {strategy.buy_above:+}"
    if goal <= held:
        full = f"{_percent(held)} of equity is held already and {_percent(goal)} would do"
        return Signal.HOLD, None, f"{reached}, but {full}: hold"
    if goal - held < strategy.rebalance_band:
        return Signal.HOLD, None, f"{reached}, but {_too_small(strategy, held, goal)}"
    return Signal.BUY, goal, f"{reached}: buy up to {_percent(goal)} of equity {_now(held)}"


def _sell(strategy: Strategy, conviction: Decimal, held: Decimal, most: Decimal) -> _Step:
    goal = _rounded(most * max(_NONE, _ALL + conviction / FULL_CONVICTION))
    reached = f"is down to {strategy.sell_below:+} or below"
    if not held:
        return Signal.HOLD, None, f"{reached}, and nothing is held: stay out"
    if not goal:
        return Signal.SELL, goal, f"{reached}: sell all of it {_now(held)}"
    if goal >= held:
        allowed = f"up to {_percent(goal)} of equity may stay {_now(held)}"
        return Signal.HOLD, None, f"{reached}, but {allowed}: hold"
    if held - goal < strategy.rebalance_band:
        return Signal.HOLD, None, f"{reached}, but {_too_small(strategy, held, goal)}"
    return Signal.SELL, goal, f"{reached}: sell down to {_percent(goal)} of equity {_now(held)}"


def _rounded(share: Decimal) -> Decimal:
    return share.quantize(_SHARE, ROUND_HALF_EVEN)


def _percent(share: Decimal) -> str:
    return f"{share * 100:.1f} %"


def _now(held: Decimal) -> str:
    return f"(now {_percent(held)})"


def _too_small(strategy: Strategy, held: Decimal, goal: Decimal) -> str:
    change = f"{_percent(held)} of equity to {_percent(goal)}"
    return f"from {change} is less than {_percent(strategy.rebalance_band)}, too small: hold"
