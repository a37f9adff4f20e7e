"""What the three rule-based judges share: a rule, a measurement, and how they become a score.

A rule measures one thing in the snapshot and reads its strength, -1 (get out) to 1 (get in), off
a curve.  A judge is a table of such rules with weights; what is absent leaves its weight to the
others, so a score always uses the whole scale, and lowers the confidence instead.  Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import pairwise
from math import isfinite
from operator import attrgetter
from typing import NamedTuple

from automoney.errors import DataMissing
from automoney.market.readings import Filled, Reading
from automoney.market.snapshot import KnownSeries, Snapshot
from automoney.trading.judgement import Factor, Score

Curve = tuple[tuple[float, float], ...]
"""Corners (value, strength), values ascending; straight lines between them, flat outside."""

Words = tuple[tuple[float, str], ...]
"""(limit, what it means below that limit), limits ascending, the last one infinite."""

Lines = tuple[tuple[float, ...], tuple[tuple[float, float, float, float], ...]]
"""A curve to be read off quickly: where its corners are, and the line that leads to each of them
and beyond the last: (low, rise, left, run) for `low + rise * (value - left) / run`."""

_period, _value = attrgetter("period"), attrgetter("value")

_ENOUGH = 0.25
"""The share of a table's weight below which what is left may no longer speak for all of it."""

_WEAKER = 0.5
"""How much a value counts for confidence if it is stale, a stand-in or a default."""


