"""What a benchmark says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: `what` was measured, `value` of `unit`, and how it stands to its `goal`.

    `goal` is in words, such as "<= 8 ms" or ">= 10x talipp"; `met` says whether it was reached,
    None for a figure that has no goal and only stands beside another.
    """

    what: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named set of figures; `run` takes whether to be quick (a smoke test, figures unfit)."""

    name: str
    about: str
    run: Callable[[bool], Sequence[Result]]
