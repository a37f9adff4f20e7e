"""Purge: drop what the description says is not kept (recent marks, finer candles)."""

from datetime import timedelta

from automoney.ports import Candles, Marks
from automoney.schedule import Slot

MARKS_KEPT = timedelta(days=3)
FINE_CANDLES_KEPT = timedelta(days=30)


def purge(slot: Slot, *, marks: Marks, candles: Candles) -> dict[str, int]:
    """Drop marks and hourly candles that no run reads any more; say how many went."""
    return {
        "marks": marks.purge(before=slot.at - MARKS_KEPT),
        "candles": candles.purge(before=slot.at - FINE_CANDLES_KEPT),
    }
