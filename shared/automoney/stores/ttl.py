"""How long each cached key lives: its collector's period plus grace (the description's table).

The description's 10 seconds for a price would leave the key absent for most of a collector's five
minutes; see DESIGN.  A key that has expired is rebuilt from Postgres.
"""

from datetime import timedelta

LATEST_PRICE = timedelta(minutes=10)
CANDLES = timedelta(hours=1, minutes=10)
STATE = timedelta(days=8)
SCORES = timedelta(hours=4, minutes=10)
GROUPS = {
    "onchain": timedelta(hours=1, minutes=10),
    "sentiment": timedelta(hours=1, minutes=10),
    "macro": timedelta(hours=24, minutes=10),
}
