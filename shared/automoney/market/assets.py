"""The assets that can be watched: a third is one more row, and `AUTOMONEY_ASSETS` to name it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from automoney.errors import Unknown


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset and what the outside APIs call it.

    `code` is our own name for it; `binance` a spot symbol quoted in USDT, `coingecko` a coin id.
    `coinmetrics` and `glassnode` name the on-chain metrics that these have of it: what they mean
    is said in the source's own module, and an asset without any is watched without on-chain data.

    What an order has to be like, as the filters of Binance's USDT pair have it: its quantity is a
    multiple of `lot` (LOT_SIZE), its price one of `tick` (PRICE_FILTER), and it is worth at least
    `minimum_notional` USDT (NOTIONAL).
    """

    code: str
    name: str
    binance: str
    coingecko: str
    lot: Decimal
    tick: Decimal
    minimum_notional: Decimal
    coinmetrics: tuple[str, ...] = ()
    glassnode: tuple[str, ...] = ()


_COMMON = (
    "market/mvrv_z_score",
    "indicators/nvt",
    "transactions/transfers_volume_exchanges_net",
    "addresses/active_count",
)
_ALL = (
    Asset(
        "BTC",
        "Bitcoin",
        binance="BTCUSDT",
        coingecko="bitcoin",
        lot=Decimal("0.00001"),
        tick=Decimal("0.01"),
        minimum_notional=Decimal(5),
        coinmetrics=("CapMVRVCur", "NVTAdj", "FlowInExNtv", "FlowOutExNtv", "AdrActCnt"),
        # Long-term holders' supply is defined by the age of coins, so Bitcoin alone has it.
        glassnode=(*_COMMON, "supply/lth_sum"),
    ),
    Asset(
        "ETH",
        "Ethereum",
        binance="ETHUSDT",
        coingecko="ethereum",
        lot=Decimal("0.0001"),
        tick=Decimal("0.01"),
        minimum_notional=Decimal(5),
        coinmetrics=("CapMVRVCur",),
        glassnode=_COMMON,
    ),
)
ASSETS: Mapping[str, Asset] = MappingProxyType({asset.code: asset for asset in _ALL})

WATCHED = ("BTC", "ETH")  # unless AUTOMONEY_ASSETS says otherwise: the description's two


def find_asset(code: str) -> Asset | None:
    """The row of `code`, if there is one."""
    return ASSETS.get(code)


def asset_named(code: str, field: str = "asset") -> Asset:
    """The row of `code`; Unknown, naming `field` and listing the known ones, if there is none."""
    found = find_asset(code)
    if found is None:
        raise Unknown(field, code, ASSETS)
    return found
