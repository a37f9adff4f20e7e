"""The strategy that the rivals run, as far as it doesn't depend on their types."""

ASSETS = ("BTC", "ETH")
QUOTE = "USDT"
MONEY = 100_000
FEE = 0.001
SHARE = 0.5  # of the account that goes into an asset
EVERY = 4  # hours
BUY_ABOVE, SELL_BELOW = 0.8, -0.8  # seldom, as ours

# Periods in bars, as ours.
FAST, SLOW = 21, 55
RSI = 14
MACD_FAST, MACD_SLOW = 12, 26
BANDS, WIDTH = 20, 2.0
ATR = 14
TREND_SCALE = 20.0  # a fast average 5 % above the slow one is as good as it gets