class Measured(NamedTuple):
    """A rule's `value` in its own unit, with what is needed to know how far to trust it.

    `available_at` is when the newest input could be known, `sources` who said so.
    """

    value: float
    available_at: datetime
    sources: tuple[str, ...]
    stale: bool = False
    proxy: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a judge's table.

    `weight` is relative to the other rules'.  `says` formats the value (`{:.1f}`) and `words` adds
    what such a value means.  `source` is where the rule comes from, for whoever doubts it.
    """

    name: str
    weight: float
    measure: Callable[[Snapshot], Measured | None]
    curve: Curve
    says: str
    words: Words
    source: str
    lines: Lines = field(init=False, repr=False, compare=False)  # of `curve`

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", lines_of(self.curve))

    def note(self, value: float) -> str:
        """The value in plain words."""
        meaning = next(words for limit, words in self.words if value < limit)
        return f"{self.says.format(value)}: {meaning}"


class _Verdict(NamedTuple):
    """What a table says of a snapshot, apart from when that is.

    `weighed` are the rules whose measurements may be used, and the points that each gives.
    """

    value: float
    confidence: float
    sources: tuple[str, ...]
    degraded: bool
    weighed: tuple[Sequence[tuple[Rule, Measured]], Sequence[float]]


def score_by(agent: str, rules: Sequence[Rule], snapshot: Snapshot) -> Score:
    """Judge `snapshot` by a table of rules.

    A stale value is still used, but makes the score degraded; a stale stand-in (proxy) is left out
    as if it were absent, because it was only ever second best.  Factors with less than a quarter
    of the table's weight (a mood index without any macro series) do not take over the rest: they
    count as if a quarter were there, and the score is degraded.

    Returns:
        The score.  Its factors come in the order of the table, absent ones with value None, and
        their contributions sum to its value.

    Raises:
        DataMissing: no rule found its input.
    """
    return _score(agent, rules, snapshot, _verdict(agent, rules, snapshot))


def score_by_series(
    agent: str, rules: Sequence[Rule], snapshot: Snapshot, *, per_asset: bool
) -> Score:
    """`score_by` for rules that measure nothing but series, such as change once a day.

    What was worked out of the very same series is not worked out again.  `per_asset` says whether
    they are those about the asset, or those about none in particular.
    """
    series = snapshot.series
    if not isinstance(series, KnownSeries):
        return score_by(agent, rules, snapshot)
    worked_out = series.of_asset if per_asset else series.of_none
    name = (agent, snapshot.stale)
    table, verdict = worked_out.get(name, (None, None))
    if table is not rules:
        verdict = _verdict(agent, rules, snapshot)
        worked_out[name] = rules, verdict
    return _score(agent, rules, snapshot, verdict)


def _verdict(agent: str, rules: Sequence[Rule], snapshot: Snapshot) -> _Verdict:
    usable: list[tuple[Rule, Measured]] = []
    strengths: list[float] = []
    weights: list[float] = []
    weaker: list[int] = []  # which of them count less for confidence
    told: set[tuple[str, ...]] = set()
    any_stale = False
    for rule in rules:
        taken = rule.measure(snapshot)
        if taken is None:
            continue
        value, _, sources, stale, proxy, filled = taken
        if not isfinite(value) or (stale and proxy):
            continue
        if stale or proxy or filled:
            weaker.append(len(weights))
            any_stale = any_stale or stale
        usable.append((rule, taken))
        corners, lines = rule.lines
        low, rise, left, run = lines[bisect_left(corners, value)]  # `along`, without the calls
        strengths.append(low + rise * (value - left) / run)
        weights.append(rule.weight)
        told.add(sources)
    if not usable:
        wanted = ", ".join(rule.name for rule in rules)
        raise DataMissing(f"{agent} has nothing to judge {snapshot.asset} by: no {wanted}")
    absent = len(usable) < len(rules)
    whole = tuple([rule.weight for rule in rules]) if absent else None
    shares = _shares(tuple(weights), tuple(weaker), whole)
    points = [
        round(full * strength, 2) + 0.0  # no negative zero on a screen
        for full, strength in zip(shares.full, strengths, strict=True)
    ]
    return _Verdict(
        max(-100.0, min(100.0, round(sum(points), 2))) + 0.0,
        shares.confidence,
        _names(frozenset(told)),
        any_stale or not shares.enough,
        (usable, points),
    )


class _Shares(NamedTuple):
    """What weights come to: the points that each rule gives at `full` strength, the confidence,
    and whether they are `enough` to speak for the whole table.
    """

    full: tuple[float, ...]
    confidence: float
    enough: bool


@lru_cache(maxsize=512)  # the same few rules are absent or weaker day after day
def _shares(
    weights: tuple[float, ...], weaker: tuple[int, ...], table: tuple[float, ...] | None
) -> _Shares:
    """Of the `weights` of usable rules, some of them `weaker` (by index), in a `table` of such;
    None for a table of which all are usable.
    """
    present = sum(weights)
    whole = present if table is None else sum(table)
    enough = _ENOUGH * whole
    divisor = max(present, enough)
    trusted = [
        weight * _WEAKER if index in weaker else weight for index, weight in enumerate(weights)
    ]
    return _Shares(
        tuple(100 * weight / divisor for weight in weights),
        round(sum(trusted) / whole, 2),
        present >= enough,
    )


@lru_cache(maxsize=512)
def _names(told: frozenset[tuple[str, ...]]) -> tuple[str, ...]:
    """Each source once, in their order."""
    return tuple(sorted({name for names in told for name in names}))


def _score(agent: str, rules: Sequence[Rule], snapshot: Snapshot, verdict: _Verdict) -> Score:
    as_of = snapshot.as_of
    return Score.by_rules(
        agent,
        verdict.value,
        verdict.confidence,
        in_words=partial(_in_words, agent, rules, snapshot.asset, as_of, verdict),
        sources=verdict.sources,
        judged_at=as_of,
        degraded=verdict.degraded,
    )


def _in_words(
    agent: str, rules: Sequence[Rule], asset: str, as_of: datetime, verdict: _Verdict
) -> tuple[str, tuple[Factor, ...]]:
    usable, points = verdict.weighed
    factors = {
        rule.name: _factor(rule, taken, contribution, as_of)
        for (rule, taken), contribution in zip(usable, points, strict=True)
    }
    absent = [rule.name for rule in rules if rule.name not in factors]
    reasoning = _reasoning(agent, asset, verdict.value, tuple(factors.values()), absent)
    return reasoning, tuple(
        factors.get(rule.name, Factor(rule.name, None, 0.0, "no data")) for rule in rules
    )


def along(curve: Curve, value: float) -> float:
    """The strength at `value` on the curve."""
    corners, lines = lines_of(curve)
    low, rise, left, run = lines[bisect_left(corners, value)]
    return low + rise * (value - left) / run


def lines_of(curve: Curve) -> Lines:
    """The curve as `Lines`; flat ones lead to its first corner and on from its last."""
    (_, first), (_, last) = curve[0], curve[-1]
    between = (
        (low, high - low, left, right - left) for (left, low), (right, high) in pairwise(curve)
    )
    return (
        tuple(corner for corner, _ in curve),
        ((first, 0.0, 0.0, 1.0), *between, (last, 0.0, 0.0, 1.0)),
    )


# ---------------------------------------------------------------- measuring


def measured(snapshot: Snapshot, value: float | None, *names: str) -> Measured | None:
    """`value` as worked out from the named series' newest readings; None if it is None."""
    if value is None:
        return None
    newest = [reading for name in names if (reading := snapshot.latest(name)) is not None]
    stale = not snapshot.stale.isdisjoint(names)
    if len(newest) == 1:
        (one,) = newest
        filled = one.filled is Filled.DEFAULT
        return Measured(value, one.available_at, (one.source,), stale, one.proxy, filled)
    return Measured(
        value=value,
        available_at=max(reading.available_at for reading in newest),
        sources=tuple(reading.source for reading in newest),
        stale=stale,
        proxy=any(reading.proxy for reading in newest),
        filled=any(reading.filled is Filled.DEFAULT for reading in newest),
    )


