"""Decisions, orders and fills: the values that pass from deciding to trading.  Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automoney.trading.judgement import Signal


@dataclass(frozen=True, slots=True)
class Decision:
    """What one portfolio does about one view.

    `target_weight` is the share of equity to hold in the asset afterwards (0..1), `weight` the
    share held before; both of the equity at the mark.
    """

    asset: str
    signal: Signal
    conviction: Decimal
    weight: Decimal
    target_weight: Decimal
    reasoning: str


@dataclass(frozen=True, slots=True)
class Order:
    """Buy or sell `quantity` (base units, already rounded to the lot) at the market."""

    asset: str
    side: Signal  # BUY or SELL
    quantity: Decimal


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
