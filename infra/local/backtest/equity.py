"""What an account was worth at each midnight of a backtest."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from automoney.stores.memory.marks import Tape
from infra.local.backtest.figures import Day
from infra.local.backtest.holding import Course

_DAY = timedelta(days=1)


def midnights(begins: datetime, ends: datetime) -> list[datetime]:
    """`begins`, every midnight after it, and `ends`."""
    first = begins.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    count = max((ends - first) // _DAY + 1, 0) if first <= ends else 0
    days = [begins, *(first + day * _DAY for day in range(count))]
    return days if days[-1] == ends else [*days, ends]


def daily(course: Course, tapes: Mapping[str, Tape], times: Sequence[datetime]) -> list[Day]:
    """The account as it stood before each of the times, at the newest prices before it."""
    found = []
    for at in times:
        account = course.before(at)
        invested = 0.0
        for asset, holding in account.holdings.items():
            mark = tapes[asset].before(at)
            if mark is not None:
                invested += float(holding.quantity) * float(mark.price)
        found.append(Day(at, float(account.cash) + invested, invested))
    return found
