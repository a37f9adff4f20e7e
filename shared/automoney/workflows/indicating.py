"""Indicator states as of a slot: from the cache where it fits what is stored, else built anew.

A state that was cached or remembered counts only if the stored history is still the one that it was
built on and goes on where it ends.  It is never patched, so all who ask get the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automoney.errors import InvalidInput
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.snapshot import Outlook
from automoney.market.tracking import (
    TRACKED,
    Tracked,
    advance,
    built_from,
    outlook,
    rebuild,
    tracked_since,
)
from automoney.observability import logger
from automoney.ports import Candles, MarketCache, States
from automoney.workflows.known_bars import Key, KnownBars


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, and the stored bars it is built from that it has not taken in: the open week's days.

    `state` is None while no whole bar is stored.
    """

    state: Tracked | None
    rest: Sequence[Candle]

    @property
    def known_until(self) -> datetime | None:
        """Until when bars are stored; None if there are none."""
        if self.rest:
            return self.rest[-1].close_time
        return self.state.until if self.state else None


def standing(
    asset: str, timeframe: Timeframe, at: datetime, *, candles: Candles, cache: States
) -> Standing:
    """The state as of `at`, brought up to the newest stored bar that had closed by then."""
    base = built_from(timeframe)
    # Before the bars: whatever changes in between is then seen the next time.
    revision = candles.revision(asset, base)
    cached = _cached(asset, timeframe, cache)
    if cached is not None and cached.fits(revision, at):
        bars = candles.closed(asset, base, since=cached.until, by=at)
        state = advance(cached, bars)
        if state is not None:
            return Standing(state, _after(state, bars))
    bars = candles.closed(asset, base, since=tracked_since(timeframe, at), by=at)
    state = rebuild(timeframe, bars, revision=revision, at=at)
    return Standing(state, _after(state, bars))


def look(
    mark: Mark, timeframe: Timeframe, at: datetime, *, candles: Candles, cache: MarketCache
) -> Outlook | None:
    """The open bar of the asset that `mark` prices, and its indicators, as of `at`.

    None where no closed bar is stored yet, or more than one is missing before the open one.
    """
    found = standing(mark.asset, timeframe, at, candles=candles, cache=cache)
    if found.state is None or found.state.is_behind(at):
        return None
    return outlook_of(found, timeframe, mark, at, candles=candles)


def outlook_of(
    found: Standing, timeframe: Timeframe, mark: Mark, at: datetime, *, candles: Candles
) -> Outlook:
    """The open bar that follows, from the stored hours in it and `mark`, and its indicators."""
    since = found.known_until or timeframe.open_time(at)
    hours = candles.closed(mark.asset, Timeframe.H1, since=since, by=at)
    return outlook(found.state, timeframe, mark, days=found.rest, hours=hours, at=at)


@dataclass(slots=True)
class RememberedStates:
    """The states of a process that sees every bar close: carried on without reading anything.

    The stored revision is looked at when a bar was stored, or a state is read from elsewhere.
    """

    candles: Candles
    cache: MarketCache
    known: KnownBars
    _states: dict[Key, Tracked | None] = field(default_factory=dict)
    _unsure: set[Key] = field(default_factory=set)
    _renewed: set[Key] = field(default_factory=set)

    def expect_change(self, key: Key) -> None:
        """Bars of `key` are about to be stored: what is built from them has to be looked at."""
        asset, base = key
        self._unsure |= {(asset, one) for one in TRACKED if built_from(one) is base}

    def state(self, key: Key, at: datetime) -> Tracked | None:
        """The state as of `at`."""
        before = self._states.get(key)
        if key in self._states and key not in self._unsure and _serves(before, at):
            return before
        state = self._carried_on(before, key, at) if before else None
        if state is None:
            state = standing(*key, at, candles=self.candles, cache=self.cache).state
        self._states[key] = state
        self._unsure.discard(key)
        if state is not None and state is not before:
            self._renewed.add(key)
        return state

    def renewed(self) -> dict[Key, dict[str, Any]]:
        """What the cache is to have: the dumps of states that have changed since the last call."""
        keys, self._renewed = self._renewed, set()
        return {key: state.dump() for key in sorted(keys) if (state := self._states[key])}

    def _carried_on(self, before: Tracked, key: Key, at: datetime) -> Tracked | None:
        asset, timeframe = key
        base = (asset, built_from(timeframe))
        if not before.fits(self.candles.revision(*base), at):
            self.known.forget(base)
            return None
        bars = self.known.newest(base, at)
        since = before.until
        return advance(
            before, [bar for bar in bars if since <= bar.open_time < bar.close_time <= at]
        )


def _serves(state: Tracked | None, at: datetime) -> bool:
    return state is None or state.fits(state.revision, at)


def _after(state: Tracked | None, bars: Sequence[Candle]) -> Sequence[Candle]:
    return bars if state is None else [bar for bar in bars if bar.open_time >= state.until]


def _cached(asset: str, timeframe: Timeframe, cache: States) -> Tracked | None:
    """What the cache holds, or None if it is not what was once put there."""
    found = cache.state(asset, timeframe)
    if found is None:
        return None
    try:
        state = Tracked.load(found)
    except InvalidInput as error:
        logger.warning(
            "cached indicator state is unreadable",
            extra={"asset": asset, "timeframe": timeframe.value, "error": str(error)},
        )
        return None
    return state if state.timeframe is timeframe else None
