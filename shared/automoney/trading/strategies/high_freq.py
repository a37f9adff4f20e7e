"""High-Freq: the trend of the last days, looked at every ten minutes (description 4.2.2).

It ships off: the description has it for later, and a view this quick pays costs more often.  Its
parameters are argued, not fitted: none was chosen by what it would have earned.
"""

from datetime import timedelta
from decimal import Decimal

from automoney.market.candles import Timeframe
from automoney.schedule import Schedule
from automoney.trading.strategies.model import Strategy, shares

STRATEGY = Strategy(
    id="high-freq",
    name="High-Freq",
    assets=("BTC", "ETH"),
    schedule=Schedule("*/10 * * * *"),
    # Four hours say which way it goes, one hour whether this is the moment.
    timeframes=(Timeframe.H4, Timeframe.H1),
    # Rates and on-chain figures change once a day or less: within a day they are a background that
    # can tip a doubtful view, and no more.  The chart is all that moves at this pace.
    weights=shares("0.1", "0.1", "0.8"),
    degraded_weights=shares("0.1", "0.05", "0.85"),
    # It is wrong more often than a weekly view: a fifth of the equity an asset, not half of it.
    max_position=Decimal("0.2"),
    # A tenth of the largest position, as HODL-Wave's.
    rebalance_band=Decimal("0.02"),
    # One bar of the leading timeframe: until the next has closed there is no new trend to trade on,
    # and a round trip costs about 0.3 %, as much as the price usually moves in an hour.
    cooldown=timedelta(hours=4),
    # What two full positions lose if both assets fall by 5 % in a day, which each of them did some
    # twenty times a year; on such a day a trend that turns back and forth is not bought again.
    max_daily_loss=Decimal("0.02"),
    enabled=False,
)
