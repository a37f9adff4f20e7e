"""Asking one judge: which of its failures cost its own score, and which stop the run."""

import logging
from collections.abc import Callable, Mapping

from automoney.agents import macro, onchain, technical
from automoney.errors import AutomoneyError, BudgetSpent, ModelsUnavailable
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score

logger = logging.getLogger("automoney.agents")

Judge = Callable[[Snapshot, str], Score]
"""From what is known, and the execution on whose account it is judged, to a score."""


def by_rules(judge: Callable[[Snapshot], Score]) -> Judge:
    """A judge that costs nothing, so that it need not know on whose account."""
    return lambda snapshot, _: judge(snapshot)


RULE_JUDGES: Mapping[str, Judge] = {
    macro.AGENT: by_rules(macro.judge),
    onchain.AGENT: by_rules(onchain.judge),
    technical.AGENT: by_rules(technical.judge),
}


def asked(agent: str, judge: Judge, snapshot: Snapshot, execution_id: str) -> Score | None:
    """Its score, or None where it failed, which is logged.

    Only failures that a judge can have by its inputs are caught: ours and arithmetic's.  A bug in
    a judge is raised, and fails the run.  ModelsUnavailable and BudgetSpent are raised too: they
    are not one judge's alone.
    """
    try:
        return judge(snapshot, execution_id)
    except (ModelsUnavailable, BudgetSpent):
        raise
    except (AutomoneyError, ArithmeticError) as error:
        logger.warning(
            "agent %s gave no score for %s at %s: %s: %s",
            agent,
            snapshot.asset,
            snapshot.as_of.isoformat(),
            type(error).__name__,
            error,
        )
        return None
