"""Blobs that are what their names say, or else an error that says which is not."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from automoney.errors import AutomoneyError
from automoney.ports.receipts import Archive
from automoney.trading.receipts.snapshots import Blobs, name_of


class BlobGone(AutomoneyError):
    """A receipt names the blob `name`, and there is none."""

    def __init__(self, name: str) -> None:
        super().__init__("a receipt names it, and it is gone")
        self.name = name


class BlobChanged(AutomoneyError):
    """What is kept as the blob `name` has another SHA-256."""

    def __init__(self, name: str, digest: str) -> None:
        super().__init__(f"it was changed: its content has the SHA-256 {digest}")
        self.name = name


@dataclass(frozen=True, slots=True)
class CheckedBlobs:
    """Fetches and hashes each blob once."""

    archive: Archive
    _known: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        """How many were fetched."""
        return len(self._known)

    def __call__(self, names: Iterable[str]) -> Blobs:
        """The blobs of those names; BlobGone or BlobChanged if one is not to be had."""
        wanted = list(dict.fromkeys(names))
        found = self.archive.blobs([name for name in wanted if name not in self._known])
        for name, body in found.items():
            if name_of(body) != name:
                raise BlobChanged(name, name_of(body))
        self._known.update(found)
        for name in wanted:
            if name not in self._known:
                raise BlobGone(name)
        return {name: self._known[name] for name in wanted}