def level(snapshot: Snapshot, name: str) -> float | None:
    """The newest value of a series."""
    reading = snapshot.latest(name)
    return None if reading is None else reading.value


def earlier(readings: Sequence[Reading], ago: timedelta) -> float | None:
    """The value for the period `ago` before the newest one, or the nearest before that.

    None if that lies more than a quarter of `ago` further back: it would answer something else.
    """
    if not readings:
        return None
    then = readings[-1].period - ago
    index = bisect_right(readings, then, key=_period) - 1
    if index < 0 or readings[index].period < then - ago / 4:
        return None
    return readings[index].value


def change(snapshot: Snapshot, name: str, ago: timedelta) -> float | None:
    """Newest value minus the one `ago` before, in the series' own unit."""
    now, then = level(snapshot, name), earlier(snapshot.series.get(name, ()), ago)
    return None if now is None or then is None else now - then


def growth(snapshot: Snapshot, name: str, ago: timedelta) -> float | None:
    """Newest value against the one `ago` before, in percent."""
    now, then = level(snapshot, name), earlier(snapshot.series.get(name, ()), ago)
    return None if now is None or not then else 100 * (now / then - 1)


def window(
    readings: Sequence[Reading], span: timedelta, before: timedelta = timedelta(0)
) -> list[float]:
    """The values of the `span` that ends `before` ahead of the newest period, oldest first."""
    if not readings:
        return []
    end = readings[-1].period - before
    start = bisect_right(readings, end - span, key=_period)
    stop = bisect_right(readings, end, start, key=_period) if before else len(readings)
    return list(map(_value, readings[start:stop]))


# ---------------------------------------------------------------- from measurements to a score


def _factor(rule: Rule, taken: Measured, contribution: float, as_of: datetime) -> Factor:
    note = rule.note(taken.value)
    marks = (("stale", taken.stale), ("a stand-in", taken.proxy), ("a default", taken.filled))
    if marked := [mark for mark, holds in marks if holds]:
        note += f" ({', '.join(marked)})"
    return Factor(
        name=rule.name,
        value=round(taken.value, 6),
        contribution=contribution,
        note=note,
        age_hours=round((as_of - taken.available_at) / timedelta(hours=1), 2),
    )


_MOODS = (
    (-50.0, "strongly against"),
    (-15.0, "against"),
    (15.0, "undecided on"),
    (50.0, "for"),
    (float("inf"), "strongly for"),
)


def _reasoning(
    agent: str, asset: str, value: float, factors: Sequence[Factor], absent: Sequence[str]
) -> str:
    mood = next(words for limit, words in _MOODS if value < limit)
    said = [f"The {agent} view is {mood} {asset} ({value:+.2f})."]
    ranked = sorted(factors, key=lambda factor: (-abs(factor.contribution), factor.name))
    for label, sign in (("For it", 1), ("Against it", -1)):
        if strong := [factor for factor in ranked if sign * factor.contribution > 0][:2]:
            notes = "; ".join(f"{f.note} ({f.contribution:+.1f})" for f in strong)
            said.append(f"{label}: {notes}.")
    if absent:
        said.append(f"Without data: {', '.join(absent)}.")
    return " ".join(said)
