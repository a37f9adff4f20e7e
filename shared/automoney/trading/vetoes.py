"""What keeps a wanted trade from being done: guards and the cool-down.  Pure."""

from datetime import datetime
from decimal import Decimal

from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision, Rule
from automoney.trading.standing import Standing
from automoney.trading.strategies import Strategy

Veto = tuple[Rule, str]
"""The rule and its reason in words."""


def veto(
    strategy: Strategy, wanted: Decision, equity: Decimal, standing: Standing, *, at: datetime
) -> Veto | None:
    """What forbids the wanted trade at the slot `at`, if anything does.

    `equity` is the follower's at the judgement's marks (quote currency).
    """
    if wanted.signal is Signal.HOLD:
        return None
    if wanted.signal is Signal.BUY:
        forbidden = _not_allowed(wanted, standing) or _daily_loss(strategy, equity, standing)
        if forbidden:
            return forbidden
    return None if wanted.rule is Rule.EXIT else _cooldown(strategy, wanted, standing, at)


def _not_allowed(wanted: Decision, standing: Standing) -> Veto | None:
    allowed = standing.guards.allowed_assets
    if allowed is None or wanted.asset in allowed:
        return None
    among = f"only {', '.join(sorted(allowed))}" if allowed else "nothing"
    return Rule.NOT_ALLOWED, f"{wanted.asset} may be sold but not bought, {among} may"


def _daily_loss(strategy: Strategy, equity: Decimal, standing: Standing) -> Veto | None:
    """The kill switch: once it has fallen it stays so until midnight, whatever comes back."""
    limit, opened = standing.guards.max_daily_loss, standing.day_opened_with
    if limit is None:
        limit = strategy.max_daily_loss
    if limit is None or opened is None:
        return None
    lowest = equity if standing.day_lowest is None else min(equity, standing.day_lowest)
    if lowest >= opened * (1 - limit):
        return None
    lost = f"was down by {(1 - lowest / opened) * 100:.1f} % of the {opened:,.2f} it opened with"
    allowed = f"more than the {limit * 100:.1f} % allowed"
    return Rule.DAILY_LOSS, f"the day {lost}, {allowed}, so nothing is bought before midnight UTC"


def _cooldown(
    strategy: Strategy, wanted: Decision, standing: Standing, at: datetime
) -> Veto | None:
    last = (standing.last_traded or {}).get(wanted.asset)
    if last is None or at - last >= strategy.cooldown:
        return None
    traded = f"{wanted.asset} was traded at {last:%Y-%m-%d %H:%M} UTC"
    return Rule.COOLDOWN, f"{traded}, less than {strategy.cooldown} ago"
