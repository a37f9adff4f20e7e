"""Whether a strategy may run: paused by ops, by the engine, or as it ships (description 4.3.2)."""

from collections.abc import Callable
from dataclasses import dataclass

from automoney.errors import ModelsUnavailable
from automoney.observability import logger
from automoney.ports import ENGINE, Alerts, Pause, Pauses
from automoney.schedule import Slot
from automoney.trading.strategies import Strategy

OFF = "off by default: it runs once somebody resumes it"


def pause_in_force(strategy: Strategy, pauses: Pauses) -> Pause | None:
    """The pause of the strategy as a whole, if there is one."""
    if not strategy.enabled and not pauses.touched(strategy.id):
        return Pause(strategy.id, None, None, OFF, ENGINE)
    return pauses.current(strategy.id)


def stopped_by_failure(pause: Pause | None) -> bool:
    """Whether the engine paused because it could not go on: then what is shown is stale."""
    return pause is not None and pause.author == ENGINE and pause.since is not None


@dataclass(frozen=True, slots=True)
class Pausing:
    """`probe` says whether any language model answers; None where none is ever asked."""

    pauses: Pauses
    alerts: Alerts
    probe: Callable[[], bool] | None = None

    def at_slot(self, strategy: Strategy, slot: Slot) -> Pause | None:
        """The pause in force at a due slot.

        One that the engine made ends here if a model answers again; one that a person made, or
        that the strategy ships with, is ended by a person alone.
        """
        pause = pause_in_force(strategy, self.pauses)
        if pause is None or not stopped_by_failure(pause):
            return pause
        if self.probe is None or not self.probe():
            return pause
        reason = "a language model answers again"
        if self.pauses.resume(strategy.id, None, author=ENGINE, reason=reason, at=slot.at):
            self.alerts.warn(f"{strategy.name} resumed", f"{reason}; it was paused: {pause.reason}")
        return None

    def stop(self, strategy: Strategy, slot: Slot, error: ModelsUnavailable) -> None:
        """Pause because no model answers, and page someone: first, lest a crash leave it unsaid."""
        reason = f"no language model answered: {error}"
        if self.pauses.current(strategy.id) is not None:
            return
        self.alerts.page(f"{strategy.name} paused: no language model answers", reason)
        self.pauses.pause(Pause(strategy.id, None, slot.at, reason, ENGINE))
        logger.error("strategy paused", extra={"strategy": strategy.id, "reason": reason})
