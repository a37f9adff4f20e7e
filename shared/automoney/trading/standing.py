"""How a follower stands before his part of a run.  Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automoney.quickly import quickly_made
from automoney.trading.account import Account
from automoney.trading.guards import Guards


@quickly_made
@dataclass(frozen=True, slots=True)
class Standing:
    """Beside the judgement all that a follower's part is decided from.

    `paused` is the reason if he has paused, or does not follow any more.  `last_traded` holds per
    asset the slot of the last trade on his account; None is the same as empty.

    Two equities in quote currency say how his UTC day went before this slot: `day_opened_with` is
    that of the day's first valuation, `day_lowest` the least of the day's.  Both are None for the
    first run of a day: it opens the day, so nothing has been lost on it yet.
    """

    account: Account
    guards: Guards
    paused: str | None = None
    day_opened_with: Decimal | None = None
    day_lowest: Decimal | None = None
    last_traded: Mapping[str, datetime] | None = None


def midnight(slot_at: datetime) -> datetime:
    """When the UTC day of the slot began."""
    return slot_at.replace(hour=0, minute=0, second=0, microsecond=0)
