"""The span that the rules were chosen on, and the one after it.

Thresholds and curves come from publications and from the tops and bottoms of the cycles up to the
one that peaked in 2021 (each rule names its source), so what was known at the end of 2021 is what
they were chosen on.  Whoever wrote them down had seen the years after, too: these are no blind
test, but nothing was changed to do well in them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

CHOSEN_UNTIL = datetime(2022, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of what was played; `name` is chosen_on or after."""

    name: str
    begins: datetime
    ends: datetime


def spans(begins: datetime, ends: datetime) -> Iterator[Span]:
    """Both parts of the span, or the one there is."""
    if begins < CHOSEN_UNTIL:
        yield Span("chosen_on", begins, min(ends, CHOSEN_UNTIL))
    if ends > CHOSEN_UNTIL:
        yield Span("after", max(begins, CHOSEN_UNTIL), ends)
