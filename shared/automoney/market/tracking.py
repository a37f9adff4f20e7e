"""Indicator states: the closed bars of a timeframe before a moment, and the bar still open.  Pure.

Weeks are built from stored closed days, the other timeframes from stored bars of their own, so that
a state can always be rebuilt.  A bar counts as closed once it is stored, a week once its Sunday is;
until then it is open and only peeked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from automoney.encoding import parse_utc, plain
from automoney.errors import InvalidInput
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.indicators import IndicatorState, prices
from automoney.market.snapshot import Indicators, Outlook

TRACKED = (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)

_BEGINNING = datetime(2009, 1, 3, tzinfo=UTC)  # before any market for it
# Finer bars are not kept for ever, so their states begin anew every `_ERA` bars, `_WARM` bars back:
# an EMA55 has then lost all weight of its seed, and never are more than 1,440 stored bars needed.
_ERA, _WARM = 360, 1080
_FINE = (Timeframe.H1, Timeframe.H4)
# How long these are kept: as many bars as a state is ever rebuilt from.  The others stay for ever.
KEPT_FOR = {timeframe: (_ERA + _WARM) * timeframe.duration for timeframe in _FINE}
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
_NO_VOLUME = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tracked:
    """`indicators` have seen every bar of `timeframe` that was stored in `since <= time < until`.

    `closed_at` is when that could be known: `until`, but for a week whose Sunday is missing.
    `revision` is that of the stored history it was built on, `built_from(timeframe)`'s; see
    `ports.Candles`.  Treat the state inside as frozen too: `advance` works on a copy.
    """

    timeframe: Timeframe
    since: datetime
    until: datetime
    closed_at: datetime
    revision: int
    indicators: IndicatorState

    def fits(self, revision: int, at: datetime) -> bool:
        """Whether it may be gone on with at `at`: of this history, not ahead, and begun in time."""
        return (
            self.revision == revision
            and self.closed_at <= at
            and self.since == tracked_since(self.timeframe, at)
        )

    def is_behind(self, at: datetime) -> bool:
        """Whether more than the bar that is open at `at` is missing: no open bar can be told."""
        return at - self.until >= 2 * self.timeframe.duration

    def dump(self) -> dict[str, Any]:
        """Plain JSON for `load`."""
        return {
            "timeframe": self.timeframe.value,
            "since": plain(self.since),
            "until": plain(self.until),
            "closed_at": plain(self.closed_at),
            "revision": self.revision,
            "indicators": self.indicators.dump(),
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Tracked":
        """What `dump` described; InvalidInput for anything else: build it anew then."""
        try:
            timeframe = Timeframe(data["timeframe"])
            revision = int(data["revision"])
            since, until, closed_at = (
                parse_utc(data[name], name) for name in ("since", "until", "closed_at")
            )
            indicators = IndicatorState.load(data["indicators"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("tracked state", type(error).__name__, "a dump of one") from error
        if timeframe.open_time(until) != until or not since <= until <= closed_at:
            raise InvalidInput("until", data["until"], f"the start of a {timeframe.value} bar")
        return cls(timeframe, since, until, closed_at, revision, indicators)


# ---------------------------------------------------------------- closed bars


def built_from(timeframe: Timeframe) -> Timeframe:
    """The timeframe of the stored bars that states of `timeframe` are built from."""
    return Timeframe.D1 if timeframe is Timeframe.W1 else timeframe


def tracked_since(timeframe: Timeframe, at: datetime) -> datetime:
    """From when on a state that serves at `at` wants bars: 1,080 to 1,440 fine ones, else all.

    It depends on nothing but the two, so that everyone who builds one gets the same figures,
    whatever has been purged or remembered.
    """
    if timeframe not in _FINE:
        return _BEGINNING
    bar = timeframe.duration
    return at - (at - _EPOCH) % (_ERA * bar) - _WARM * bar


def rebuild(
    timeframe: Timeframe, bars: Sequence[Candle], *, revision: int, at: datetime
) -> Tracked | None:
    """The state from stored `bars` alone: of `built_from(timeframe)`, closed by `at`, oldest first.

    `bars` before `tracked_since` are passed over.  None while no whole bar has been seen.
    """
    since = tracked_since(timeframe, at)
    wanted = [bar for bar in bars if bar.open_time >= since]
    if not wanted:
        return None
    indicators = IndicatorState()
    for bar in _closed(timeframe, wanted):
        indicators.update(*prices(bar))
    if not indicators.bars:
        return None
    return Tracked(timeframe, since, *_closing(timeframe, wanted), revision, indicators)


def advance(state: Tracked, bars: Sequence[Candle]) -> Tracked | None:
    """Take in the bars that have closed since: stored ones from `state.until` on, oldest first.

    None if they do not go on where the state ends: then it has to be rebuilt, not patched.
    """
    if not bars:
        return state
    if bars[0].open_time != state.until:
        return None
    until, closed_at = _closing(state.timeframe, bars)
    if until == state.until:
        return state
    indicators = IndicatorState.load(state.indicators.dump())
    for bar in _closed(state.timeframe, bars):
        indicators.update(*prices(bar))
    return replace(state, until=until, closed_at=closed_at, indicators=indicators)


def _closing(timeframe: Timeframe, bars: Sequence[Candle]) -> tuple[datetime, datetime]:
    """Until when bars of `timeframe` have closed, and with which of `bars` that became known."""
    until = timeframe.open_time(bars[-1].close_time)
    return until, next(bar.close_time for bar in bars if bar.close_time >= until)


def _closed(timeframe: Timeframe, bars: Sequence[Candle]) -> Iterable[Candle]:
    if timeframe is not Timeframe.W1:
        return bars
    until, _ = _closing(timeframe, bars)
    return aggregate((day for day in bars if day.close_time <= until), timeframe)


# ---------------------------------------------------------------- the open bar


def outlook(
    state: Tracked | None,
    timeframe: Timeframe,
    mark: Mark,
    *,
    days: Sequence[Candle],
    hours: Sequence[Candle],
    at: datetime,
) -> Outlook:
    """The open bar as of `at`, put together from what has closed inside it, and `mark`.

    `days` and `hours` are stored bars, oldest first; those before the open bar or not closed by
    `at` are passed over.  Days count for weeks alone; an open hour is `mark` alone, for nothing
    finer is kept.
    """
    opens = state.until if state else None
    coarse = [] if timeframe is not Timeframe.W1 else list(_between(opens, days, at))
    if opens is None:
        opens = timeframe.open_time(coarse[0].open_time if coarse else at)
    known_until = coarse[-1].close_time if coarse else opens
    bar = open_bar(timeframe, opens, [*coarse, *_between(known_until, hours, at)], mark)
    return Outlook(bar, indicators_with(state, bar), known_until)


class Part(Protocol):
    """What has closed inside an open bar: a candle, or several as one."""

    @property
    def open(self) -> Decimal: ...
    @property
    def high(self) -> Decimal: ...
    @property
    def low(self) -> Decimal: ...
    @property
    def volume(self) -> Decimal | None: ...
    @property
    def anomalous(self) -> bool: ...


def open_bar(timeframe: Timeframe, opens: datetime, parts: Sequence[Part], mark: Mark) -> Candle:
    """The bar that opened at `opens`, from closed finer `parts` of it, oldest first, and `mark`.

    `mark` gives the close, and stretches high and low; its volume is unknown and left out.
    """
    close = high = low = mark.price
    volume = _NO_VOLUME if parts else None
    anomalous = mark.anomalous
    for part in parts:
        high = max(high, part.high)
        low = min(low, part.low)
        volume = None if volume is None or part.volume is None else volume + part.volume
        anomalous = anomalous or part.anomalous
    first = parts[0].open if parts else close
    return Candle(
        mark.asset, timeframe, opens, first, high, low, close, volume, mark.source, anomalous
    )


def indicators_with(state: Tracked | None, bar: Candle) -> Indicators:
    """The indicators as if the open `bar` closed now; the state stays as it is."""
    indicators = state.indicators if state else IndicatorState()
    return indicators.peek(*prices(bar))


def _between(since: datetime | None, bars: Iterable[Candle], until: datetime) -> Iterator[Candle]:
    return (
        bar for bar in bars if (since is None or bar.open_time >= since) and bar.close_time <= until
    )
