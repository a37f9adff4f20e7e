"""Errors are named for what the caller does next, not for what broke underneath.

AutomoneyError
├── InvalidInput       the caller must change what was sent: HTTP 422, exit 2
│   └── Unknown        it names something that does not exist; the known ones are listed: HTTP 404
├── Unauthorized       no valid identity: HTTP 401
├── SourceUnavailable  one source or agent gave nothing: go on with less, mark it degraded
├── DataMissing        an input we cannot do without is absent or stale: skip this slot, alert
├── ModelsUnavailable  no language model answered at all: pause the strategy, page someone
├── BudgetSpent        a cap in money leaves no room for the call: go without; HTTP 429
├── TooManyRequests    the caller has had his share of this minute: HTTP 429 with Retry-After
├── LeaseHeld          someone else is on it: leave quietly, this is not a failure
├── StaleFence         our lease was taken over while we worked: drop everything, write nothing
├── Misfired           the slot is too old to act on: record that it was skipped
├── ConnectionGone     the socket is closed: forget the connection
└── Unbalanced         books that do not add up: our bug, so never caught and never retried
"""

from collections.abc import Iterable


class AutomoneyError(Exception):
    """The root of everything that we raise on purpose."""


class InvalidInput(AutomoneyError):
    """`field` held `value`; `expected` says in words what would be right."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f"{field} was {value!r}; expected {expected}")
        self.field = field
        self.value = value
        self.expected = expected


class Unknown(InvalidInput):
    """`value` names no `field` that exists; the message lists the `known` ones."""

    def __init__(self, field: str, value: object, known: Iterable[str]) -> None:
        self.known = tuple(sorted(known))
        super().__init__(field, value, f"one of {', '.join(self.known)}")


class Unauthorized(AutomoneyError):
    """The token or ticket is missing, expired or not ours; the message never quotes it."""


class SourceUnavailable(AutomoneyError):
    """`source` gave nothing usable: `reason` in words, `status` if it answered with one.

    `retry_after` is the number of seconds the source asked us to stay away, if it did.
    """

    def __init__(
        self,
        source: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class DataMissing(AutomoneyError):
    """An input without which nobody can decide is absent or too old at the slot."""


class ModelsUnavailable(AutomoneyError):
    """Every language model in the order of fallback failed."""


class BudgetSpent(AutomoneyError):
    """`budget` (such as `day 2026-11-24`) has a cap of `cap` dollars that the call could pass."""

    def __init__(self, budget: str, cap: object, spent: object) -> None:
        super().__init__(f"the budget of {budget} is spent: {spent} of {cap} dollars")
        self.budget = budget
        self.cap = cap
        self.spent = spent


class TooManyRequests(AutomoneyError):
    """More than `limit` requests in a minute; one fits in again after `retry_after` seconds."""

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(f"more than {limit} requests a minute; try again in {retry_after} s")
        self.limit = limit
        self.retry_after = retry_after


class LeaseHeld(AutomoneyError):
    """Another holder has the lease named in the message."""


class StaleFence(AutomoneyError):
    """The database has seen a newer fence for this name than the one we hold."""


class Misfired(AutomoneyError):
    """The slot's event arrived later than its grace time."""


class ConnectionGone(AutomoneyError):
    """The WebSocket connection named in the message no longer exists."""


class Unbalanced(AutomoneyError):
    """An entry's postings do not sum to zero in every currency."""
