"""Decimals and times on the wire: JSON with decimals as strings and times as `...Z`.  Pure."""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from automoney.errors import InvalidInput

_LARGEST_EXPONENT = 40  # far beyond any money; keeps `1e999999` from becoming a megabyte of digits


def utc_text(moment: datetime) -> str:
    """`2025-11-05T12:00:00Z`, with microseconds where there are any; InvalidInput if naive."""
    if moment.tzinfo is None:
        raise InvalidInput("time", moment, "an aware datetime")
    here = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return here.isoformat().replace("+00:00", "Z")


def parse_utc(text: str, field: str = "time") -> datetime:
    """Read an ISO 8601 time with a zone; raise InvalidInput naming `field` for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InvalidInput(field, text, "a time like 2025-11-05T12:00:00Z") from None
    if moment.tzinfo is None:
        raise InvalidInput(field, text, "a time with a zone, like 2025-11-05T12:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(field, text, "a time between the years 1 and 9999") from None


def decimal_text(number: Decimal) -> str:
    """Plain digits, no exponent, no trailing zeros: `0.00010` -> `0.0001`, `1E+3` -> `1000`."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def parse_decimal(value: object, field: str = "number") -> Decimal:
    """Read a finite decimal from a string, int or Decimal (never a float: it is inexact)."""
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise InvalidInput(field, value, "a decimal number written as a string")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise InvalidInput(field, value, "a decimal number written as a string") from None
    if not number.is_finite() or "_" in str(value) or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise InvalidInput(field, value, "a finite decimal number of ordinary size")
    return number


def plain(value: Any) -> Any:
    """Turn domain values (dataclasses, decimals, times, enums) into what JSON knows."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    raise TypeError(f"{type(value).__name__} has no wire form")


def dumps(value: Any) -> str:
    """One line of JSON without blanks, keys in the order given; keys are strings."""
    return _COMPACT.encode(value)


def canonical(value: Any) -> bytes:
    """The one byte form of a value: sorted keys, no blanks, UTF-8.  What hashes are taken of."""
    return _CANONICAL.encode(value).encode()


# The encoder walks what JSON knows by itself and asks `plain` only for the rest: ten times faster.
_COMPACT = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain
)
_CANONICAL = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain, sort_keys=True
)
