"""Strict reading of one field of a source's answer.  Pure.

Each reader takes the name of the source and of the field, so that a refusal says which value of
which field it was: `binance: lastPrice of BTCUSDT was '-1'; expected a price above 0 ...`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from reprlib import Repr
from typing import Any

from automoney.encoding import utc_text
from automoney.errors import SourceUnavailable, Unknown
from automoney.market.assets import Asset, asset_named

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?", re.ASCII)
_LOWEST = Decimal("1e-12")  # of a price in dollars; less is nonsense
_HIGHEST = Decimal("1e12")  # of a price in dollars; more is nonsense
_MOST = Decimal("1e18")  # of a volume in coins, some of which are worth next to nothing
_FARTHEST = 1e18  # of any other number; more is nonsense
_MOST_DIGITS = 60  # of an exact number, and as many places: more is nonsense, and slow
_AHEAD = timedelta(minutes=1)  # clocks differ by that much without either being wrong
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GENESIS = datetime(2009, 1, 3, tzinfo=UTC)  # of Bitcoin: no quote or metric is older
_HORIZON = datetime(2100, 1, 1, tzinfo=UTC)


_shown = Repr()  # of an answer of many thousand rows the beginning is enough
_shown.maxstring = _shown.maxother = _shown.maxlong = 60


def refused(source: str, field: str, value: object, expected: str) -> SourceUnavailable:
    """The error for a `field` that held `value`; a long value is cut."""
    shown = _shown.repr(value)
    if len(shown) > 80:
        shown = f"{shown[:77]}..."
    return SourceUnavailable(source, f"{field} was {shown}; expected {expected}")


def asset(source: str, code: str) -> Asset:
    """The row of `code` in the table of assets."""
    try:
        return asset_named(code)
    except Unknown as error:
        raise SourceUnavailable(source, f"cannot be asked: {error}") from error


def price(source: str, field: str, value: object) -> Decimal:
    """Quote currency per base: from 1e-12 to 1e12."""
    number = decimal(source, field, value)
    if not _LOWEST <= number <= _HIGHEST:
        raise refused(source, field, value, "a price from 1e-12 to 1e12")
    return number


def volume(source: str, field: str, value: object) -> Decimal:
    """Base units: 0 or more, up to 1e18."""
    number = decimal(source, field, value)
    if not 0 <= number <= _MOST:
        raise refused(source, field, value, "a volume from 0 to 1e18")
    return number


def number(
    source: str, field: str, value: object, low: float = -_FARTHEST, high: float = _FARTHEST
) -> float:
    """A statistic from `low` to `high`: here what was exact on the wire becomes a float."""
    found = float(decimal(source, field, value))
    if not low <= found <= high:
        raise refused(source, field, value, f"a number from {low:g} to {high:g}")
    return found


def decimal(source: str, field: str, value: object) -> Decimal:
    """An exact number of up to 60 digits, from JSON's or from plain ASCII digits in a string."""
    exact = isinstance(value, Decimal | int) and not isinstance(value, bool)
    short = isinstance(value, str) and len(value) <= 2 * _MOST_DIGITS
    if not exact and not (short and _NUMBER.fullmatch(str(value))):
        raise refused(source, field, value, "a number")
    found = Decimal(value)  # type: ignore[arg-type]  # one of the three
    if not found.is_finite():
        raise refused(source, field, value, "a number")
    _, digits, exponent = found.as_tuple()
    if len(digits) > _MOST_DIGITS or not -_MOST_DIGITS <= int(exponent) <= _MOST_DIGITS:
        raise refused(source, field, value, f"a number of up to {_MOST_DIGITS} digits")
    return found


def millis(source: str, field: str, value: object) -> datetime:
    """A time given as whole milliseconds since 1970."""
    return _moment(source, field, value, timedelta(milliseconds=1))


def seconds(source: str, field: str, value: object) -> datetime:
    """A time given as whole seconds since 1970, as a number or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    return _moment(source, field, value, timedelta(seconds=1))


def day(source: str, field: str, value: object) -> datetime:
    """The start of a day written 2025-09-20, with or without a time of 00:00 behind it."""
    expected = "a day such as 2025-09-20"
    if not isinstance(value, str):
        raise refused(source, field, value, expected)
    try:
        moment = datetime.fromisoformat(value)  # also takes nanoseconds, and cuts them
    except ValueError:
        raise refused(source, field, value, expected) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment.utcoffset() or moment != moment.replace(hour=0, minute=0, second=0, microsecond=0):
        raise refused(source, field, value, expected)
    return moment.astimezone(UTC)


def not_ahead(source: str, field: str, moment: datetime, now: datetime) -> datetime:
    """`moment` as it is; refused if it is later than `now` by more than clocks may differ."""
    if moment > now + _AHEAD:
        expected = f"a time up to now, {utc_text(now)}"
        raise refused(source, field, utc_text(moment), expected)
    return moment


def rows(source: str, field: str, value: object) -> list[Any]:
    """A list, whatever it holds."""
    if not isinstance(value, list):
        raise refused(source, field, value, "a list")
    return value


def row(source: str, field: str, value: object, length: int) -> list[Any]:
    """A list of exactly `length` values."""
    if not isinstance(value, list) or len(value) != length:
        raise refused(source, field, value, f"a row of {length} values")
    return value


def mapping(source: str, field: str, value: object) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise refused(source, field, value, "an object")
    return value


def to_millis(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded up: never earlier than `moment`."""
    return -((_EPOCH - moment) // timedelta(milliseconds=1))


def to_seconds(moment: datetime) -> int:
    """Whole seconds since 1970, rounded up: never earlier than `moment`."""
    return -((_EPOCH - moment) // timedelta(seconds=1))


def _moment(source: str, field: str, value: object, unit: timedelta) -> datetime:
    expected = f"a time from 2009 to 2100 in {'ms' if unit < timedelta(seconds=1) else 's'}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise refused(source, field, value, expected)
    if not (_GENESIS - _EPOCH) // unit <= value < (_HORIZON - _EPOCH) // unit:
        raise refused(source, field, value, expected)
    return _EPOCH + unit * value
