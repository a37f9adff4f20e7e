"""What the three rule-based judges share: a rule, a measurement, and how they become a score.

A rule measures one thing in the snapshot and reads its strength, -1 (get out) to 1 (get in), off
a curve.  A judge is a table of such rules with weights; what is absent leaves its weight to the
others, so a score always uses the whole scale, and lowers the confidence instead.  Pure.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite

from automoney.errors import DataMissing
from automoney.market.readings import Filled, Reading
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Factor, Score

Curve = tuple[tuple[float, float], ...]
"""Corners (value, strength), values ascending; straight lines between them, flat outside."""

Words = tuple[tuple[float, str], ...]
"""(limit, what it means below that limit), limits ascending, the last one infinite."""

_ENOUGH = 0.25
"""The share of a table's weight below which what is left may no longer speak for all of it."""

_WEAKER = 0.5
"""How much a value counts for confidence if it is stale, a stand-in or a default."""


@dataclass(frozen=True, slots=True)
class Measured:
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

    def note(self, value: float) -> str:
        """The value in plain words."""
        meaning = next(words for limit, words in self.words if value < limit)
        return f"{self.says.format(value)}: {meaning}"


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A rule whose measurement may be used."""

    rule: Rule
    measured: Measured


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
    weighed = tuple(_usable(rules, snapshot))
    if not weighed:
        wanted = ", ".join(rule.name for rule in rules)
        raise DataMissing(f"{agent} has nothing to judge {snapshot.asset} by: no {wanted}")
    whole = sum(rule.weight for rule in rules)
    present = sum(item.rule.weight for item in weighed)
    enough = _ENOUGH * whole
    factors = {
        item.rule.name: _factor(item, 100 * item.rule.weight / max(present, enough), snapshot.as_of)
        for item in weighed
    }
    value = round(sum(factor.contribution for factor in factors.values()), 2)
    trusted = sum(_trust(item.measured) * item.rule.weight for item in weighed)
    absent = [rule.name for rule in rules if rule.name not in factors]
    score = max(-100.0, min(100.0, value)) + 0.0  # + 0.0: no negative zero on a screen
    return Score(
        agent=agent,
        value=score,
        confidence=round(trusted / whole, 2),
        reasoning=_reasoning(agent, snapshot.asset, score, tuple(factors.values()), absent),
        factors=tuple(
            factors.get(rule.name, Factor(rule.name, None, 0.0, "no data")) for rule in rules
        ),
        sources=tuple(sorted({name for item in weighed for name in item.measured.sources})),
        judged_at=snapshot.as_of,
        degraded=present < enough or any(item.measured.stale for item in weighed),
    )


def along(curve: Curve, value: float) -> float:
    """The strength at `value` on the curve."""
    first, last = curve[0], curve[-1]
    if value <= first[0]:
        return first[1]
    for (left, low), (right, high) in pairwise(curve):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return last[1]


# ---------------------------------------------------------------- measuring


def measured(snapshot: Snapshot, value: float | None, *names: str) -> Measured | None:
    """`value` as worked out from the named series' newest readings; None if it is None."""
    if value is None:
        return None
    newest = [reading for name in names if (reading := snapshot.latest(name)) is not None]
    return Measured(
        value=value,
        available_at=max(reading.available_at for reading in newest),
        sources=tuple(reading.source for reading in newest),
        stale=any(name in snapshot.stale for name in names),
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
    return [reading.value for reading in readings[start : bisect_right(readings, end, key=_period)]]


def _period(reading: Reading) -> datetime:
    return reading.period


# ---------------------------------------------------------------- from measurements to a score


def _usable(rules: Sequence[Rule], snapshot: Snapshot) -> list[_Weighed]:
    found = ((rule, rule.measure(snapshot)) for rule in rules)
    return [
        _Weighed(rule, taken)
        for rule, taken in found
        if taken is not None and isfinite(taken.value) and not (taken.stale and taken.proxy)
    ]


def _trust(taken: Measured) -> float:
    return _WEAKER if taken.stale or taken.proxy or taken.filled else 1.0


def _factor(item: _Weighed, points: float, as_of: datetime) -> Factor:
    taken = item.measured
    note = item.rule.note(taken.value)
    marks = (("stale", taken.stale), ("a stand-in", taken.proxy), ("a default", taken.filled))
    if marked := [mark for mark, holds in marks if holds]:
        note += f" ({', '.join(marked)})"
    return Factor(
        name=item.rule.name,
        value=round(taken.value, 6),
        contribution=round(points * along(item.rule.curve, taken.value), 2) + 0.0,
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
