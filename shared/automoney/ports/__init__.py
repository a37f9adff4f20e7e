"""One Protocol per need.  Workflows call them, adapters meet them, `wiring` joins the two.

Stores are synchronous (one invocation handles one event at a time); sources are asynchronous,
because a collector asks several things of one API at once.
"""

from automoney.ports.books import (
    Books,
    Desk,
    Executions,
    Follower,
    History,
    Lease,
    Leases,
    Outbox,
)
from automoney.ports.market import (
    Backfills,
    CachePurge,
    CacheUse,
    Candles,
    Collection,
    Collections,
    Found,
    Leftovers,
    MarketCache,
    Marks,
    Readings,
    States,
    Tally,
)
from automoney.ports.sources import (
    PriceSource,
    SeriesSource,
    Trades,
)
from automoney.ports.telling import (
    Alerts,
    Connection,
    Connections,
    EventQueue,
    OrderQueue,
    Panel,
    Sockets,
    Subscription,
    Tickets,
)

__all__ = [
    "Alerts",
    "Backfills",
    "Books",
    "CachePurge",
    "CacheUse",
    "Candles",
    "Collection",
    "Collections",
    "Connection",
    "Connections",
    "Desk",
    "EventQueue",
    "Executions",
    "Follower",
    "Found",
    "History",
    "Lease",
    "Leases",
    "Leftovers",
    "MarketCache",
    "Marks",
    "OrderQueue",
    "Outbox",
    "Panel",
    "PriceSource",
    "Readings",
    "SeriesSource",
    "Sockets",
    "States",
    "Subscription",
    "Tally",
    "Tickets",
    "Trades",
]
