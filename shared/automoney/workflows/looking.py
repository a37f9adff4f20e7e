"""Asking for a fresh look: for whoever's turn it is, while there is money for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from automoney.errors import BudgetSpent
from automoney.ports import Kind, Looks, LookTurns, Usage, run_id


@dataclass(frozen=True, slots=True)
class Asked:
    """`look` is its execution id, or None if it is not the user's turn before `next_at`."""

    look: str | None
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Looking:
    """A user may have one look in any `every`.  `day_cap` in US dollars is what all language models
    may cost a day; None where rules judge, which cost nothing.
    """

    looks: Looks
    turns: LookTurns
    every: timedelta
    usage: Usage
    day_cap: Decimal | None = None

    def ask(self, strategy_id: str, user_id: str, *, now: datetime, wall: datetime) -> Asked:
        """Queue a look at `now`, the market's time, if it is his turn by the `wall`'s.

        A turn is used up only by a look that was queued.
        """
        at = now.replace(microsecond=0)
        with self.turns.taking(user_id, now=wall, every=self.every) as next_at:
            if next_at is None:
                self.looks.ask(strategy_id, at, user_id)
        if next_at is not None:
            return Asked(None, next_at)
        return Asked(run_id(strategy_id, at, Kind.LOOK), wall + self.every)

    def check_budget(self, wall: datetime) -> None:
        """Raises BudgetSpent if no judge could ask a language model any more today (UTC)."""
        if self.day_cap is None:
            return
        for purse in self.usage.purses([f"day {wall:%Y-%m-%d}"]):
            taken = purse.spent + purse.reserved
            if taken >= self.day_cap:
                raise BudgetSpent(purse.budget, self.day_cap, taken)
