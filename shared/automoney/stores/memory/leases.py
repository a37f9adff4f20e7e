"""Leases in memory: one holder a name at a time, and a fence that only grows."""

from dataclasses import dataclass, field

from automoney.errors import LeaseHeld
from automoney.ports import Lease


@dataclass(frozen=True, slots=True)
class MemoryLeases:
    """Meets `ports.Leases`; a holder never dies here, so no lease ever runs out."""

    fences: dict[str, int] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set, init=False, repr=False)

    def hold(self, name: str) -> "_Held":
        return _Held(self.fences, self._held, name)


@dataclass(slots=True)
class _Held:
    """The block for which a name is held."""

    fences: dict[str, int]
    held: set[str]
    name: str

    def __enter__(self) -> Lease:
        if self.name in self.held:
            raise LeaseHeld(self.name)
        self.held.add(self.name)
        self.fences[self.name] = fence = self.fences.get(self.name, 0) + 1
        return Lease(self.name, fence)

    def __exit__(self, *_: object) -> None:
        self.held.discard(self.name)
