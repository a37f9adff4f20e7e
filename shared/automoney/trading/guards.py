"""What a follower lets a strategy do with his money.  Pure."""

from dataclasses import dataclass
from decimal import Decimal

from automoney.trading.orders import Costs


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits on what is bought; what is sold they never hold up.

    `max_position` is the largest share of equity in one asset that a buy may lead to, above 0 and
    at most 1; a position that grew beyond it with its price is not sold for that.

    After a loss of more than `max_daily_loss` (share of the equity that the UTC day opened with,
    above 0 and below 1) nothing more is bought on that day; None is what the strategy says.  Assets
    that are not among `allowed_assets` are sold but never bought; None allows all.  `costs` are
    what his trades are reckoned to cost; None is what the installation says.
    """

    max_position: Decimal
    max_daily_loss: Decimal | None = None
    allowed_assets: frozenset[str] | None = None
    costs: Costs | None = None
