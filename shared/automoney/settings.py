"""Everything that may differ between two installations, parsed once and checked.

Only `wiring` reads the environment; it hands the mapping to `Settings.parse`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput, Unknown

KNOWN_ASSETS = ("BTC", "ETH")
WORLDS = ("live", "recorded", "synthetic")
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """URLs end without a slash.  Empty keys mean: use the keyless source."""

    assets: tuple[str, ...] = KNOWN_ASSETS
    world: str = "live"  # shown on every screen: live, recorded or synthetic

    database_url: str = ""
    redis_url: str = ""
    aws_endpoint_url: str | None = None  # None is AWS itself
    aws_region: str = "eu-central-1"
    leases_table: str = "automoney-leases"
    connections_table: str = "automoney-connections"
    tickets_table: str = "automoney-tickets"
    orders_queue_url: str = ""
    events_queue_url: str = ""
    alerts_topic_arn: str = ""
    ws_management_url: str = ""
    ws_url: str = ""  # what clients are told to connect to

    binance_url: str = "https://data-api.binance.vision"
    coingecko_url: str = "https://api.coingecko.com"
    glassnode_url: str = "https://api.glassnode.com"
    glassnode_key: str = field(default="", repr=False)
    coinmetrics_url: str = "https://community-api.coinmetrics.io"
    fred_url: str = "https://api.stlouisfed.org"
    fred_csv_url: str = "https://fred.stlouisfed.org"
    fred_key: str = field(default="", repr=False)
    alternative_me_url: str = "https://api.alternative.me"
    source_timeout: timedelta = timedelta(seconds=5)

    jwt_issuer: str = ""
    jwt_audience: str = "automoney"
    jwks: str = field(default="", repr=False)  # the key set itself as JSON, or its URL
    allowed_origins: tuple[str, ...] = ()

    fee: Decimal = Decimal("0.001")
    slippage: Decimal = Decimal("0.0005")
    paper_money: Decimal = Decimal(100_000)
    order_batch: int = 25

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "Settings":
        """Read `AUTOMONEY_*` variables; absent ones keep their defaults.

        Raises InvalidInput naming the variable, its value and what would be right.
        """
        found: dict[str, object] = {}
        for name, reader in _READERS.items():
            variable = f"AUTOMONEY_{name.upper()}"
            if variable in environment:
                found[name] = reader(environment[variable], variable)
        return cls(**found)  # type: ignore[arg-type]  # readers give each field its own type


def _text(value: str, _: str) -> str:
    return value


def _url(value: str, variable: str) -> str:
    if value and "://" not in value:
        raise InvalidInput(variable, value, "a URL such as https://host")
    return value.rstrip("/")


def _words(value: str, _: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _assets(value: str, variable: str) -> tuple[str, ...]:
    assets = _words(value.upper(), variable)
    for asset in assets:
        if asset not in KNOWN_ASSETS:
            raise Unknown(variable, asset, KNOWN_ASSETS)
    if not assets:
        raise InvalidInput(variable, value, f"some of {', '.join(KNOWN_ASSETS)}")
    return assets


def _share(value: str, variable: str) -> Decimal:
    share = parse_decimal(value, variable)
    if not 0 <= share < 1:
        raise InvalidInput(variable, value, "a share from 0 to below 1, such as 0.001")
    return share


def _money(value: str, variable: str) -> Decimal:
    money = parse_decimal(value, variable)
    if money <= 0:
        raise InvalidInput(variable, value, "an amount above 0")
    return money


def _count(value: str, variable: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) < 1:
        raise InvalidInput(variable, value, "a whole number from 1")
    return int(value)


def _seconds(value: str, variable: str) -> timedelta:
    seconds = _money(value, variable)
    if seconds > _DAY:
        raise InvalidInput(variable, value, f"seconds, at most {_DAY}")
    return timedelta(seconds=float(seconds))


def _world(value: str, variable: str) -> str:
    if value not in WORLDS:
        raise Unknown(variable, value, WORLDS)
    return value


def _endpoint(value: str, variable: str) -> str | None:
    return _url(value, variable) or None


_SPECIAL = {
    "assets": _assets,
    "aws_endpoint_url": _endpoint,
    "world": _world,
    "allowed_origins": _words,
    "fee": _share,
    "slippage": _share,
    "paper_money": _money,
    "order_batch": _count,
    "source_timeout": _seconds,
}
_READERS = {
    name: _SPECIAL.get(name, _url if name.endswith("_url") else _text)
    for name in Settings.__dataclass_fields__
}
