"""What must hold of readings: each stored one is in the payload, each in the payload is stored."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from automoney.market.readings import Filled, Reading
from automoney.market.series import SERIES
from tests.fuzz import claims
from tests.fuzz.cases import Mutant
from tests.fuzz.outcomes import Outcome, Verdict

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MONTH = timedelta(days=30)
_COLUMNS = {"CapMVRVCur": "mvrv", "NVTAdj": "nvt", "AdrActCnt": "active_addresses"}
_PROXIES = {("coinmetrics", "nvt"), ("coinmetrics", "exchange_netflow")}
# As far as each group asks back; what is older was not asked for.
_BACK = {"onchain": 400, "macro": 3 * 366, "sentiment": 60}

type Values = dict[tuple[str, datetime | None], Decimal | None]


def check(mutant: Mutant, outcome: Outcome) -> list[str]:
    """All that is wrong with `outcome`, in sentences; empty if nothing is."""
    wrong = list(claims.refusal(mutant, outcome))
    if outcome.verdict is Verdict.REJECTED:
        return wrong
    for reading in outcome.readings:
        wrong += claims.reading(reading, mutant)
        if reading.proxy is not ((mutant.source, reading.series) in _PROXIES):
            wrong.append(f"{reading} is marked a proxy: {reading.proxy}")
        if reading.filled or reading.asset != (mutant.body.asset or None):
            wrong.append(f"{reading} is filled in, or of another asset")
    wrong += _same(mutant, outcome)
    wrong += _filled(mutant, outcome)
    return wrong


def _same(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    payload = _READERS[mutant.body.kind](mutant)
    stored = {(one.series, one.period): one.value for one in outcome.readings}
    if len(stored) != len(outcome.readings):
        yield "a period is stored twice"
    for series in {one.series for one in outcome.readings}:
        periods = [one.period for one in outcome.readings if one.series == series]
        if periods != sorted(periods):
            yield f"{series} is out of order"
    for (series, period), value in payload.items():
        if period is None or value is None:
            yield f"{series} without a time or a number was taken: {period}, {value}"
    expected = {
        key: float(value)
        for key, value in payload.items()
        if value is not None and key[1] is not None and _asked_for(key[0], key[1], mutant)
    }
    if stored != expected:
        yield f"stored is {stored}, sent was {expected}"


def _asked_for(series: str, period: datetime, mutant: Mutant) -> bool:
    slot, group = mutant.body.slot, SERIES[series].group
    since = slot - _DAY * _BACK[group]
    if group == "onchain":
        return since <= period and period + _DAY <= slot
    return since <= period < slot or (group == "sentiment" and period == slot)


def _filled(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    """What is made up says so, and lies where it must; all that is real is still there."""
    real = {(one.series, one.period): one.value for one in outcome.readings}
    kept = {
        (one.series, one.period): one.value
        for one in outcome.filled
        if one.filled in (None, Filled.LAST)
    }
    if kept != real:
        yield f"filling changed {real} to {kept}"
    for one in outcome.filled:
        if max(one.available_at, one.vintage) > mutant.body.slot:
            yield f"{one} was not known yet"
        if one.filled is Filled.INTERPOLATED:
            yield from _between(one, real)
        elif one.filled is Filled.DEFAULT and (one.series, one.value) != ("fear_greed", 50):
            yield f"{one} is not the default"
    odd = any(one.filled or one.anomalous for one in outcome.filled)
    if odd is not (outcome.verdict is Verdict.FLAGGED):
        yield f"it is {outcome.verdict}, but {outcome.filled} says otherwise"


def _between(one: Reading, real: Mapping[tuple[str, datetime], float]) -> Iterator[str]:
    known = {period: value for (series, period), value in real.items() if series == one.series}
    earlier = [value for period, value in sorted(known.items()) if period < one.period]
    later = [value for period, value in sorted(known.items()) if period > one.period]
    if one.period in known or not earlier or not later:
        yield f"{one} is interpolated where nothing is missing"
    else:
        low, high = sorted((earlier[-1], later[0]))
        margin = 1e-9 * max(abs(low), abs(high))
        if not low - margin <= one.value <= high + margin:
            yield f"{one} lies outside its neighbours {low} and {high}"


# ---------------------------------------------------------------- reading the payload once more


def _points(mutant: Mutant) -> Values:
    series = str(mutant.body.series)
    points = {
        claims.moment(point["t"], _SECOND): claims.exact(point["v"])
        for point in claims.said(mutant)
        if point["v"] is not None
    }
    if series != "lth_supply_change":
        return {(series, day): value for day, value in points.items()}
    return {
        (series, day): held - earlier
        for day, held in points.items()
        if day and held is not None and (earlier := points.get(day - _MONTH)) is not None
    }


def _metrics(mutant: Mutant) -> Values:
    rows = {_day(row["time"]): row for row in claims.said(mutant)["data"]}
    found: Values = {}
    for day, row in rows.items():
        for metric, series in _COLUMNS.items():
            if row.get(metric) is not None:
                found[series, day] = claims.exact(row[metric])
        flows = [row.get("FlowInExNtv"), row.get("FlowOutExNtv")]
        if None not in flows:
            inflow, outflow = map(claims.exact, flows)
            both = inflow is not None and outflow is not None
            found["exchange_netflow", day] = inflow - outflow if both else None  # type: ignore[operator]
    return found


def _observations(mutant: Mutant) -> Values:
    rows = [(row.get("date"), row.get("value")) for row in claims.said(mutant)["observations"]]
    return _dated(mutant, rows)


def _table(mutant: Mutant) -> Values:
    text = claims.unpacked(mutant).decode()
    header, *rows = csv.reader(text.splitlines())
    assert header[0] in ("DATE", "observation_date") and len(header) == 2
    return _dated(mutant, [(date, value.strip()) for date, value in rows])


def _dated(mutant: Mutant, rows: list[tuple[Any, Any]]) -> Values:
    series = str(mutant.body.series)
    return {
        (series, _day(date)): claims.exact(value) for date, value in rows if value not in ("", ".")
    }


def _index(mutant: Mutant) -> Values:
    newest: dict[datetime | None, datetime] = {}
    found: Values = {}
    for row in claims.said(mutant)["data"]:
        stamped = claims.moment(row["timestamp"], _SECOND)
        if stamped is None:
            found["fear_greed", None] = None
        elif stamped <= mutant.body.slot:
            day = stamped.replace(hour=0, minute=0, second=0)
            if day not in newest or stamped >= newest[day]:
                newest[day] = stamped
                found["fear_greed", day] = claims.exact(row["value"])
    return found


def _day(text: object) -> datetime | None:
    """A day as any of the APIs writes it, with or without a midnight behind it."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


_READERS = {
    "points": _points,
    "metrics": _metrics,
    "observations": _observations,
    "table": _table,
    "index": _index,
}
