"""Marks in memory, by asset and time."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from automoney.market.candles import Mark


class Tape(Protocol):
    """One asset's marks."""

    def before(self, as_of: datetime) -> Mark | None:
        """The newest strictly before `as_of`."""


@dataclass(slots=True)
class KeptTape:
    """A tape of the marks that were put."""

    marks: list[Mark] = field(default_factory=list)  # oldest first

    def before(self, as_of: datetime) -> Mark | None:
        index = bisect_left(self.marks, as_of, key=_at)
        return self.marks[index - 1] if index else None

    def put(self, mark: Mark) -> None:
        """Keep it, unless there is one of that very time."""
        index = bisect_left(self.marks, mark.at, key=_at)
        if index == len(self.marks) or self.marks[index].at != mark.at:
            self.marks.insert(index, mark)

    def purge(self, before: datetime) -> int:
        """Drop marks older than that; return how many."""
        first = bisect_left(self.marks, before, key=_at)
        del self.marks[:first]
        return first


@dataclass(frozen=True, slots=True)
class MemoryMarks:
    """Meets `ports.Marks`: tapes that were given are read, what is put is kept beside them."""

    given: Mapping[str, Tape] = field(default_factory=dict)
    kept: dict[str, KeptTape] = field(default_factory=dict)

    def put_marks(self, marks: Iterable[Mark]) -> None:
        for mark in marks:
            self.kept.setdefault(mark.asset, KeptTape()).put(mark)

    def mark(self, asset: str, *, as_of: datetime) -> Mark | None:
        given, kept = self.given.get(asset), self.kept.get(asset)
        found = given.before(as_of) if given else None
        if kept is None:
            return found
        put = kept.before(as_of)
        return put if found is None or (put is not None and put.at > found.at) else found

    def marks(self, assets: Sequence[str], *, as_of: datetime) -> Mapping[str, Mark]:
        found = {}
        for asset in assets:
            mark = self.mark(asset, as_of=as_of)
            if mark is not None:
                found[asset] = mark
        return found

    def purge(self, *, before: datetime) -> int:
        return sum(tape.purge(before) for tape in self.kept.values())


def _at(mark: Mark) -> datetime:
    return mark.at
