"""Whether a collector's data are as they should be, told to followers when it changes."""

from collections.abc import Mapping
from typing import Any

from automoney.ports import Collections, DataStates
from automoney.schedule import Slot
from automoney.workflows.collect import IN_A_ROW

GOOD, FALLBACK, STALE = "good", "fallback", "stale"


def note_state(
    answer: Mapping[str, Any],
    best: str,
    slot: Slot,
    *,
    collections: Collections,
    states: DataStates,
) -> bool:
    """Note what became of `slot`, by what `collect` answered; True if followers were told.

    `fallback` while another source than `best` stands in, `stale` from the third failed slot in a
    row on, `good` once `best` gives data again.  One or two failed slots change nothing.
    """
    name, source = answer["collector"], answer.get("source")
    if answer["outcome"] != "ok":
        failed = collections.failed_in_a_row(name, up_to=slot.at)
        if failed < IN_A_ROW:
            return False
        reason = f"nothing new for {failed} slots: the last values stay, and grow older"
        return states.turn(name, STALE, source=None, reason=reason, at=slot.at)
    if source != best:
        reason = f"{best} does not answer: {source} stands in for it"
        return states.turn(name, FALLBACK, source=source, reason=reason, at=slot.at)
    return states.turn(name, GOOD, source=source, reason=f"{source} answers", at=slot.at)
