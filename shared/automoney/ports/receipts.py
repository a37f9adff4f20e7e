"""Receipts as they are kept: to be told and checked, never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from automoney.trading.receipts.chains import Link


@dataclass(frozen=True, slots=True)
class Filed:
    """A receipt in its chain: the strategy's for a run, the user's for a part of one."""

    chain: str
    number: int
    execution_id: str
    body: bytes
    link: str


class Archive(Protocol):
    """Receipts of runs and of followers' parts, and the blobs that they name."""

    def run(self, execution_id: str) -> Filed | None: ...

    def part(self, execution_id: str, user_id: str) -> Filed | None: ...

    def users(self, execution_id: str) -> Sequence[str]:
        """Who has a receipt of his part of that run, by name."""

    def served(self, execution_id: str) -> Sequence[str]:
        """Present followers whose orders of that run were executed: each should have a receipt."""

    def run_chain(self, strategy_id: str) -> Iterable[Link]:
        """A strategy's, oldest first; digests are of what is kept now."""

    def part_chain(self, user_id: str) -> Iterable[Link]:
        """A user's, oldest first, each with the link of its run's receipt."""

    def blobs(self, names: Iterable[str]) -> Mapping[str, bytes]:
        """Those that are there, as they are: nobody has checked that they fit their names."""

    def newest(self, strategy_id: str, limit: int) -> Sequence[str]:
        """Ids of the strategy's newest runs that have a receipt, newest first."""
