"""HODL-Wave: a weekly view of the large waves, looked at every four hours (description 4.2.2)."""

from automoney.market.candles import Timeframe
from automoney.schedule import Schedule
from automoney.trading.strategies.model import Strategy, shares

STRATEGY = Strategy(
    id="hodl-wave",
    name="HODL-Wave",
    assets=("BTC", "ETH"),
    schedule=Schedule("0 */4 * * *"),
    timeframes=(Timeframe.W1,),
    weights=shares("0.4", "0.4", "0.2"),
    degraded_weights=shares("0.5", "0.2", "0.3"),
)
