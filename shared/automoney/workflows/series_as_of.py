"""The series that agents judge by, as of a slot: gaps filled, and which of them are stale.

Little of it changes from slot to slot, so what was filled in is kept while it holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from automoney.market.cleaning import fill_series, filled_until
from automoney.market.readings import Reading
from automoney.market.series import Series, series_of
from automoney.market.snapshot import KnownSeries, WorkedOut
from automoney.ports import Readings
from automoney.quickly import quickly_made
from automoney.workflows.freshness import real_since

# How far back the agents look, at least.
_SPANS = {
    "onchain": timedelta(days=380),  # the judge takes yearly medians
    "macro": timedelta(days=480),
    "sentiment": timedelta(days=40),
}
_TABLES = {group: {series.name: series for series in series_of(group)} for group in _SPANS}
_NAMES = {group: tuple(table) for group, table in _TABLES.items()}
_NEXT = timedelta(microseconds=1)  # the next moment there is
_NEVER = datetime.max.replace(tzinfo=UTC)


class Fill(Protocol):
    """What makes series whole: see `cleaning.fill_series`."""

    def __call__(
        self, series: Series, readings: Sequence[Reading], *, as_of: datetime
    ) -> tuple[Reading, ...]: ...


@quickly_made
@dataclass(frozen=True, slots=True)
class _Filled:
    """One series, made whole at `at` out of `given`; it holds from then to before `until`."""

    given: Sequence[Reading]
    at: datetime
    until: datetime
    readings: tuple[Reading, ...]
    stale: bool


@quickly_made
@dataclass(frozen=True, slots=True)
class _Group:
    """One group's series and those that are stale; they hold to before `until`.

    They were made from what was known at `at`, which is `history`.
    """

    history: Mapping[str, tuple[Reading, ...]]
    at: datetime
    until: datetime
    series: Mapping[str, tuple[Reading, ...]]
    stale: frozenset[str]
    worked_out: WorkedOut = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """The series about an asset and about none in particular, and the names of the stale ones."""

    series: KnownSeries
    stale: frozenset[str]
    groups: tuple[_Group, ...]


class SeriesReader(Protocol):
    """Where a run gets the series that agents judge by."""

    def known(self, asset: str, as_of: datetime) -> Known:
        """What may be known at `as_of`; a series without any reading is left out."""


@dataclass(frozen=True, slots=True)
class SeriesAsOf:
    """Meets `SeriesReader` from `readings`; the same answer is the same object while it holds.

    `fill` is `cleaning.fill_series`, or what says the same sooner of the readings that it knows.
    """

    readings: Readings
    fill: Fill = fill_series
    _filled: dict[tuple[str, str | None], _Filled] = field(
        default_factory=dict, init=False, repr=False
    )
    _groups: dict[tuple[str, str | None], _Group] = field(
        default_factory=dict, init=False, repr=False
    )
    _known: dict[str, Known] = field(default_factory=dict, init=False, repr=False)
    _of_none: dict[tuple[int, int], tuple[_Group, _Group, WorkedOut]] = field(
        default_factory=dict, init=False, repr=False
    )

    def known(self, asset: str, as_of: datetime) -> Known:
        macro = self._group("macro", None, as_of)
        sentiment = self._group("sentiment", None, as_of)
        onchain = self._group("onchain", asset, as_of)
        groups = (macro, sentiment, onchain)
        known = self._known.get(asset)
        if known is None or any(a is not b for a, b in zip(known.groups, groups, strict=True)):
            series = {name: one for group in groups for name, one in group.series.items()}
            known = self._known[asset] = Known(
                KnownSeries(series, self._worked_out(macro, sentiment), onchain.worked_out),
                frozenset(name for group in groups for name in group.stale),
                groups,
            )
        return known

    def _worked_out(self, macro: _Group, sentiment: _Group) -> WorkedOut:
        """What is worked out of these two, which all assets share."""
        key = id(macro), id(sentiment)
        kept = self._of_none.get(key)
        if kept is None:
            self._of_none.clear()
            kept = self._of_none[key] = macro, sentiment, {}  # held, so that ids stay theirs
        return kept[2]

    def _group(self, name: str, asset: str | None, as_of: datetime) -> _Group:
        kept = self._groups.get((name, asset))
        since = _quarter(as_of - _SPANS[name])
        history = self.readings.history(_NAMES[name], asset, since=since, as_of=as_of)
        if kept is None or kept.history is not history or not kept.at <= as_of < kept.until:
            kept = self._groups[name, asset] = self._made(name, asset, history, as_of)
        return kept

    def _made(
        self,
        group: str,
        asset: str | None,
        history: Mapping[str, tuple[Reading, ...]],
        as_of: datetime,
    ) -> _Group:
        series, stale, until = {}, [], _NEVER
        for name, one in _TABLES[group].items():
            given = history.get(name, ())
            filled = self._filled.get((name, asset))
            if filled is None or filled.given is not given or not filled.at <= as_of < filled.until:
                filled = self._filled[name, asset] = self._made_whole(one, given, as_of)
            until = min(until, filled.until)
            if filled.readings:
                series[name] = filled.readings
            if filled.stale:
                stale.append(name)
        return _Group(history, as_of, until, series, frozenset(stale))

    def _made_whole(self, series: Series, given: Sequence[Reading], as_of: datetime) -> _Filled:
        readings = self.fill(series, given, as_of=as_of)
        if not readings:
            return _Filled(given, as_of, _NEVER, (), stale=False)
        since = real_since(readings)
        stale = series.is_stale(since, as_of)
        changes = [filled_until(series, readings, as_of)]
        if since is not None and not stale:
            changes.append(since + series.stale_after + _NEXT)
        until = min((change for change in changes if change is not None), default=_NEVER)
        return _Filled(given, as_of, until, readings, stale)


def _quarter(moment: datetime) -> datetime:
    """When the quarter of the year began: a window that moved every day would be new every day."""
    month = moment.month - (moment.month - 1) % 3
    return moment.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)
