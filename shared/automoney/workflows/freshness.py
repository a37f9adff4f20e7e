"""How fresh a run's data are: each source with its own limit, and what becomes of it beyond that.

Beyond its limit a required source aborts the run; of any other the values are marked stale, the
agent that judges by them is degraded, and the run goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.market.candles import Timeframe
from automoney.market.readings import Reading
from automoney.market.series import SERIES
from automoney.market.snapshot import Snapshot

FRESH_PRICE = timedelta(minutes=15)
"""The oldest the newest price may be at the slot: three ticks of its collector."""

FRESH_DAY = timedelta(days=2)
"""The oldest the newest closed day may be: a day may be late, for the hours after it fill in."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """`age` of the newest value of `source` at the slot, None if there is none, and its limit.

    `source` is prices, candles, onchain, macro or sentiment, followed by what of it.
    """

    source: str
    what: str
    age: timedelta | None
    limit: timedelta
    required: bool

    @property
    def fresh(self) -> bool:
        return self.age is not None and self.age <= self.limit


def freshness(snapshot: Snapshot) -> list[Freshness]:
    """Of each input of one asset, those that every asset shares included, in a fixed order."""
    at = snapshot.as_of
    found = [Freshness("prices", snapshot.asset, at - snapshot.mark.at, FRESH_PRICE, required=True)]
    found += (
        Freshness(
            "candles",
            f"{snapshot.asset} {timeframe}",
            None if outlook.known_until is None else at - outlook.known_until,
            candle_limit(timeframe),
            required=True,
        )
        for timeframe, outlook in snapshot.outlooks.items()
    )
    for name, series in SERIES.items():
        since = real_since(snapshot.series.get(name, ()))
        age = None if since is None else at - since
        what = f"{snapshot.asset} {name}" if series.per_asset else name
        found.append(Freshness(series.group, what, age, series.stale_after, required=False))
    return found


def real_since(readings: Sequence[Reading]) -> datetime | None:
    """Since when the newest real value is known; a default is none."""
    return next((one.available_at for one in reversed(readings) if one.real), None)


def candle_limit(timeframe: Timeframe) -> timedelta:
    """The oldest the end of the newest closed bar may be; for weeks, of the newest closed day."""
    return FRESH_DAY if timeframe is Timeframe.W1 else timeframe.duration


def in_words(snapshots: Mapping[str, Snapshot], at: datetime) -> str:
    """One clause a source: the ages of its values, the limit, and what is stale or absent."""
    by_source: dict[str, dict[str, Freshness]] = {}
    for snapshot in snapshots.values():
        for one in freshness(snapshot):
            by_source.setdefault(one.source, {})[one.what] = one
    return "; ".join(_clause(source, list(found.values())) for source, found in by_source.items())


def _clause(source: str, found: list[Freshness]) -> str:
    ages = sorted(one.age for one in found if one.age is not None)
    limits = sorted({one.limit for one in found})
    kind = "required" if found[0].required else "else degraded"
    said = f"{source} {_span(ages)} old (limit {_span(limits)}, {kind})" if ages else source
    stale = sorted({one.what for one in found if one.age is not None and not one.fresh})
    absent = sorted({one.what for one in found if one.age is None})
    for label, names in (("stale", stale), ("absent", absent)):
        if names:
            said += f", {label}: {', '.join(names)}"
    return said


def _span(times: list[timedelta]) -> str:
    least, most = in_units(times[0]), in_units(times[-1])
    return least if least == most else f"{least} to {most}"


def in_units(time: timedelta) -> str:
    """`45 s`, `12 min`, `3.5 h` or `2.0 d`."""
    seconds = time.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"
