"""What a model is told of a snapshot: measurements in our own words, and nothing else.  Pure.

Made of numbers, of names that stand in our own tables, and of fixed words.  Nothing that somebody
outside wrote gets in: not a source's note or name, no user, no id, no clock.

A judge's model is told what its rules measure, but neither their scores nor what they make of a
value.  With those it would say after them, and a second opinion that repeats the first is worth
nothing.  The rules' sources stay out as well: they tell of later years, which a replay of an
earlier slot may not know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from automoney.agents.rules import Measured, Rule, earlier
from automoney.market.assets import asset_named
from automoney.market.readings import Filled, Reading
from automoney.market.series import SERIES, Series, series_of
from automoney.market.snapshot import Indicators, Snapshot
from automoney.questioning import block
from automoney.trading.judgement import Score

KNOWN_SOURCES = frozenset(
    {"binance", "coingecko", "glassnode", "coinmetrics", "fred", "fred_csv", "alternative_me"}
)
"""Those of sources/table.py; any other one is called `another source`."""

_GROUPS = {"macro": ("macro", "sentiment"), "onchain": ("onchain",), "technical": ()}
_INDICATORS = tuple(one.name for one in fields(Indicators))
_SPANS = (7, 30, 90, 180, 365)  # days
_DIGITS = 6  # a model weighs orders of magnitude, not the tail of a float


def told(by_rules: Score, rules: Sequence[Rule], snapshot: Snapshot) -> str:
    """The text of a judge's question.

    Args:
        by_rules: the rules' own score of the snapshot: of it only which factors have a value, the
            values and their ages.
        rules: the table it was made from.
        snapshot: all that may be known at its slot.

    Raises:
        Unknown: the asset is in no table of ours.
    """
    asset = asset_named(snapshot.asset)
    subject = {
        "asset": asset.code,
        "name": asset.name,
        "horizon": f"bars of {snapshot.timeframe.value}",
    }
    parts = [block("subject", [subject]), block("factors", _factors(by_rules, rules, snapshot))]
    if groups := _GROUPS[by_rules.agent]:
        rows = [_series(series, snapshot) for group in groups for series in series_of(group)]
        parts.append(block("series", [row for row in rows if row is not None]))
    else:
        parts.append(block("bars", _bars(snapshot)))
    return "\n".join(parts)


def _factors(
    by_rules: Score, rules: Sequence[Rule], snapshot: Snapshot
) -> Iterator[Mapping[str, Any]]:
    tables = {rule.name: rule for rule in rules}
    for factor in by_rules.factors:
        measured = tables[factor.name].measure(snapshot)
        if factor.value is None or measured is None:
            continue
        yield {
            "name": factor.name,
            "measured": tables[factor.name].says.format(factor.value),
            "age": _age(measured.available_at, snapshot.as_of),
            "sources": sorted({_source(name) for name in measured.sources}),
            **_marked(_marks(measured)),
        }


def _series(series: Series, snapshot: Snapshot) -> Mapping[str, Any] | None:
    newest = snapshot.latest(series.name)
    if newest is None or not isfinite(newest.value):
        return None
    readings = snapshot.series[series.name]
    before = {
        f"{days} days before": _number(value)
        for days in _SPANS
        if (value := earlier(readings, timedelta(days=days))) is not None and isfinite(value)
    }
    return {
        "series": series.name,
        "what": SERIES[series.name].what,
        "value": _number(newest.value),
        **before,
        "age": _age(newest.available_at, snapshot.as_of),
        "source": _source(newest.source),
        **_marked(_reading_marks(newest, series.name in snapshot.stale)),
    }


def _bars(snapshot: Snapshot) -> Iterator[Mapping[str, Any]]:
    # The leading one first, as the template says.
    leading = sorted(snapshot.outlooks, key=lambda one: one is not snapshot.timeframe)
    for timeframe in leading:
        outlook = snapshot.outlooks[timeframe]
        bar, figures = outlook.bar, outlook.indicators
        prices = {name: getattr(bar, name) for name in ("open", "high", "low", "close")}
        indicators = {name: getattr(figures, name) for name in _INDICATORS}
        yield {
            "bar": timeframe.value,
            "state": "still open",
            **{name: _number(float(price)) for name, price in prices.items()},
            **{
                name: _number(value)
                for name, value in indicators.items()
                if value is not None and isfinite(value)
            },
            "source": _source(bar.source),
        }


def _marks(measured: Measured) -> Iterator[str]:
    if measured.stale:
        yield "stale"
    if measured.proxy:
        yield "a stand-in for another metric"
    if measured.filled:
        yield "a default, for want of a value"


def _reading_marks(reading: Reading, stale: bool) -> Iterator[str]:
    if stale:
        yield "stale"
    if reading.proxy:
        yield "a stand-in for another metric"
    if reading.filled is not None:
        yield f"filled in: {Filled(reading.filled).value}"
    if reading.anomalous:
        yield "a jump"


def _marked(marks: Iterator[str]) -> Mapping[str, Any]:
    found = list(marks)
    return {"marks": found} if found else {}


def _source(name: str) -> str:
    return name if name in KNOWN_SOURCES else "another source"


def _number(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") + 0.0  # + 0.0: no negative zero


def _age(since: datetime, at: datetime) -> str:
    """In hours for two days, then in days: the same facts are told the same way for a while."""
    hours = max(0, round((at - since) / timedelta(hours=1)))
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
