"""Decisions, orders and fills: the values that pass from deciding to trading.  Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from automoney.quickly import quickly_made
from automoney.trading.judgement import Signal


class Rule(StrEnum):
    """The rule that fired: why a decision is what it is."""

    BUY = "buy"  # conviction reaches `buy_above`: fill up to the ramp
    SELL = "sell"  # conviction is down to `sell_below`: sell down to the ramp
    EXIT = "exit"  # the same, and the ramp is at 0: sell all
    BETWEEN = "between"  # conviction is between the thresholds: hold
    FULL = "full"  # a buy, but as much or more is held already
    LIGHT = "light"  # a sell, but as little or less is held already
    OUT = "out"  # a sell, and nothing is held
    BAND = "band"  # the change is smaller than the rebalance band
    COOLDOWN = "cooldown"  # traded too short a time ago
    DAILY_LOSS = "daily_loss"  # a buy, but the day has lost too much: the kill switch
    NOT_ALLOWED = "not_allowed"  # a buy of an asset that the follower does not allow
    PAUSED = "paused"  # the follower has paused, or left


@quickly_made
@dataclass(frozen=True, slots=True)
class Decision:
    """What one portfolio does about one view.

    `target_weight` is the share of equity to hold in the asset afterwards (0..1), `weight` the
    share held before; both of the equity at the mark.  `rule` is why, `reasoning` says it in words.
    """

    asset: str
    signal: Signal
    conviction: Decimal
    weight: Decimal
    target_weight: Decimal
    reasoning: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Order:
    """Buy or sell `quantity` (base units, already rounded to the lot) at the market."""

    asset: str
    side: Signal  # BUY or SELL
    quantity: Decimal


class Refused(StrEnum):
    """Why a decision to trade led to no order."""

    FUNDS = "funds"  # the cash there is does not pay for the smallest order
    MINIMUM = "minimum"  # worth less than the smallest order
    LOT = "lot"  # not one lot fits in


@dataclass(frozen=True, slots=True)
class Rejection:
    """A BUY or SELL that could not be ordered; `detail` says it in words with the figures."""

    asset: str
    side: Signal
    reason: Refused
    detail: str


@dataclass(frozen=True, slots=True)
class Fill:
    """An order met in whole: `price` is `mark_price` moved against the trader by slippage.

    `notional = quantity * price` and `fee` are in quote currency, both rounded to 8 decimals.
    `at` is when the mark traded: the first price after the slot.
    """

    asset: str
    side: Signal
    quantity: Decimal
    price: Decimal
    mark_price: Decimal
    notional: Decimal
    fee: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs, as shares of the notional: 0.001 is ten basis points."""

    fee: Decimal = Decimal("0.001")
    slippage: Decimal = Decimal("0.0005")
