"""Planted bugs: each a mistake that somebody could make, and that the simulation has to catch."""

from dataclasses import dataclass, replace

from tests.simulation.mutants_of_runs import (
    Overwriting,
    Rewriting,
    Sloppy,
    Unfenced,
    UnfencedBegin,
    Unordering,
    busy_is_fine,
    hands_out_this_run_only,
    judges_again,
    never_misfires,
    new_name_each_try,
    silent_failures,
    trusts_earlier_parts,
)
from tests.simulation.mutants_of_stores import (
    Blind,
    Deleting,
    Early,
    Eternal,
    Forgetful,
    Freeing,
    HastyOutbox,
    Late,
    Restarting,
    Skipping,
    Swallowing,
    Taking,
    Unlocked,
    one_failed_user_is_enough,
)
from tests.simulation.scenario import REAL, Parts


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is wrong, with the parts that have it wrong."""

    bug: str
    parts: Parts


def _made(bug: str, **parts: object) -> Mutant:
    return Mutant(bug, replace(REAL, **parts))  # type: ignore[arg-type]  # checked where it is used


MUTANTS: dict[str, Mutant] = {
    "no-fence": _made("the transaction does not check the fence", executions=Unfenced),
    "begin-unfenced": _made("beginning does not write the fence", executions=UnfencedBegin),
    "lease-deleted": _made("a lease's row is deleted when it is freed", leases=Deleting),
    "frees-anyones": _made("a lease is freed whoever holds it", leases=Freeing),
    "fence-restarts": _made("the fence starts again when a lease ran out", leases=Restarting),
    "never-expires": _made("a lease never runs out", leases=Eternal),
    "takes-held": _made("a lease is taken though somebody holds it", leases=Taking),
    "row-unlocked": _made("the user's row is not locked", books=Unlocked),
    "skip-locked": _made("a row that is locked is passed over", books=Skipping),
    "order-unread": _made("the order is not read again under the lock", books=Blind),
    "executed-first": _made("the order is done in a transaction of its own, first", books=Early),
    "executed-last": _made("the order is done in a transaction of its own, last", books=Late),
    "events-after": _made("events are written after the commit", books=Forgetful),
    "relayed-first": _made("events are marked before they are sent", outbox=HastyOutbox),
    "this-run-only": _made("only this run's parts are handed out", runner=hands_out_this_run_only),
    "overwritten": _made(
        "a second judgement replaces the first", executions=Overwriting, runner=judges_again
    ),
    "marks-not-fixed": _made("each batch fills at its own marks", executions=Sloppy),
    "orders-later": _made("orders are written after the judgement's commit", executions=Unordering),
    "any-order": _made("an older slot is judged after a newer one", executions=Rewriting),
    "busy-is-fine": _made("a held lease ends the run though nobody judged", runner=busy_is_fine),
    "never-misfires": _made("the limit for late events is ignored", runner=never_misfires),
    "silent-failures": _made("what was aborted or skipped is not kept", runner=silent_failures),
    "new-name": _made("a retry is a new execution", runner=new_name_each_try),
    "earlier-parts": _made("earlier parts are not done first", executor=trusts_earlier_parts),
    "swallowed": _made("failed batches are not named", executor=Swallowing),
    "one-fails-all-go": _made(
        "a follower who fails is passed over", executor=one_failed_user_is_enough
    ),
}

BLATANT = frozenset({"lease-deleted", "marks-not-fixed"})
"""Those that show without any fault, too; all others pass an undisturbed schedule."""
