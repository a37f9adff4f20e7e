"""What became of a payload, and what was about to be stored of it."""

from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType

from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Mark
from automoney.market.readings import Reading
from tests.fuzz.cases import Mutant


class Verdict(StrEnum):
    CLEAN = "accepted-clean"
    FLAGGED = "accepted-flagged"  # something in it is odd or was filled in, and says so
    REJECTED = "rejected-with-reason"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`error` is why it was rejected; the rest is what would be in the stores because of it.

    `before` are the stored bars before those of the payload.
    """

    verdict: Verdict
    error: SourceUnavailable | None = None
    marks: tuple[Mark, ...] = ()
    candles: tuple[Candle, ...] = ()
    readings: tuple[Reading, ...] = ()
    filled: tuple[Reading, ...] = ()
    before: tuple[Candle, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells of the payload with whatever escapes while it is being collected."""

    mutant: Mutant

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            error.add_note(f"payload {self.mutant}")
