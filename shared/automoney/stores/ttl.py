"""How long each cached key lives: THE table, with the description's values (3.3.1).

A collector's key lives for its period plus grace.  The description's 10 seconds for a price would
leave the key absent for most of a collector's five minutes; they apply to a price that a read had
to put together from Postgres: see DESIGN.  `AUTOMONEY_TTL_<NAME>` changes one, in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from automoney.errors import Unknown

GRACE = timedelta(minutes=10)  # what a collector may take after its slot


@dataclass(frozen=True, slots=True)
class Lives:
    """The lives of keys; each name but for its case is that of the setting that changes it."""

    latest_price: timedelta = timedelta(minutes=10)
    rebuilt_price: timedelta = timedelta(seconds=10)
    candles: timedelta = timedelta(hours=1) + GRACE
    state: timedelta = timedelta(days=8)
    scores: timedelta = timedelta(hours=4) + GRACE
    onchain: timedelta = timedelta(hours=1) + GRACE
    sentiment: timedelta = timedelta(hours=1) + GRACE
    macro: timedelta = timedelta(hours=24) + GRACE

    @classmethod
    def changed_by(cls, settings: Mapping[str, timedelta]) -> "Lives":
        """The table with some lives changed; Unknown for a name that is not in it."""
        for name in settings:
            if name not in cls.__dataclass_fields__:
                raise Unknown("setting", _setting(name), map(_setting, cls.__dataclass_fields__))
        return replace(cls(), **settings)

    def of_group(self, group: str) -> timedelta:
        """`onchain`, `macro` or `sentiment`."""
        life: timedelta = getattr(self, group)
        return life


def _setting(name: str) -> str:
    return f"AUTOMONEY_TTL_{name.upper()}"
