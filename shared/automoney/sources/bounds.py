"""The range that the values of each series can have at all.  Pure.

They are wide: a value outside is an error of the source, not a market that has gone mad, and
what is merely odd is kept and flagged by the cleaning rules.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from automoney.sources import fields

_PERCENT = (-10.0, 100.0)
_COINS = 1e15  # more than any asset has
BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "mvrv_z": (-100.0, 1000.0),
        "mvrv": (1e-3, 1e4),
        "nvt": (1e-3, 1e6),
        "exchange_netflow": (-_COINS, _COINS),
        "lth_supply_change": (-_COINS, _COINS),
        "active_addresses": (1.0, 1e10),
        "fed_funds": _PERCENT,
        "us10y": _PERCENT,
        "us2y": _PERCENT,
        "m2": (1.0, 1e7),
        "cpi": (1.0, 1e5),
        "dollar_index": (1.0, 1e4),
        "fear_greed": (0.0, 100.0),
    }
)


def value(source: str, series: str, field: str, given: object) -> float:
    """The number `given` for `field`; SourceUnavailable if `series` cannot have it."""
    low, high = BOUNDS[series]
    return fields.number(source, field, given, low, high)


def coins(source: str, field: str, given: object) -> Decimal:
    """Coins that moved or are held, 0 or more: what the two flow series are worked out from."""
    found = fields.volume(source, field, given)
    if found > _COINS:
        raise fields.refused(source, field, given, f"coins from 0 to {_COINS:g}")
    return found
