"""By the name of a source: what it would answer, the room that collects it, what must hold then."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Protocol

from automoney.sources.table import SOURCES, source_named
from automoney.transport import Transport
from tests.fuzz import claims_prices, claims_series
from tests.fuzz.cases import Body, Mutant, mutant
from tests.fuzz.outcomes import Outcome
from tests.fuzz.outside import URL
from tests.fuzz.price_bodies import PriceBodies
from tests.fuzz.price_room import PriceRoom
from tests.fuzz.series_bodies import SeriesBodies
from tests.fuzz.series_room import SeriesRoom

NAMES = tuple(source.name for source in SOURCES)


class Room(Protocol):
    async def outcome(self, mutant: Mutant) -> Outcome: ...


@dataclass(frozen=True)
class Fuzzed:
    """One source with all that its payloads need."""

    source: str
    make: Callable[[Random], Body]
    room: Room
    check: Callable[[Mutant, Outcome], list[str]]

    def mutant(self, index: int) -> Mutant:
        return mutant(self.source, index, self.make)


@dataclass(frozen=True)
class Fuzz:
    """Builds `Fuzzed` sources on the market data; `patch` is `monkeypatch.setattr`."""

    prices: PriceBodies
    series: SeriesBodies
    patch: Callable[[Any, str, object], None]

    @classmethod
    def on(cls, market_data: Path, patch: Callable[[Any, str, object], None]) -> "Fuzz":
        return cls(PriceBodies(market_data / "api-bodies"), SeriesBodies(market_data), patch)

    def of(self, name: str, make: Callable[[Transport], Any] | None = None) -> Fuzzed:
        """The source called `name`, or what `make` builds in its place."""
        row = source_named(name)
        make = make or (lambda transport: row.made(transport, URL, "key"))
        if row.group == "prices":
            room: Room = PriceRoom(name, make)
            return Fuzzed(name, self.prices.makers[name], room, claims_prices.check)
        room = SeriesRoom(name, row.group, make, self.patch)
        return Fuzzed(name, self.series.makers[name], room, claims_series.check)
