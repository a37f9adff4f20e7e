"""Answers that are kept, so that a request that is sent twice has its effect once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it went out: `headers` are those that belong to it alone, such as Location."""

    status: int
    body: str
    media_type: str
    headers: dict[str, str]


class Refusal(StrEnum):
    """Why a request may not be carried out under a name."""

    UNDER_WAY = "under_way"  # the same one is being carried out now
    ANOTHER = "another"  # another request has that name


class Replies(Protocol):
    """One row a name, which says who sent what under which key."""

    def begin(
        self, name: str, fingerprint: str, *, owner: str, now: datetime
    ) -> Kept | Refusal | None:
        """Take the name for a request with that fingerprint: None if it is now the `owner`'s.

        Of callers at the same time one gets it.  Who took it and was not heard of for a minute has
        died, and the next one gets it.  Raises SourceUnavailable while nobody can tell.
        """

    def finish(self, name: str, kept: Kept, *, owner: str, now: datetime) -> None:
        """Keep the answer for a day; nothing if the name is somebody else's by now."""

    def give_up(self, name: str, *, owner: str) -> None:
        """Nothing was changed, so the name is free again; nothing if it is somebody else's."""
