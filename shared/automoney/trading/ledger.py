"""Double-entry books: every movement is an entry whose postings sum to zero.  Pure and exact."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automoney.errors import Unbalanced


@dataclass(frozen=True, slots=True)
class Posting:
    """`units` of `currency` arrive in `account`; negative units leave it.  Exact, never a float."""

    account: str
    units: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened at `at`, as postings that sum to zero in each currency.

    To buy 0.01 BTC at 45,000 with a fee of 0.45; `exchange` is where one currency becomes another:
        assets:BTC    +0.01 BTC     exchange  -0.01 BTC
        assets:USDT  -450.45 USDT   exchange  +450 USDT   fees  +0.45 USDT
    """

    at: datetime
    memo: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        left: dict[str, Decimal] = defaultdict(Decimal)
        for posting in self.postings:
            left[posting.currency] += posting.units
        if any(left.values()):
            raise Unbalanced(f"{self.memo}: left over {dict(left)}")
