"""What an account was worth at each midnight of a backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automoney.stores.memory.marks import Tape
from automoney.trading.account import Account
from infra.local.backtest.figures import Day
from infra.local.backtest.holding import Course

_DAY = timedelta(days=1)


def midnights(begins: datetime, ends: datetime) -> list[datetime]:
    """`begins`, every midnight after it, and `ends`."""
    first = begins.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    count = max((ends - first) // _DAY + 1, 0) if first <= ends else 0
    days = [begins, *(first + day * _DAY for day in range(count))]
    return days if days[-1] == ends else [*days, ends]


@dataclass(frozen=True, slots=True)
class Closes:
    """The newest price before a time, by asset: all ways through a span ask at the same ones."""

    tapes: Mapping[str, Tape]
    _known: dict[tuple[str, datetime], float | None] = field(
        default_factory=dict, init=False, repr=False
    )

    def before(self, asset: str, at: datetime) -> float | None:
        """In quote currency; None where there is none yet."""
        key = asset, at
        if key not in self._known:
            mark = self.tapes[asset].before(at)
            self._known[key] = None if mark is None else float(mark.price)
        return self._known[key]


def daily(course: Course, closes: Closes, times: Sequence[datetime]) -> list[Day]:
    """The account as it stood before each of the times, at the newest prices before it."""
    found = []
    account: Account | None = None
    cash = 0.0
    held: list[tuple[str, float]] = []
    for at in times:
        now = course.before(at)
        if now is not account:
            account, cash = now, float(now.cash)
            held = [(asset, float(one.quantity)) for asset, one in now.holdings.items()]
        invested = 0.0
        for asset, quantity in held:
            price = closes.before(asset, at)
            if price is not None:
                invested += quantity * price
        found.append(Day(at, cash + invested, invested))
    return found
