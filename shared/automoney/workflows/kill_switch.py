"""The kill switch: everything at once paused, and only what it paused resumed by it.

It is made of pauses, so whatever honours a pause honours it, and each has its line in the log.
They are known by how their reason begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from automoney.ports import ENGINE, Pause, Pauses
from automoney.trading.strategies import STRATEGIES, Strategy
from automoney.workflows.pausing import pause_in_force

_OPENING = "kill switch: "


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """For one user's parts of strategies, or, with `user_id` None, for strategies as a whole.

    Throwing it twice, either way, is the same as once: who was interrupted does it again.
    """

    pauses: Pauses
    user_id: str | None

    def turn_on(
        self, strategies: Iterable[Strategy], *, author: str, reason: str, at: datetime
    ) -> None:
        """Pause what of `strategies` runs.

        What a person has paused already stays that person's, and what ships off stays off.  What
        the engine paused is taken over: it would go on by itself when a model answers.
        """
        for strategy in strategies:
            found = self._in_force(strategy)
            if found is not None and found.since is None:
                continue
            if found is not None and found.author == ENGINE:
                self._resume(strategy, author, reason, at)
            wish = Pause(strategy.id, self.user_id, at, f"{_OPENING}{reason}", author)
            self.pauses.pause(wish)

    def turn_off(self, *, author: str, reason: str, at: datetime) -> None:
        """Resume what `turn_on` paused, from its next run on, and nothing else."""
        for pause in self.thrown():
            self.pauses.resume(pause.strategy_id, self.user_id, author=author, reason=reason, at=at)

    def thrown(self) -> list[Pause]:
        """The pauses that it holds, with the reason as it was given; none if it is off."""
        return [
            Pause(one.strategy_id, one.user_id, one.since, spoken(one.reason), one.author)
            for one in self._pauses()
            if is_of_kill_switch(one)
        ]

    def _pauses(self) -> Iterable[Pause]:
        found = (self.pauses.current(one.id, self.user_id) for one in STRATEGIES.values())
        return (one for one in found if one is not None)

    def _in_force(self, strategy: Strategy) -> Pause | None:
        if self.user_id is None:
            return pause_in_force(strategy, self.pauses)
        return self.pauses.current(strategy.id, self.user_id)

    def _resume(self, strategy: Strategy, author: str, reason: str, at: datetime) -> None:
        self.pauses.resume(strategy.id, self.user_id, author=author, reason=reason, at=at)


def is_of_kill_switch(pause: Pause) -> bool:
    return pause.reason.startswith(_OPENING)


def spoken(reason: str) -> str:
    """The reason as it was given."""
    return reason.removeprefix(_OPENING)
