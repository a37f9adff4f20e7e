"""Everything that may differ between two installations, parsed once and checked.

Only `wiring` reads the environment; it hands the mapping to `Settings.parse`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import urlsplit

from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput, Unknown
from automoney.market.assets import ASSETS, WATCHED, asset_named
from automoney.model_settings import ModelSettings

WORLDS = ("live", "recorded", "synthetic")
_DAY = 86_400
_LONGEST_TTL = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Settings:
    """URLs end without a slash.

    `source_urls` and `source_keys` go by the name of an outside source (sources/table.py): they
    hold every other `AUTOMONEY_<NAME>_URL` and `AUTOMONEY_<NAME>_KEY` that is set and not empty.
    `ttls` are the lives of cached keys that differ from the table in stores/ttl.py, by its names.
    `models` says which language models are asked, and within what: see model_settings.py.
    """

    assets: tuple[str, ...] = WATCHED
    world: str = "live"  # shown on every screen: live, recorded or synthetic

    database_url: str = ""
    redis_url: str = ""
    aws_endpoint_url: str | None = None  # None is AWS itself
    aws_region: str = "eu-central-1"
    leases_table: str = "automoney-leases"
    connections_table: str = "automoney-connections"
    tickets_table: str = "automoney-tickets"
    rates_table: str = "automoney-rates"
    replies_table: str = "automoney-replies"
    orders_queue_url: str = ""
    events_queue_url: str = ""
    looks_queue_url: str = ""
    alerts_topic_arn: str = ""
    ws_management_url: str = ""
    ws_url: str = ""  # what clients are told to connect to

    source_urls: Mapping[str, str] = field(default=MappingProxyType({}), hash=False)
    source_keys: Mapping[str, str] = field(default=MappingProxyType({}), hash=False, repr=False)
    source_timeout: timedelta = timedelta(seconds=5)
    ttls: Mapping[str, timedelta] = field(default=MappingProxyType({}), hash=False)
    models: ModelSettings = field(default_factory=ModelSettings)

    jwt_issuer: str = ""
    jwt_audience: str = "automoney"
    jwks: str = field(default="", repr=False)  # the key set itself as JSON, or its URL
    allowed_origins: tuple[str, ...] = ()

    fee: Decimal = Decimal("0.001")
    slippage: Decimal = Decimal("0.0005")
    paper_money: Decimal = Decimal(100_000)
    order_batch: int = 25
    # Requests a minute and user to the REST API; the second while Redis is away.
    api_limit: int = 60
    api_limit_reduced: int = 30
    look_every: timedelta = timedelta(minutes=10)  # a user may have one fresh look in each

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
        found["source_urls"] = _by_source(environment, "_URL", _source_url)
        found["source_keys"] = _by_source(environment, "_KEY", _text)
        found["ttls"] = _ttls(environment)
        found["models"] = ModelSettings.parse(environment)
        return cls(**found)  # type: ignore[arg-type]  # readers give each field its own type


def _text(value: str, _: str) -> str:
    return value


def _url(value: str, variable: str) -> str:
    if value and "://" not in value:
        raise InvalidInput(variable, value, "a URL such as https://host")
    return value.rstrip("/")


def _source_url(value: str, variable: str) -> str:
    """The base of an API's addresses; never shown, for one with a password in it is refused."""
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:  # a port or an address in brackets that is none
        whole = False
    expected = "a URL such as https://host, with a path perhaps"
    if whole and "@" in parts.netloc:
        raise InvalidInput(variable, f"{parts.scheme}://***@{parts.hostname}", expected)
    if not whole or parts.query or parts.fragment:
        raise InvalidInput(variable, value, expected)
    return value.rstrip("/")


def _by_source(
    environment: Mapping[str, str], ending: str, reader: Callable[[str, str], str]
) -> Mapping[str, str]:
    found = {}
    for variable, value in environment.items():
        name = variable.removeprefix("AUTOMONEY_").removesuffix(ending).lower()
        ours = variable == f"AUTOMONEY_{name.upper()}{ending}"
        if ours and value and f"{name}{ending.lower()}" not in _READERS:
            found[name] = reader(value, variable)
    return MappingProxyType(found)


def _ttls(environment: Mapping[str, str]) -> Mapping[str, timedelta]:
    prefix = "AUTOMONEY_TTL_"
    return MappingProxyType(
        {
            variable.removeprefix(prefix).lower(): _ttl(value, variable)
            for variable, value in environment.items()
            if variable.startswith(prefix)
        }
    )


def _words(value: str, _: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _assets(value: str, variable: str) -> tuple[str, ...]:
    assets = tuple(dict.fromkeys(_words(value.upper(), variable)))
    if not assets:
        raise InvalidInput(variable, value, f"some of {', '.join(ASSETS)}")
    return tuple(asset_named(asset, variable).code for asset in assets)


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


def _ttl(value: str, variable: str) -> timedelta:
    seconds = _count(value, variable)
    if seconds > _LONGEST_TTL:
        raise InvalidInput(variable, value, f"whole seconds, at most {_LONGEST_TTL}")
    return timedelta(seconds=seconds)


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
    "api_limit": _count,
    "api_limit_reduced": _count,
    "look_every": _seconds,
    "source_timeout": _seconds,
}
_READERS = {
    name: _SPECIAL.get(name, _url if name.endswith("_url") else _text)
    for name in Settings.__dataclass_fields__
    if name not in ("source_urls", "source_keys", "ttls", "models")
}
