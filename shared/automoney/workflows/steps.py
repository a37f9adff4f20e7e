"""The steps of a run as they are taken: what came of each in words, and how long it took."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import overload

from automoney.errors import AutomoneyError
from automoney.ports.runs import Step

Words = Callable[[], str]


@dataclass(slots=True)
class Steps(Sequence[Step]):
    """Steps in their order; `stopwatch` tells seconds that only ever grow.

    The words are put together when somebody reads them: a backtest never does.
    """

    stopwatch: Callable[[], float]
    _taken: list[tuple[str, Words, float]] = field(default_factory=list)
    _kept: int = field(default=0, init=False)

    def step(self, name: str) -> "_Step":
        """Time the block, which hands over the words at its end.

        If it raises one of our errors, those of the error are what came of the step.
        """
        return _Step(self, name)

    def add(self, name: str, words: Words, seconds: float = 0.0) -> None:
        """A step that has been taken."""
        self._taken.append((name, words, seconds))

    def so_far(self) -> "Steps":
        """Those that have been taken, to be kept now; `rest` has the ones to come."""
        self._kept = len(self._taken)
        return Steps(self.stopwatch, self._taken[:])

    def rest(self) -> "Steps":
        """Those that have been taken since `so_far`."""
        return Steps(self.stopwatch, self._taken[self._kept :])

    def __len__(self) -> int:
        return len(self._taken)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [_step(*one) for one in self._taken[index]]
        return _step(*self._taken[index])


class _Step:
    """One step while it is taken: a class, since a generator takes twice as long to enter."""

    __slots__ = ("_began", "_name", "_steps", "_words")

    def __init__(self, steps: Steps, name: str) -> None:
        self._steps, self._name = steps, name
        self._words: Words = str

    def __enter__(self) -> Callable[[Words], None]:
        self._began = self._steps.stopwatch()
        return self._say

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        seconds = self._steps.stopwatch() - self._began
        if error is None:
            self._steps.add(self._name, self._words, seconds)
        elif isinstance(error, AutomoneyError):
            said = f"{type(error).__name__}: {error}"
            self._steps.add(self._name, lambda: said, seconds)

    def _say(self, words: Words) -> None:
        self._words = words


class NoSteps(Steps):
    """Where nobody will ask how a run went: nothing is timed, and nothing is kept."""

    __slots__ = ()

    def step(self, name: str) -> "_Step":
        return _UNTOLD

    def add(self, name: str, words: Words, seconds: float = 0.0) -> None: ...

    def so_far(self) -> Steps:
        return self

    def rest(self) -> Steps:
        return self


class _Untold(_Step):
    """A step that leaves nothing behind, and so may be any."""

    __slots__ = ()

    def __init__(self) -> None: ...

    def __enter__(self) -> Callable[[Words], None]:
        return _say_nothing

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None: ...


def _say_nothing(_: Words) -> None: ...


_UNTOLD = _Untold()


def _step(name: str, words: Words, seconds: float) -> Step:
    return Step(name, words(), round(seconds * 1000, 2))
