"""THE table of outside sources: adding one is its module and a row here.

Rows of a group stand in order of preference: a collector asks the next one when one fails.
"""

from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from automoney.errors import Unknown

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` requests in any span of `per`, counted by us over all functions."""

    calls: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Source:
    """One outside API.

    `group` is prices, onchain, macro or sentiment.  `made_by` names the class, imported when it is
    first wanted and called with (transport, base URL) or, if `keyed`, (transport, base URL, key);
    a keyed source without a key is passed over.  `AUTOMONEY_<NAME>_URL` and `AUTOMONEY_<NAME>_KEY`
    are its settings.  `limits` are kept by a stored budget before any request leaves.  What it
    gives is marked with its `name`.
    """

    name: str
    group: str
    made_by: str
    url: str
    keyed: bool = False
    limits: tuple[Limit, ...] = ()

    def made(self, transport: object, url: str, key: str = "") -> Any:
        """The source itself, asked through `transport`: the group says which Protocol it meets."""
        module, _, name = self.made_by.partition(":")
        make = getattr(import_module(module), name)
        return make(transport, url, key) if self.keyed else make(transport, url)


SOURCES: tuple[Source, ...] = (
    Source(
        "binance",
        "prices",
        "automoney.sources.binance:Binance",
        "https://data-api.binance.vision",
    ),
    Source(
        "coingecko",
        "prices",
        "automoney.sources.coingecko:CoinGecko",
        "https://api.coingecko.com",
        # Documented as 5 to 15 a minute for who has no key, as its servers can bear.
        limits=(Limit(10, _MINUTE),),
    ),
    Source(
        "glassnode",
        "onchain",
        "automoney.sources.glassnode:Glassnode",
        "https://api.glassnode.com",
        keyed=True,
        limits=(Limit(10, _MINUTE),),  # the description's plan: 10 calls a minute
    ),
    Source(
        "coinmetrics",
        "onchain",
        "automoney.sources.coinmetrics:CoinMetrics",
        "https://community-api.coinmetrics.io",
        limits=(Limit(10, timedelta(seconds=6)),),
    ),
    Source(
        "fred",
        "macro",
        "automoney.sources.fred:Fred",
        "https://api.stlouisfed.org",
        keyed=True,
    ),
    Source(
        "fred_csv",
        "macro",
        "automoney.sources.fred_csv:FredCsv",
        "https://fred.stlouisfed.org",
    ),
    Source(
        "alternative_me",
        "sentiment",
        "automoney.sources.alternative_me:AlternativeMe",
        "https://api.alternative.me",
    ),
)


def sources_of(group: str) -> tuple[Source, ...]:
    """The rows of a group, the best first."""
    return tuple(source for source in SOURCES if source.group == group)


def source_named(name: str) -> Source:
    """The row called `name`; Unknown lists them all otherwise."""
    for source in SOURCES:
        if source.name == name:
            return source
    raise Unknown("source", name, (source.name for source in SOURCES))
