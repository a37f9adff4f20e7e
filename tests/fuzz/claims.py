"""What must hold of all that is stored, whatever a source sent, checked without its code.

The payload is read here once more, by other means; each claim that does not hold is a sentence.
"""

import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from automoney.market.candles import Candle, Mark
from automoney.market.readings import Filled, Reading
from automoney.sources.bounds import BOUNDS
from tests.fuzz.cases import Mutant
from tests.fuzz.outcomes import Outcome, Verdict

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST = datetime(2009, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(minutes=1, seconds=20)  # of the slot: a minute, and the function was late
_MOST = Decimal("1e18")
_PLAIN = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?\s*", re.ASCII)


def said(mutant: Mutant) -> Any:
    """The payload as JSON: numbers exact, of equal keys the last."""
    return json.loads(unpacked(mutant), parse_float=Decimal)


def unpacked(mutant: Mutant) -> bytes:
    packing = dict(mutant.sent.headers).get("content-encoding")
    if packing not in ("deflate", "gzip"):
        return mutant.sent.body
    return zlib.decompressobj(47 if packing == "gzip" else 15).decompress(mutant.sent.body)


def exact(value: object) -> Decimal | None:
    """The number that anybody would read there; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return None
    found = Decimal(value)
    return found if found.is_finite() else None


def moment(value: object, unit: timedelta) -> datetime | None:
    """The time that is so many `unit` after 1970; None for what is no whole number."""
    text = str(value)
    if isinstance(value, bool | float) or not (text.isascii() and text.isdigit()):
        return None
    try:
        return EPOCH + int(text) * unit
    except OverflowError:
        return None


def refusal(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    """A rejection says who, and why, in words."""
    error = outcome.error
    if (outcome.verdict is Verdict.REJECTED) is (error is None):
        yield "the verdict and the error disagree"
    if error is not None:
        if error.source != mutant.source or mutant.source not in str(error):
            yield f"the rejection names {error.source!r}, not the source"
        if not error.reason.strip() or len(error.reason) > 1_000:
            yield f"the reason is empty or endless: {error.reason[:200]!r}"
        if error.retry_after is not None and not 0 <= error.retry_after <= 3 * 86_400:
            yield f"it asks to wait {error.retry_after} s"


def moderate(number: Decimal, name: str, *, above_zero: bool = False) -> Iterator[str]:
    if not isfinite(number) or abs(number) > _MOST or number < 0 or (above_zero and not number):
        yield f"{name} is {number}"


def mark(one: Mark, mutant: Mutant) -> Iterator[str]:
    yield from moderate(one.price, "price", above_zero=True)
    if one.source != mutant.source:
        yield f"source is {one.source}"
    yield from time(one.at, mutant, "time of mark")


def time(at: datetime, mutant: Mutant, name: str) -> Iterator[str]:
    if at.utcoffset() != timedelta(0):
        yield f"{name} is {at!r}, not UTC"
    elif not _OLDEST <= at <= mutant.body.slot + _AHEAD:
        yield f"{name} is {at}, ancient or ahead"


def candle(bar: Candle, mutant: Mutant) -> Iterator[str]:
    name = f"{bar.timeframe} bar of {bar.open_time}"
    four = (bar.open, bar.high, bar.low, bar.close)
    for part in four:
        yield from moderate(part, f"a price of {name}", above_zero=True)
    inside = all(map(isfinite, four)) and bar.low == min(four) and bar.high == max(four)
    if not inside:
        yield f"{name} has prices outside its range"
    if bar.volume is not None:
        yield from moderate(bar.volume, f"volume of {name}")
    yield from time(bar.open_time, mutant, name)
    monday = datetime(1970, 1, 5, tzinfo=UTC)
    if (bar.open_time - monday) % bar.timeframe.duration:
        yield f"{name} does not open where a bar opens"
    if bar.open_time + bar.timeframe.duration > mutant.body.slot:
        yield f"{name} had not closed"
    if bar.filled not in (None, Filled.FORWARD):
        yield f"{name} was filled by {bar.filled}"


def reading(one: Reading, mutant: Mutant) -> Iterator[str]:
    slot, name = mutant.body.slot, f"{one.series} of {one.period}"
    if not isinstance(one.value, float) or not isfinite(one.value):
        yield f"{name} is {one.value!r}"
    low, high = BOUNDS[one.series]
    if not low <= one.value <= high:
        yield f"{name} is {one.value}, not from {low} to {high}"
    if one.source != mutant.source:
        yield f"source of {name} is {one.source}"
    yield from time(one.period, mutant, f"period of {name}")
    if one.period.astimezone(UTC).time() != EPOCH.time():
        yield f"{name} is not of a day"
    if not one.period <= one.available_at <= slot or one.vintage != slot:
        yield f"{name} was known {one.available_at}, seen {one.vintage}, at {slot}"
