"""One thing that an answer may say: a value with where it is from, and how it is written.  Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from automoney.encoding import decimal_text, plain


class Kind(StrEnum):
    """What a citation is of; `id` names an execution for the first three, else what it says."""

    SCORE = "score"
    DECISION = "decision"
    TRADE = "trade"
    PRICE = "price"
    PORTFOLIO = "portfolio"
    READING = "reading"
    STRATEGY = "strategy"  # its rules, times and costs; id is the strategy's


class Unit(StrEnum):
    """How a value is written for people."""

    MONEY = "money"  # USDT
    QUANTITY = "quantity"  # coins
    SHARE = "share"  # 0.147 is 14.7 %
    POINTS = "points"  # of a score, signed
    NUMBER = "number"
    TIME = "time"
    AGE = "age"  # hours
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Fact:
    """`what` says in English words of ours what it is; `name` is short and stays the same.

    `value` is exact: numbers as Decimal, in the unit's own measure.  `at` is when it held.
    `outside` marks words that are not ours: no number in them counts as known.
    """

    kind: Kind
    name: str
    what: str
    value: Decimal | datetime | str
    unit: Unit
    at: datetime | None = None
    id: str | None = None
    asset: str | None = None
    outside: bool = False

    @property
    def text(self) -> str:
        """As it is written in an answer: `1,234.50`, `14.7 %`, `+12.50`, `2025-11-05 12:00`."""
        value = self.value
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        if isinstance(value, str):
            return value
        match self.unit:
            case Unit.MONEY:
                return _money(value)
            case Unit.SHARE:
                return _percent(100 * value)
            case Unit.POINTS:
                return f"{value:+.2f}"
            case Unit.AGE:
                return _age(value)
            case Unit.NUMBER:
                return decimal_text(Decimal(f"{value:.6g}"))
            case _:
                return decimal_text(value)

    def citation(self) -> dict[str, Any]:
        """As plain JSON: kind, name, id, asset, at, value."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "id": self.id,
            "asset": self.asset,
            "at": plain(self.at),
            "value": plain(self.value),
        }


def _money(value: Decimal) -> str:
    """Two decimals; four significant digits below one."""
    return (
        f"{value:,.2f}" if value == 0 or abs(value) >= 1 else decimal_text(Decimal(f"{value:.4g}"))
    )


def _percent(value: Decimal) -> str:
    """One decimal, two below one: costs are hundredths."""
    return f"{value:.1f} %" if abs(value) >= 1 else f"{decimal_text(round(value, 2))} %"


def _age(hours: Decimal) -> str:
    """In the largest unit that leaves a number above one; bare of words that need translating."""
    if hours < 1:
        return f"{round(hours * 60)} min"
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} d"


def hours(span: timedelta) -> Decimal:
    """A span as the value of an AGE, never below zero."""
    return max(Decimal(0), round(Decimal(str(span / timedelta(hours=1))), 4))
