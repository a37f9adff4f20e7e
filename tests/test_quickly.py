"""Values that are made quickly are made as they were."""

from dataclasses import FrozenInstanceError, dataclass, field, replace
from inspect import signature

import pytest

from automoney.quickly import quickly_made


@dataclass(frozen=True, slots=True)
class Usual:
    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    twice: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.size)


@quickly_made
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    twice: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.size)


def test_it_is_made_from_the_same_arguments() -> None:
    assert list(signature(Quick).parameters) == list(signature(Usual).parameters)
    for usual, quick in (
        (Usual("a"), Quick("a")),
        (Usual("a", 4, [1]), Quick("a", 4, [1])),
        (Usual(name="a", parts=[2]), Quick(name="a", parts=[2])),
        (replace(Usual("a"), size=5), replace(Quick("a"), size=5)),
    ):
        assert repr(usual).replace("Usual", "Quick") == repr(quick)
    assert Quick("a").parts is not Quick("a").parts
    with pytest.raises(TypeError):
        Quick()  # type: ignore[call-arg]


def test_it_is_still_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick("a").size = 4  # type: ignore[misc]
    assert Quick("a") == Quick("a") != Quick("b")
