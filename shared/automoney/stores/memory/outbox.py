"""Events that were booked together with what they tell of, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from automoney.messages import Numbered
from automoney.stores.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryOutbox:
    """Meets `ports.Outbox`."""

    tables: Tables
    _held: set[tuple[str, int]] = field(default_factory=set, init=False, repr=False)

    @contextmanager
    def relaying(self, limit: int) -> Iterator[list[Numbered]]:
        # What another relay holds at this moment is its business, not ours.
        waiting = [
            Numbered(name, seq, message)
            for name, user in sorted(self.tables.users.items())
            for seq, message in enumerate(user.outbox, start=1)
            if seq not in user.relayed and (name, seq) not in self._held
        ][:limit]
        names = {(one.user_id, one.seq) for one in waiting}
        self._held.update(names)
        try:
            yield waiting
            for user_id, seq in names:
                self.tables.users[user_id].relayed.add(seq)
        finally:
            self._held.difference_update(names)

    def since(self, user_id: str, seq: int, limit: int) -> list[Numbered]:
        user = self.tables.users.get(user_id)
        found = user.outbox[seq : seq + limit] if user else ()
        return [Numbered(user_id, seq + index, one) for index, one in enumerate(found, start=1)]

    def last_seq(self, user_id: str) -> int:
        user = self.tables.users.get(user_id)
        return len(user.outbox) if user else 0
